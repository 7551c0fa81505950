#!/bin/sh
# First process of a lab guest: no systemd, no cgroups needed. SIGTERM or SIGPWR stops the guest.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
trap 'exit 0' TERM INT PWR HUP

mountpoint -q /run || mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd

# No DHCP server is needed: the container's name is unique, so an address made from it nearly always is, too.
sum=$(hostname | cksum)
sum=${sum%% *}
third=$((sum % 250 + 1))
fourth=$((sum / 250 % 250 + 2))
ip link set lo up
# The hardware address goes with the other one: a guest that starts again with a new one is not found for half a minute,
# until this machine forgets the old.
ip link set eth0 address "$(printf '02:00:0a:d5:%02x:%02x' $third $fourth)"
ip link set eth0 up
ip address replace "10.213.$third.$fourth/16" dev eth0
ip route replace default via 10.213.0.1

# sudo looks its own host name up: unless it stands here, each sudo waits 20 s for a DNS answer that never comes.
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$(hostname)" >/etc/hosts
: >/etc/resolv.conf

# A key of its own for each guest, as with a real box: a rebuilt guest has another one.
[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
/usr/sbin/sshd

# Collect children that lost their parent, so that none stays as a zombie.
while :; do
  sleep 3600 &
  wait $!
done
