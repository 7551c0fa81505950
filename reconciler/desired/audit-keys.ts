/** The keys that a host's file names: the one it signs records with, the one to come, and those that were revoked. */
import type { DesiredFiles, Loaded } from './desired-files.ts';
import type { Host } from './generated/host.ts';
import { pointer } from './json-pointer.ts';
import { keyItself, publicKeyProblem } from './public-key.ts';

/** Keys without their comments. */
export type AuditKeys = {
  /** null: the file names none, or is gone. */
  readonly auditKey: string | null;
  readonly nextAuditKey: string | null;
  readonly revoked: readonly { readonly key: string; readonly lastRecord: string | null }[];
};

/** Tolerant: of a file of any version, what can be read of its keys. */
export function auditKeysIn(value: unknown): AuditKeys {
  if (!isMap(value)) return { auditKey: null, nextAuditKey: null, revoked: [] };
  const revoked = 'revokedAuditKeys' in value ? value.revokedAuditKeys : [];
  return {
    auditKey: 'auditKey' in value ? keyIn(value.auditKey) : null,
    nextAuditKey: 'nextAuditKey' in value ? keyIn(value.nextAuditKey) : null,
    revoked: (Array.isArray(revoked) ? revoked : []).flatMap(revokedIn),
  };
}

function revokedIn(item: unknown): AuditKeys['revoked'] {
  const key = isMap(item) && 'key' in item ? keyIn(item.key) : null;
  if (key === null || !isMap(item)) return [];
  if (!('lastRecord' in item)) return [{ key, lastRecord: null }];
  // digits without quotes are a number: what is meant is lost, and then nothing is vouched for
  return [{ key, lastRecord: typeof item.lastRecord === 'string' ? item.lastRecord : '' }];
}

/** Keys that are none, and keys of one host that are two things at once. */
export function checkAuditKeys(files: DesiredFiles, { data, yaml }: Loaded<Host>): void {
  const live = new Map<string, string>();
  const revoked = new Map<string, string>();
  for (const { name, at, key, isRevoked } of namedKeys(data)) {
    const complain = (message: string) => files.complaints.add(yaml.place(at), `${name} ${message}`);
    const problem = publicKeyProblem(key);
    if (problem !== undefined) {
      complain(problem);
      continue;
    }
    const same = (isRevoked ? revoked : live).get(keyItself(key));
    if (same !== undefined) complain(`is the same key as ${same}`);
    const other = isRevoked ? live.get(keyItself(key)) : undefined;
    if (other !== undefined)
      complain(`is ${other} too: a revoked key signs nothing, so give the host another`);
    (isRevoked ? revoked : live).set(keyItself(key), name);
  }
}

/** A key that two hosts share, now, soon or before, lets each sign the other's account. */
export async function complainOfSharedKeys(files: DesiredFiles, hosts: readonly string[]): Promise<void> {
  const owners = new Map<string, string>();
  for (const host of hosts) {
    const loaded = await files.host(host);
    if (loaded === undefined) continue;
    for (const { name, at, key } of namedKeys(loaded.data)) {
      const owner = owners.get(keyItself(key)) ?? host;
      owners.set(keyItself(key), owner);
      if (owner === host) continue;
      files.complaints.add(loaded.yaml.place(at), `${name} is that of ${owner} too: each host has its own`);
    }
  }
}

type NamedKey = {
  readonly name: string;
  /** JSON Pointer. */
  readonly at: string;
  readonly key: string;
  readonly isRevoked: boolean;
};

function namedKeys({ auditKey, nextAuditKey, revokedAuditKeys = [] }: Host): readonly NamedKey[] {
  const live = { auditKey, ...(nextAuditKey === undefined ? {} : { nextAuditKey }) };
  return [
    ...Object.entries(live).map(([name, key]) => ({ name, at: pointer(name), key, isRevoked: false })),
    ...revokedAuditKeys.map(({ key }, index) => ({
      name: `revokedAuditKeys[${index}].key`,
      at: pointer('revokedAuditKeys', index, 'key'),
      key,
      isRevoked: true,
    })),
  ];
}

function keyIn(value: unknown): string | null {
  return typeof value === 'string' && publicKeyProblem(value) === undefined ? keyItself(value) : null;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
