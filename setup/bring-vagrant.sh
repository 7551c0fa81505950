#!/bin/sh
# Installs Vagrant, what real guests need and what tests hold Boxreeve against, as far as it is missing: by apt on Debian and Ubuntu, by Homebrew on macOS.
# What it cannot install it names; the tests then say what they could not test.
set -eu
packages="vagrant vagrant-lxc lxc openssh-server openssh-client openssl iproute2 procps sudo git time gnupg age rsync curl"

say() { echo "set-up: $*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif ! command -v sudo >/dev/null; then
    say "this needs root, and there is no sudo: run it as root"
    return 1
  elif (: </dev/tty) 2>/dev/null; then
    sudo "$@"
  else
    # Nobody is there to type a password.
    sudo -n "$@"
  fi
}

by_apt() {
  missing=
  for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  say "Debian packages:$missing"
  # What apt has to say fills screens, and matters only when it fails. It waits for another apt that is at work.
  log=$(mktemp)
  set -- env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300
  install_missing() { as_root "$@" install --no-install-recommends $missing >"$log" 2>&1 </dev/null; }
  # Package lists may be missing or old: fetched when the first try fails, not on every run.
  if ! install_missing "$@"; then
    say "package lists (apt-get update), as that did not work at once"
    as_root "$@" update >"$log" 2>&1 </dev/null && install_missing "$@" || {
      cat "$log" >&2
      rm -f "$log"
      return 1
    }
  fi
  rm -f "$log"
}

by_brew() {
  if ! command -v gpg >/dev/null && command -v brew >/dev/null; then
    say "GnuPG, by Homebrew (gnupg)"
    brew install gnupg >&2
  fi
  if ! command -v vagrant >/dev/null; then
    if command -v brew >/dev/null; then
      say "Vagrant, by Homebrew (cask hashicorp-vagrant)"
      brew install --cask hashicorp/tap/hashicorp-vagrant >&2
    else
      say "Vagrant is not installed, and neither is Homebrew: install Vagrant from its own site"
    fi
  fi
  say "on macOS guests need a provider of yours (VMware Fusion with vagrant-vmware-desktop, Parallels, or VirtualBox)."
  say "The guests that the tests and the demo make are Linux containers, so those parts cannot run here."
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
  by_apt
elif [ "$(uname -s)" = Darwin ]; then
  by_brew
elif ! command -v vagrant >/dev/null; then
  say "Vagrant is not installed, and this machine has neither apt-get nor Homebrew: install Vagrant, vagrant-lxc and lxc"
fi
