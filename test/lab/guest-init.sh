#!/bin/sh
# First process of a lab guest: no systemd, no cgroups needed. SIGTERM or SIGPWR stops the guest.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
trap 'exit 0' TERM INT PWR HUP

mountpoint -q /run || mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd

# No DHCP server is needed: the container's name is unique, so an address made from it nearly always is, too.
sum=$(hostname | cksum)
sum=${sum%% *}
ip link set lo up
ip link set eth0 up
ip address replace "10.213.$((sum % 250 + 1)).$((sum / 250 % 250 + 2))/16" dev eth0
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
