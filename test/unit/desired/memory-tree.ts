/** A revision of an infra repo that exists only here. */
import { createHash } from 'node:crypto';
import type { DesiredTree, TreeEntry } from '../../../reconciler/desired/tree.ts';

export type Item =
  | string
  | { readonly content?: string | Buffer; readonly kind?: TreeEntry['kind']; readonly size?: number };

export type MemoryTree = DesiredTree & {
  /** Paths whose content was asked for. */
  readonly reads: readonly string[];
};

/** @param files content by path in the repository */
export function memoryTree(files: Readonly<Record<string, Item>>): MemoryTree {
  const contents = new Map<string, Buffer>();
  const entries: TreeEntry[] = [];
  for (const [path, item] of Object.entries(files)) {
    const { content = '', kind = 'file', size } = typeof item === 'string' ? { content: item } : item;
    const bytes = Buffer.from(content);
    const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
    contents.set(path, bytes);
    entries.push({ path, kind, oid, size: size ?? bytes.length });
  }
  entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  const reads: string[] = [];
  return {
    revision: 'memory',
    reads,
    entry: async (path) => {
      const found = entries.find((entry) => entry.path === path);
      if (found !== undefined || !entries.some((entry) => entry.path.startsWith(`${path}/`))) return found;
      return { path, kind: 'directory', oid: '', size: 0 };
    },
    list: async (folder) => entries.filter((entry) => entry.path.startsWith(`${folder}/`)),
    read: async ({ path }) => {
      reads.push(path);
      return contents.get(path) ?? Buffer.alloc(0);
    },
  };
}

/** Keys made for these tests; nobody has their private halves. */
export const KEYS = {
  builder1: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdpF4mXsz3wRD0T33J7nq6E2vUB8EoBWmXfp1Pjw4NY builder1',
  approver: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII+jp1Zekh0ZXqFgUwJgVxxrr8RzwRxLdeua0JwP9zJs',
} as const;

const SHA = 'a1'.repeat(32);

/** The fleet that DESIGN shows, whole: what a test does not replace is right. */
export function goodFleet(change: Readonly<Record<string, Item | null>> = {}): Record<string, Item> {
  const files: Record<string, Item | null> = {
    'desired-state/fleet.yaml': FLEET,
    'desired-state/trust/approvers': `ada@example.org ${KEYS.approver}\n`,
    'desired-state/hosts/builder1.yaml': HOST,
    'desired-state/guests/azure-agent/guest.yaml': GUEST,
    'desired-state/guests/azure-agent/Vagrantfile': 'Vagrant.configure("2") { |config| }\n',
    'desired-state/guests/azure-agent/init.sh': { content: '#!/bin/sh\n', kind: 'executable' },
    'desired-state/boxes/azure-ci-node.yaml': BOX,
    'desired-state/boxes/common-box.recipe.yaml': RECIPE,
    ...change,
  };
  const kept: Record<string, Item> = {};
  for (const [path, item] of Object.entries(files)) if (item !== null) kept[path] = item;
  return kept;
}

export const FLEET = `# desired-state/fleet.yaml
apiVersion: boxreeve/v1
kind: Fleet
windows:
  nightly: { days: [mon, tue, wed, thu, fri, sat, sun], from: "20:00", to: "05:00", timezone: Europe/Zurich }
defaults:
  window: nightly
  recycle: { every: 1d }               # each host at its own minute of the window (stable hash of its name)
  checkIn: 1d                          # an "in sync" record at least this often, so that silence means trouble
rollout:
  waves:                               # selectors over host labels; the rest is the last wave
    - { hosts: { label: canary }, soak: 2h }
  maxUnavailable: 1
  haltAfterFailures: 1
audit: { branch: "audit/{host}" }
trust: { requireSignedCommits: true }  # approvers' keys: trust/approvers (OpenSSH allowed_signers format)
`;

export const HOST = `kind: Host
name: builder1
labels: [catalina, canary]
auditKey: ${KEYS.builder1}
guests: [azure-agent]
`;

export const GUEST = `kind: Guest
name: azure-agent
box: { name: azure-ci-node, version: 2022.2.24 }
provider: vmware_desktop
env: { GUEST_NAME: "{host}" }
secrets: [VSTS_TOKEN]                  # names only; each host says where its value comes from
agent: { system: azure-pipelines, organization: digitalasset, pool: macOS-pool, name: "{host}", token: AZURE_PAT }
probes:                                # run in the guest over SSH after \`up\` and on every check-in
  - { name: nix, run: "nix --version", expect: "nix \\\\(Nix\\\\) 2\\\\.([4-9]|\\\\d\\\\d)" }
timeouts: { up: 30m, drain: 6h, probe: 1m }
`;

export const RECIPE = `kind: Recipe
name: common-box
box: azure-ci-node
provider: vmware_desktop
stages:
  - { name: base, command: [macinbox], output: base.box }
`;

export const BOX = `kind: Box
name: azure-ci-node
versions:
  - version: 2022.2.17
    provider: vmware_desktop
    sha256: ${SHA}
    size: 42681237504
    sources: [ "peers:" ]
  - version: 2022.2.24
    provider: vmware_desktop
    sha256: ${SHA.toUpperCase()}
    size: 42949672960
    sources: [ "peers:", "sftp://builder@builder1/images/initialized-20220224.box", "https://…", "file:///…" ]
    recipe: common-box                 # optional: how it is built, §7
`;
