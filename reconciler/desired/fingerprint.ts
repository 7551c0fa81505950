/**
 * The fingerprint of a guest: SHA-256 (hex) over everything it is built from, so that two guests with one fingerprint were
 * built alike, and a guest whose fingerprint has changed must be rebuilt.
 *
 * 1. It covers the box (name, version, provider, SHA-256 of its file), every file of the guest's folder but `guest.yaml`
 *    (path, whether executable, SHA-256 of the content), the environment after `{host}` and `{provider}` are replaced, and
 *    the names of the secrets.
 * 2. It covers nothing else: probes, timeouts, windows, exposure, agent settings, a box's sources, and secrets' values change how a
 *    guest is looked after, not what it is built from.
 * 3. It is taken over JSON made of lists alone, in one order: variables sorted by name, files by path, secrets sorted and each once. The order in which
 *    things stand in a file is no change.
 * 4. The form has a number; should the form ever change, the number does, and a rebuild of every guest is on purpose.
 */
import { createHash } from 'node:crypto';
import type { GuestSpec } from './spec.ts';

const FORM = 'boxreeve fingerprint 1';

export type BuiltOf = Pick<GuestSpec, 'box' | 'env' | 'secrets' | 'files'>;

export function fingerprintOf(guest: BuiltOf): string {
  const { name, version, provider, sha256 } = guest.box;
  const covered = [
    FORM,
    [name, version, provider, sha256],
    guest.files.map((file) => [file.path, file.executable, file.sha256]).toSorted(byFirst),
    Object.entries(guest.env).toSorted(byFirst),
    [...new Set(guest.secrets)].toSorted(),
  ];
  return createHash('sha256').update(JSON.stringify(covered)).digest('hex');
}

/** By code units, which no locale changes. */
function byFirst(a: readonly unknown[], b: readonly unknown[]): number {
  const [first, second] = [String(a[0]), String(b[0])];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}
