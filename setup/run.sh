#!/bin/sh
# What `npm test` and `npm run demo`, `bench`, `sim`, `fuzz` and `attacks` call: installs what is missing and says so, then runs the task.
# A second run finds everything there and says nothing.
#
#   sh setup/run.sh test|demo|bench|sim|fuzz|attacks [arguments of the task]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
task=${1-}
[ $# -eq 0 ] || shift

case $task in
  test) entry=test/run.ts ;;
  demo) entry=test/demo/demo.ts ;;
  bench) entry=test/bench/bench.ts ;;
  sim) entry=test/sim/sim.ts ;;
  fuzz) entry=test/fuzz/fuzz.ts ;;
  attacks) entry=test/attacks/proof/attacks.ts ;;
  *)
    echo "usage: sh setup/run.sh test|demo|bench|sim|fuzz|attacks [arguments]" >&2
    exit 2
    ;;
esac
if ! [ -f "$root/$entry" ]; then
  echo "set-up: this version has no $entry" >&2
  exit 1
fi

# Attacks, and `npm test -- lint unit` and the like, need no guests.
needs_guests=yes
case $task in fuzz | attacks) needs_guests=no ;; esac
if [ "$task" = test ] && [ $# -gt 0 ]; then
  needs_guests=no
  for word in "$@"; do
    case $word in contract | e2e) needs_guests=yes ;; esac
  done
fi

# Node first: npm leaves out what does not run on the Node that runs npm, and that may be an old one.
sh "$root/setup/bring-node.sh"
sh "$root/setup/bring-packages.sh"
PATH=$root/.node/bin:$PATH
export PATH
if [ "$needs_guests" = yes ]; then
  # Not the end: the task goes as far as it can, and says itself what it could not do.
  sh "$root/setup/bring-vagrant.sh" || echo "set-up: not all of that could be installed" >&2
fi
if [ "$task" = bench ]; then node "$root/setup/build.mjs"; fi

# Without asking for a password, or with someone there to type it.
may_sudo() { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }

# Guests are Linux containers, which take root. What root leaves in the checkout is handed back.
if [ "$needs_guests" = yes ] && [ "$(uname -s)" = Linux ] && [ "$(id -u)" != 0 ] && may_sudo; then
  echo "set-up: real guests need root: the $task runs under sudo" >&2
  status=0
  sudo env "PATH=$PATH" "CI=${CI-}" "$(command -v node)" "$root/$entry" "$@" || status=$?
  for left in .lab dist node_modules/.vite node_modules/.vitest-cache; do
    if [ -e "$root/$left" ]; then sudo chown -R "$(id -u):$(id -g)" "$root/$left"; fi
  done
  exit "$status"
fi
exec node "$root/$entry" "$@"
