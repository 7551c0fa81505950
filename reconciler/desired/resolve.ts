/** From a revision of the infra repo and a host's name to what is asked of that host. */
import { checkAuditKeys } from './audit-keys.ts';
import { DesiredFiles, type Loaded } from './desired-files.ts';
import { isAbout } from './fleet-rollout.ts';
import { type FleetRules, keepOf, readFleetRules, rebootOf, unknownWindow } from './fleet-rules.ts';
import type { Host } from './generated/host.ts';
import { pointer } from './json-pointer.ts';
import { didYouMean } from './nearest.ts';
import { overrideWarnings } from './override.ts';
import { checkGuest, placeGuest, windowOf } from './resolve-guest.ts';
import type { GuestSpec, HostSpec } from './spec.ts';
import type { DesiredTree } from './tree.ts';

/**
 * Reads what concerns this host and nothing else: `fleet.yaml`, its own file, the folders of its guests, the boxes they
 * name. Of the other boxes and hosts only the names are looked at. Throws InvalidDesiredState with every mistake of those files.
 * @param root folder of the desired state in the repository
 */
export async function resolveHost(tree: DesiredTree, root: string, host: string): Promise<HostSpec> {
  const files = new DesiredFiles(tree, root);
  const spec = await resolveFrom(files, host);
  files.complaints.throwIfAny();
  if (spec === undefined) throw new Error(`${host} has no spec, and no complaint says why`);
  return spec;
}

/** The same, with the mistakes left in `files.complaints`; undefined if there were any that concern the host. */
export async function resolveFrom(files: DesiredFiles, name: string): Promise<HostSpec | undefined> {
  // each of these is a Git process or two: side by side
  const [rules, host, hosts, boxes] = await Promise.all([
    readFleetRules(files),
    files.host(name),
    files.names('hosts'),
    files.names('boxes'),
  ]);
  if (host === undefined) return undefined;
  checkHost(files, host, rules);
  const guests: GuestSpec[] = [];
  const warnings: string[] = [];
  for (const [index, guest] of host.data.guests.entries()) {
    if (!(await guestExists(files, host, index, guest))) continue;
    const checked = await checkGuest(files, guest, rules);
    if (checked === undefined || rules === undefined) continue;
    warnings.push(...overrideWarnings(checked.guest));
    guests.push(placeGuest(checked, { host: name, rules, window: host.data.window ?? null }));
  }
  if (rules === undefined) return undefined;
  return {
    host: name,
    place: placeAmong(hosts, name),
    fleetSize: hosts.length,
    labels: host.data.labels ?? [],
    auditKey: host.data.auditKey.trim(),
    nextAuditKey: host.data.nextAuditKey?.trim() ?? null,
    window: windowOf(host.data.window ?? rules.defaultWindow, rules),
    reboot: rebootOf(host.data.reboot) ?? rules.reboot,
    guests,
    keep: keepOf(host.data.keep) ?? rules.keep,
    rollout: rules.rollout,
    holds: rules.holds
      .filter((hold) => isAbout(hold, name, host.data.labels ?? []))
      .map(({ hosts: _whose, ...hold }) => hold),
    ...(rules.notify.length === 0 ? {} : { notify: rules.notify }),
    catalogue: boxes,
    checkInEvery: rules.checkInEvery,
    auditRepo: rules.auditRepo,
    auditBranch: rules.auditBranch.replaceAll('{host}', name),
    pushesPerMinute: rules.pushesPerMinute,
    requireSignedCommits: rules.requireSignedCommits,
    freshness: rules.freshness,
    warnings: [...rules.warnings, ...warnings],
  };
}

/** Hosts that share a window are as far from each other in it as there is room, whatever they are called. */
function placeAmong(hosts: readonly string[], name: string): number {
  return hosts.filter((other) => other < name).length / Math.max(1, hosts.length);
}

function checkHost(files: DesiredFiles, host: Loaded<Host>, rules: FleetRules | undefined): void {
  checkAuditKeys(files, host);
  const { data, yaml } = host;
  if (rules === undefined || data.window === undefined || rules.windows.has(data.window)) return;
  files.complaints.add(yaml.place(pointer('window')), `window ${unknownWindow(data.window, rules.windows)}`);
}

async function guestExists(
  files: DesiredFiles,
  host: Loaded<Host>,
  index: number,
  name: string,
): Promise<boolean> {
  if ((await files.entry(`guests/${name}`)) !== undefined) return true;
  const meant = didYouMean(name, await files.names('guests'));
  const at = host.yaml.place(pointer('guests', index));
  files.complaints.add(at, `guests[${index}] "${name}" has no folder guests/${name}${meant}`);
  return false;
}
