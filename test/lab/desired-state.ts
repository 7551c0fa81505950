/** Writes small desired states into an infra repo: what a test does not name has a sensible value. */

import type { LabBox } from './boxes.ts';
import type { InfraRepo } from './infra-repo.ts';

export type GuestOptions = {
  readonly name?: string;
  readonly version: string;
  readonly init?: string;
  readonly secrets?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly probes?: readonly { readonly name: string; readonly run: string; readonly expect?: string }[];
  /** As in guest.yaml, in JSON. */
  readonly agent?: Readonly<Record<string, unknown>>;
  readonly timeouts?: Readonly<Record<string, string>>;
  /** Further keys of guest.yaml. */
  readonly more?: Readonly<Record<string, unknown>>;
};

export const GUEST = 'azure-agent';
export const BOX = 'azure-ci-node';

/** Prints the guest's name and the token's length, as the seed's init script takes them: token first, name second. */
export const GOOD_INIT = `#!/bin/bash
set -eu
[ -n "$1" ] || { echo "no token" >&2; exit 1; }
echo "$2" > /etc/guest-name
echo "init of $2 with a token of \${#1} characters"
`;

const VAGRANTFILE = `# As for plain Vagrant: nothing in here knows of Boxreeve.
Vagrant.configure("2") do |config|
  config.vm.box = "${BOX}"
  config.vm.boot_timeout = 60
  config.vm.synced_folder ".", "/vagrant", disabled: true
  config.vm.provision "shell", path: "init.sh", args: [ENV["VSTS_TOKEN"], ENV["GUEST_NAME"]]
end
`;

/** `always`: open at any time. `closed`: a window of one minute on the day before yesterday. */
export function writeFleet(repo: InfraRepo, window: 'always' | 'closed' = 'always', extra = ''): void {
  const day = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 5) % 7];
  const text =
    window === 'always'
      ? `apiVersion: boxreeve/v1\nkind: Fleet\n${extra}`
      : `apiVersion: boxreeve/v1\nkind: Fleet\nwindows:\n  rare: { days: [${day}], from: "12:00", to: "12:01", timezone: UTC }\ndefaults:\n  window: rare\n${extra}`;
  repo.write('desired-state/fleet.yaml', text);
}

export function writeHost(
  repo: InfraRepo,
  host: { readonly name: string; readonly publicKey: string },
  guests: readonly string[] = [GUEST],
  more = '',
): void {
  const { name, publicKey } = host;
  repo.write(
    `desired-state/hosts/${name}.yaml`,
    `kind: Host\nname: ${name}\nlabels: [lab]\nauditKey: ${publicKey}\nguests: [${guests.join(', ')}]\n${more}`,
  );
}

export function writeGuest(repo: InfraRepo, options: GuestOptions): void {
  const name = options.name ?? GUEST;
  const folder = `desired-state/guests/${name}`;
  const fields = {
    kind: 'Guest',
    name,
    box: { name: BOX, version: options.version },
    provider: 'lxc',
    env: { GUEST_NAME: '{host}', ...options.env },
    secrets: options.secrets ?? ['VSTS_TOKEN'],
    agent: options.agent ?? { system: 'none' },
    probes: options.probes ?? [{ name: 'named', run: 'cat /etc/guest-name', expect: '\\w' }],
    timeouts: { up: '2m', drain: '1m', probe: '30s', ...options.timeouts },
    ...options.more,
  };
  // JSON is YAML, and nothing needs quoting by hand
  repo.write(`${folder}/guest.yaml`, `${JSON.stringify(fields, null, 2)}\n`);
  repo.write(`${folder}/Vagrantfile`, VAGRANTFILE);
  repo.write(`${folder}/init.sh`, options.init ?? GOOD_INIT);
}

/** The catalogue of the one box, with the versions given, each from its file on this machine. */
export function writeBoxes(repo: InfraRepo, versions: Readonly<Record<string, LabBox>>): void {
  const entries = Object.entries(versions).map(([version, { file, sha256, size }]) => ({
    version,
    sha256,
    size,
    sources: [`file://${file}`],
  }));
  writeCatalogue(repo, entries);
}

export type BoxEntry = {
  readonly version: string;
  readonly sha256: string;
  readonly size: number;
  readonly sources: readonly string[];
  /** SHA-256 of its chunk list. */
  readonly chunks?: string;
};

/** The same, from wherever. */
export function writeCatalogue(repo: InfraRepo, entries: readonly BoxEntry[]): void {
  const versions = entries.map((entry) => ({ provider: 'lxc', ...entry }));
  repo.write(
    `desired-state/boxes/${BOX}.yaml`,
    `${JSON.stringify({ kind: 'Box', name: BOX, versions }, null, 2)}\n`,
  );
}
