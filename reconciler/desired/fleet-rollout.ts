/** The roll-out and the holds of `fleet.yaml`, with what the schema cannot say of them checked. */
import { parseDuration } from '../duration.ts';
import { showPlace } from '../errors.ts';
import type { DesiredFiles, Loaded } from './desired-files.ts';
import type { Fleet } from './generated/fleet.ts';
import { pointer, showPointer } from './json-pointer.ts';
import { didYouMean } from './nearest.ts';
import type { HoldSpec, HostSelector, RolloutSpec } from './spec.ts';

/** A hold, and which hosts it is about; null: all. */
export type FleetHold = HoldSpec & { readonly hosts: HostSelector | null };

type Selected = {
  readonly label?: string;
  readonly host?: string;
  readonly hosts?: readonly string[];
  readonly percent?: number;
};

/** null if nothing is said of it. All mistakes go to the complaints. */
export async function readRollout(files: DesiredFiles, fleet: Loaded<Fleet>): Promise<RolloutSpec | null> {
  const { rollout } = fleet.data;
  if (rollout === undefined) return null;
  const waves = await Promise.all(
    (rollout.waves ?? []).map(async ({ hosts, soak }, index) => ({
      hosts: await selectorOf(files, fleet, hosts, pointer('rollout', 'waves', index, 'hosts')),
      soak: parseDuration(soak ?? '') ?? 0,
    })),
  );
  const { fleetLock } = rollout;
  return {
    waves,
    maxUnavailable: shareOf(rollout.maxUnavailable ?? 1),
    haltAfterFailures: rollout.haltAfterFailures ?? 1,
    requireProbes: rollout.requireProbes ?? false,
    onHalt: rollout.onHalt ?? 'stay',
    proposeRevert: rollout.proposeRevert ?? false,
    fleetLock:
      fleetLock === undefined ? null : { url: fleetLock.url, group: fleetLock.group ?? DEFAULT_GROUP },
  };
}

/** By the FleetLock protocol. */
const DEFAULT_GROUP = 'default';

/** All holds of the fleet. All mistakes go to the complaints. */
export async function readHolds(files: DesiredFiles, fleet: Loaded<Fleet>): Promise<readonly FleetHold[]> {
  return Promise.all(
    (fleet.data.holds ?? []).map(async ({ hosts, guest, reason, until }, index) => {
      const at = pointer('holds', index);
      const instant = Date.parse(until);
      if (Number.isNaN(instant))
        files.complaints.add(
          fleet.yaml.place(at + pointer('until')),
          `${showPointer(at + pointer('until'))} "${until}" cannot be: there is no such date or time`,
        );
      return {
        hosts: hosts === undefined ? null : await selectorOf(files, fleet, hosts, at + pointer('hosts')),
        guest: guest ?? null,
        reason,
        until: Number.isNaN(instant) ? 0 : instant,
        place: showPlace(fleet.yaml.place(at)),
      };
    }),
  );
}

/** Whether a hold is about a host. */
export function isAbout({ hosts }: FleetHold, host: string, labels: readonly string[]): boolean {
  switch (hosts?.by) {
    case undefined:
      return true;
    case 'label':
      return labels.includes(hosts.label);
    case 'name':
      return hosts.hosts.includes(host);
    case 'percent':
      return false;
  }
}

function shareOf(value: number | string): RolloutSpec['maxUnavailable'] {
  return typeof value === 'number' ? { count: value } : { percent: Number.parseInt(value, 10) };
}

/** The schema sees to it that one of them is there. */
async function selectorOf(
  files: DesiredFiles,
  fleet: Loaded<Fleet>,
  { label, host, hosts, percent }: Selected,
  at: string,
): Promise<HostSelector> {
  if (label !== undefined) return { by: 'label', label };
  if (percent !== undefined) return { by: 'percent', percent };
  const named = host === undefined ? (hosts ?? []) : [host];
  const known = new Set(await files.names('hosts'));
  for (const [index, name] of named.entries()) {
    if (known.has(name)) continue;
    const where = host === undefined ? at + pointer('hosts', index) : at + pointer('host');
    const message = `${showPointer(where)} "${name}" is no host of the fleet${didYouMean(name, known)}`;
    files.complaints.add(fleet.yaml.place(where), message);
  }
  return { by: 'name', hosts: named };
}
