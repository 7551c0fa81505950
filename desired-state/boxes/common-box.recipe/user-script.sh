#!/bin/bash
# Run by macinbox before the first boot, as root; $1 is where the new system's volume is mounted.
set -euo pipefail
volume=$1

# Nix wants /nix, and the root of macOS is read-only: the system makes the folder at boot.
mkdir -p "$volume/private/etc"
printf 'nix\n' > "$volume/private/etc/synthetic.conf"
printf 'kern.maxfiles=1048576\nkern.maxfilesperproc=1048576\n' > "$volume/private/etc/sysctl.conf"
