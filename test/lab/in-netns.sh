#!/bin/sh
# Runs a program in a network namespace:  in-netns.sh NAMESPACE PROGRAM [ARGUMENT...]
#
# `ip netns exec` mounts a new /sys, as it must: LXC looks there for its bridge. What was mounted below the old one is lost with
# it, and without /sys/fs/cgroup no container starts. So here that is mounted again below the new one. The program takes this
# process's number, and what it mounts is seen by nobody else.
set -eu
if [ "${1-}" != --inside ]; then
  namespace=$1
  shift
  exec nsenter --net="/run/netns/$namespace" unshare --mount --propagation slave "$0" --inside "$@"
fi
shift
# From within the old folder, as its name is taken by the new one; -c keeps mount from looking the name up.
(
  cd /sys/fs/cgroup
  mount -t sysfs sysfs /sys
  [ ! -d /sys/fs/cgroup ] || mount -c --rbind . /sys/fs/cgroup
)
exec "$@"
