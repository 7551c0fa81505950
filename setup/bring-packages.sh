#!/bin/sh
# Installs the npm packages of package-lock.json, unless they are there. Of two at once the second waits for the first.
# Runs npm on the Node that the checkout brought, if it did.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
stamp=$root/node_modules/.boxreeve-lock
wanted=$(cksum <"$root/package-lock.json")
PATH=$root/.node/bin:$PATH
export PATH

say() { echo "set-up: $*" >&2; }

# Ours, or an `npm ci` by hand: the file that npm leaves when it is done is newer than the lock file, and the tools can be
# loaded (npm on an old Node leaves out their native parts).
installed() {
  [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
  [ -n "$(find "$root/node_modules/.package-lock.json" -newer "$root/package-lock.json" 2>/dev/null)" ] &&
    (cd "$root" && node --input-type=module -e 'await import("vitest/node"); await import("oxc-parser")' 2>/dev/null) &&
    echo "$wanted" >"$stamp"
}

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
NODE_NO_WARNINGS=1 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
echo "$wanted" >"$stamp"
# What npm leaves out with the scripts: our own. If it fails it has said why, and the tests say so once more.
node setup/build.mjs || :
