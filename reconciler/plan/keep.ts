/** What the desired state lets a host keep of what nothing on it needs. */

import { DAY } from '../clock.ts';
import type { BoxSpec, HostSpec } from '../desired/spec.ts';
import type { ObservedBox, ObservedFile } from '../observed/observation.ts';
import { compareVersions } from './version-order.ts';

/** Whether a box's file stays once Vagrant has the box: where the file has a use, unless the desired state says otherwise. */
export function keepsFile({ keep }: HostSpec, box: BoxSpec): boolean {
  return keep?.files ?? (box.chunks !== undefined || box.sources.includes('peers:'));
}

/** Of boxes that nothing needs, the newest versions of each name and provider, as many as `keep.older` says. */
export function keptOlder({ keep }: HostSpec, unneeded: readonly ObservedBox[]): ReadonlySet<ObservedBox> {
  const lines = new Map<string, ObservedBox[]>();
  for (const box of unneeded) {
    const line = JSON.stringify([box.name, box.provider]);
    lines.set(line, [...(lines.get(line) ?? []), box]);
  }
  return new Set(
    [...lines.values()].flatMap((boxes) =>
      boxes.sort((one, other) => compareVersions(other.version, one.version)).slice(0, keep?.older ?? 0),
    ),
  );
}

/** How long a file stays that a person built, imported or fetched ahead: until the change that names it is merged, say. */
const BY_HAND_FOR = 30 * DAY;

export function isWaitedFor({ byHandSince }: ObservedFile, now: number): boolean {
  return byHandSince !== null && now - Date.parse(byHandSince) < BY_HAND_FOR;
}
