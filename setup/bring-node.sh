#!/bin/sh
# Sees to a Node that Boxreeve runs on: the one on PATH if it is new enough, else one at .node/bin/node, taken from the npm
# registry and checked against setup/node-releases. Two of these at once do no harm: the last whole file stays.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
node=$root/.node/bin/node

say() { echo "set-up: $*" >&2; }
fail() { say "$*"; exit 1; }

on_path_will_do() {
  command -v node >/dev/null && node --input-type=module -e "
    const { isNewEnough } = await import(process.argv[1]);
    process.exit(isNewEnough(process.versions.node) ? 0 : 1);
  " "$root/bin/node-version.mjs" 2>/dev/null
}

machine=$(uname -s)-$(uname -m)
release=$(grep "^$machine " "$root/setup/node-releases" || :)
# Words of the line: machine, package, version, digest.
set -- $release
package=${2-} version=${3-} digest=${4-}

if [ -x "$node" ]; then
  if [ "$("$node" --version 2>/dev/null)" = "v$version" ]; then exit 0; fi
elif on_path_will_do; then
  exit 0
fi
[ -n "$package" ] || fail "Node is too old, and setup/node-releases has none for $machine: install Node 24 LTS yourself"

say "Node $version to .node/ (npm package $package; on PATH is $(node --version 2>/dev/null || echo none))"
mkdir -p "$root/.node/bin"
work=$(mktemp -d "$root/.node/bring-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
npm pack --json --loglevel=error "$package@$version" >packed.json 2>log || fail "npm could not fetch $package@$version:
$(cat log)"
# npm has held the archive against what the registry says; this holds it against what the project says.
grep -qF "\"$digest\"" packed.json || fail "$package@$version is not the archive that setup/node-releases knows; nothing was installed"
tar -xzf ./*.tgz package/bin/node
[ "$(package/bin/node --version 2>>log)" = "v$version" ] || fail "the Node that was fetched does not run on this machine:
$(cat log)"
mv -f package/bin/node "$node"
