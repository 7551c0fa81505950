#!/bin/sh
# Installs the npm packages of package-lock.json, unless they are there. Of two at once the second waits for the first.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
stamp=$root/node_modules/.boxreeve-lock
wanted=$(cksum <"$root/package-lock.json")

say() { echo "set-up: $*" >&2; }
installed() { [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; }

if installed; then exit 0; fi

# A symbolic link is made in one step and says who made it.
mkdir -p "$root/.node"
lock=$root/.node/installing
until ln -s "$$" "$lock" 2>/dev/null; do
  owner=$(readlink "$lock" || echo none)
  if [ "$owner" != none ] && ! kill -0 "$owner" 2>/dev/null; then
    rm -f "$lock"
  else
    sleep 1
  fi
done
trap 'rm -f "$lock"' EXIT
trap 'exit 1' HUP INT TERM
if installed; then exit 0; fi

say "npm packages of package-lock.json to node_modules/ (install scripts are not run)"
cd "$root"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
echo "$wanted" >"$stamp"
