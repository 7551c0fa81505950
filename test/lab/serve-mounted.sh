#!/bin/sh
# Runs a program that sees a folder as PLACE/boxes, and nothing else below PLACE:  serve-mounted.sh FOLDER PLACE PROGRAM [ARGUMENT...]
# For a mount namespace of its own (in-netns.sh): nobody else sees the mounts.
set -eu
folder=$1 place=$2
shift 2
mount -t tmpfs -o mode=755 tmpfs "$place"
mkdir "$place/boxes"
mount --bind "$folder" "$place/boxes"
exec "$@"
