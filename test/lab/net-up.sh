#!/bin/bash
# Makes the bridge that the lab's guests share. They get no address from DHCP: each works out its own (guest-init.sh).
# Safe to repeat, and safe when two labs open at once. Needs CAP_NET_ADMIN.
set -eu
bridge=lxcbr0
gateway=10.213.0.1/16

if [ ! -d "/sys/class/net/$bridge" ]; then
  # Another lab may make it between the look and the act: what counts is that it is there afterwards.
  ip link add dev "$bridge" type bridge forward_delay 0 2>/tmp/boxreeve-lab-net.$$ || [ -d "/sys/class/net/$bridge" ] || {
    echo "cannot make the bridge $bridge: $(cat /tmp/boxreeve-lab-net.$$)" >&2
    rm -f /tmp/boxreeve-lab-net.$$
    exit 1
  }
  rm -f /tmp/boxreeve-lab-net.$$
fi
ip address replace "$gateway" dev "$bridge"
ip link set dev "$bridge" up
