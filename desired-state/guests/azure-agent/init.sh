#!/usr/bin/env bash
# Runs as root in the guest at every boot: makes the CI user, and starts the CI agent as that user.
#
#   init.sh TOKEN NAME
#
# Any failure before the agent runs makes `vagrant up` fail, so that a half-made node never takes jobs.
set -euo pipefail

token=${1:-}
name=${2:-}
[ -n "$token" ] || { echo "init.sh: no token: is the secret VSTS_TOKEN in this host's host.yaml?" >&2; exit 1; }
[ -n "$name" ] || { echo "init.sh: no name for the agent" >&2; exit 1; }

agent_home=/usr/local/ci-agent
# Whoever Vagrant logs in as may read the log: `boxreeve logs` shows ~/run.log.
login=${SUDO_USER:-$(id -un)}
log=$(eval echo "~$login")/run.log

# Jobs run as a user without sudo.
if ! id vsts >/dev/null 2>&1; then
  if command -v useradd >/dev/null; then
    useradd --create-home --shell /bin/bash vsts
  elif command -v sysadminctl >/dev/null; then
    sysadminctl -addUser vsts -shell /bin/bash
    createhomedir -c -u vsts >/dev/null
  else
    echo "init.sh: this guest has neither useradd nor sysadminctl: no user vsts" >&2
    exit 1
  fi
fi

# A stand-in for the agent, so that this fleet can be tried without a CI system. For a real one, unpack the agent's archive
# into $agent_home here and register it, with the token on standard input or in a file that only root can read:
#   ./config.sh --unattended --replace --agent "$name" --pool macOS-pool --url https://dev.azure.com/acme --auth pat --token …
# Its files belong to root, so it cannot update itself; the daily rebuild brings the newest.
mkdir -p "$agent_home"
cat >"$agent_home/Agent.Listener" <<'AGENT'
#!/usr/bin/env bash
trap 'echo "$(date -u +%FT%TZ) $1: told to stop"; kill $! 2>/dev/null; exit 0' TERM INT
echo "$(date -u +%FT%TZ) $1: listening for jobs"
while :; do
  sleep 3600 &
  wait $! || true
done
AGENT
chmod 755 "$agent_home/Agent.Listener"

# From an earlier run in this boot, if there was one.
pkill -u vsts -f Agent.Listener || true

touch "$log"
chown "$login" "$log"
chmod 640 "$log"
(
  cd /
  nohup sudo -H -u vsts "$agent_home/Agent.Listener" "$name" >>"$log" 2>&1 </dev/null &
)
sleep 1
ps -A -o args | grep -v grep | grep -q "Agent.Listener $name" || {
  echo "init.sh: the agent did not stay up:" >&2
  tail -n 20 "$log" >&2
  exit 1
}
echo "agent $name is up"
