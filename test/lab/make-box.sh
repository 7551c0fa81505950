#!/bin/bash
# Makes vagrant-lxc boxes of about 13 MB out of this machine's own programs: nothing is downloaded.
#
#   make-box.sh base OUT.tar                   root file system, the slow part (3 s), the same for every box
#   make-box.sh box BASE.tar OVERLAY OUT.box   a box: the base with the files of the folder OVERLAY laid over it
#
# The same base and overlay give the same bytes, so a box can be made again and still has its digest.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

# What Vagrant, sshd, sudo and the init scripts and probes of the tests call.
needed="bash sh sudo sshd scp ssh-keygen ip hostname mountpoint mount ps pgrep pkill kill su env cat cp mv rm ln ls mkdir
  mktemp chmod chown touch true false echo printf test id whoami uname date sleep head tail cut sort uniq tr wc tee stat
  readlink basename dirname cksum sha256sum install xargs find grep sed tar gzip getent useradd groupadd nohup setsid
  timeout nproc expr base64 seq sync dd du df flock stty tty"
# Nice to have in a guest; left out where this machine lacks them.
welcome="umount rmdir chgrp printenv realpath md5sum mawk awk passwd usermod chpasswd which cmp diff comm paste nl od logger"

copied_into() { # ROOT FILE: copies a file of this machine, symlinks followed, once
  mkdir -p "$1$(dirname "$2")"
  [ -e "$1$2" ] || cp -aL "$2" "$1$2"
}

libraries_into() { # ROOT PROGRAM
  { ldd "$2" 2>/dev/null || true; } | { grep -oE '/[^ ]+' || true; } | while read -r library; do
    case $library in /lib*) library=/usr$library ;; esac
    copied_into "$1" "$library"
  done
}

program_into() { # ROOT NAME: fails if this machine has no such program
  local folder
  for folder in /usr/bin /usr/sbin; do
    if [ -e "$folder/$2" ]; then
      copied_into "$1" "$folder/$2"
      libraries_into "$1" "$folder/$2"
      return 0
    fi
  done
  return 1
}

make_base() { # OUT.tar
  local work root name missing=""
  work=$(mktemp -d)
  trap "rm -rf '$work'" EXIT
  root=$work/rootfs
  mkdir -p "$root"/{usr/{bin,sbin,lib,lib64},etc/{ssh,sudoers.d,pam.d},dev/pts,proc,sys,run,tmp,var/{log,tmp,lib/sudo},root,home/vagrant/.ssh}
  for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done
  ln -s ../run "$root/var/run"
  chmod 1777 "$root/tmp" "$root/var/tmp"

  for name in $needed; do program_into "$root" "$name" || missing="$missing $name"; done
  for name in $welcome; do program_into "$root" "$name" || true; done
  [ -z "$missing" ] || { echo "programs a lab guest needs are missing on this machine:$missing" >&2; exit 1; }

  local multiarch=/usr/lib/$(uname -m)-linux-gnu file
  for file in "$multiarch"/libnss_{files,dns}.so.2 "$multiarch"/security/pam_{unix,permit,deny,rootok,env,limits}.so \
    /usr/libexec/sudo/{sudoers,sudo_noexec}.so /usr/libexec/sudo/libsudo_util.so.0 /usr/lib/sudo/{sudoers,sudo_noexec}.so \
    /usr/lib/sudo/libsudo_util.so.0 /usr/lib/openssh/{sftp-server,sshd-session,sshd-auth} \
    /etc/ld.so.cache /etc/nsswitch.conf /etc/debian_version /usr/lib/os-release /etc/login.defs; do
    [ -e "$file" ] || continue
    copied_into "$root" "$file"
    libraries_into "$root" "$file"
  done
  ln -s ../usr/lib/os-release "$root/etc/os-release"

  printf '%s\n' root:x:0:0:root:/root:/bin/bash sshd:x:105:65534::/run/sshd:/bin/false \
    vagrant:x:1000:1000::/home/vagrant:/bin/bash >"$root/etc/passwd"
  printf '%s\n' root:x:0: tty:x:5: sudo:x:27:vagrant shadow:x:42: vagrant:x:1000: nogroup:x:65534: >"$root/etc/group"
  printf '%s\n' 'root:*:19000:0:99999:7:::' 'sshd:!:19000::::::' 'vagrant:*:19000:0:99999:7:::' >"$root/etc/shadow"
  chmod 640 "$root/etc/shadow"
  for name in other sudo su sshd; do
    for file in auth account password session; do echo "$file sufficient pam_permit.so"; done >"$root/etc/pam.d/$name"
  done
  printf '%s\n' 'Defaults env_reset' 'Defaults secure_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    'root ALL=(ALL:ALL) ALL' 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers"
  chmod 440 "$root/etc/sudoers"
  echo 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' >"$root/etc/profile"
  printf '%s\n' 'UseDNS no' 'HostKey /etc/ssh/ssh_host_ed25519_key' 'PasswordAuthentication no' \
    'Subsystem sftp internal-sftp' 'PidFile none' >"$root/etc/ssh/sshd_config"

  local key
  key=$({ find /usr/share/vagrant* /usr/share/rubygems-integration /opt/vagrant -path '*keys/vagrant.pub' 2>/dev/null || true; } | head -1)
  [ -n "$key" ] || { echo "Vagrant's well-known public key (keys/vagrant.pub) was not found" >&2; exit 1; }
  cp "$key" "$root/home/vagrant/.ssh/authorized_keys"
  chmod 700 "$root/home/vagrant/.ssh"
  chmod 600 "$root/home/vagrant/.ssh/authorized_keys"
  chown -R 1000:1000 "$root/home/vagrant"

  install -m 755 "$here/guest-init.sh" "$root/usr/sbin/init"
  # After a moment: ending the first process ends the caller too, and Vagrant takes that for a failure of `halt`.
  printf '#!/bin/sh\nsetsid sh -c "sleep 0.3; kill -TERM 1" </dev/null >/dev/null 2>&1 &\n' >"$root/usr/sbin/shutdown"
  chmod 755 "$root/usr/sbin/shutdown"
  for name in halt poweroff reboot; do ln -s shutdown "$root/usr/sbin/$name"; done

  tar --numeric-owner --sort=name --mtime=@0 -C "$work" -cf "$1" ./rootfs
}

make_box() { # BASE.tar OVERLAY OUT.box
  local work
  work=$(mktemp -d)
  trap "rm -rf '$work'" EXIT
  cp "$1" "$work/rootfs.tar"
  tar --numeric-owner --owner=0 --group=0 --mode=u=rwX,go=rX --sort=name --mtime=@0 -C "$2" --transform='s,^\.,./rootfs,' -rf "$work/rootfs.tar" .
  mkdir "$work/box"
  gzip -1 -n <"$work/rootfs.tar" >"$work/box/rootfs.tar.gz"
  echo '{"provider":"lxc","version":"1.0.0","built-on":"boxreeve lab"}' >"$work/box/metadata.json"
  printf '%s\n' 'lxc.include = /usr/share/lxc/config/common.conf' 'lxc.arch = linux64' 'lxc.apparmor.profile = unconfined' \
    'lxc.init.cmd = /sbin/init' 'lxc.signal.halt = SIGTERM' 'lxc.mount.auto = proc:mixed sys:mixed' >"$work/box/lxc-config"
  tar --numeric-owner --owner=0 --group=0 --sort=name --mtime=@0 -C "$work/box" -cf "$3" .
}

case ${1-} in
  base) make_base "$2" ;;
  box) make_box "$2" "$3" "$4" ;;
  *) echo "usage: make-box.sh base OUT.tar | box BASE.tar OVERLAY OUT.box" >&2; exit 2 ;;
esac
