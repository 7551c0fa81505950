/**
 * Rules that every plan keeps, checked apart from the planner: a plan that breaks one is not carried out.
 *
 * 1. Ids are unique, and needs name earlier actions.
 * 2. A machine that is proven, or that somebody else made, is ended by a disruptive action only; what ends nothing is not disruptive.
 * 3. No stranger is touched, nor a guest that was not observed.
 * 4. A guest is built only after its box is added, if the plan adds it; and a box added only after its file is fetched, if the plan fetches it.
 * 5. A box that a machine stands on is removed only after that machine is ended.
 * 6. A box that a guest would go back to is removed only after the guest is proven on another, unless the same plan puts
 *    another file in its place.
 * 7. A box that the plan builds guests from is removed only to put another file in its place.
 * 8. There is one way for each guest: created, rebuilt, started or removed, but for removed-then-created and restored-then-rebuilt.
 * 9. A reboot is the last action.
 * 10. No file goes of a box that the plan adds, nor, before the guest is proven on another, of one that only the file has and a
 *     guest would go back to.
 */
import type { BoxSpec } from '../desired/spec.ts';
import type { HostObservation, ObservedGuest } from '../observed/observation.ts';
import { usersOf } from './box-use.ts';
import { provenBuild } from './guests.ts';
import type { Action, Plan } from './plan.ts';
import { actionGuest, boxKey } from './subject.ts';

/** What is wrong with the plan, a sentence each; empty if nothing is. */
export function lintPlan(plan: Plan, observation: HostObservation): string[] {
  const needs = allNeeds(plan.actions);
  return [
    ...lintOrder(plan.actions),
    ...plan.actions.flatMap((action) => [
      ...lintDisruption(action, plan.actions, observation),
      ...lintBuild(action, plan.actions, needs),
      ...lintRemoval(action, plan, needs, observation),
    ]),
    ...lintWays(plan.actions),
    ...lintReboot(plan.actions),
  ];
}

/** What comes after a reboot would be done while the host goes down. */
function lintReboot(actions: readonly Action[]): string[] {
  const at = actions.findIndex(({ kind }) => kind === 'reboot-host');
  return at === -1 || at === actions.length - 1 ? [] : ['reboot-host is not the last action'];
}

type Needs = ReadonlyMap<string, ReadonlySet<string>>;

/** For each action, everything that must have succeeded before it. */
function allNeeds(actions: readonly Action[]): Needs {
  const all = new Map<string, Set<string>>();
  for (const { id, needs } of actions) {
    all.set(id, new Set(needs.flatMap((need) => [need, ...(all.get(need) ?? [])])));
  }
  return all;
}

function lintOrder(actions: readonly Action[]): string[] {
  const seen = new Set<string>();
  return actions.flatMap(({ id, needs }) => {
    const complaints = needs
      .filter((need) => !seen.has(need))
      .map((need) => `${id} needs ${need}, which does not come before it`);
    if (seen.has(id)) complaints.push(`${id} is there twice`);
    seen.add(id);
    return complaints;
  });
}

function lintDisruption(action: Action, actions: readonly Action[], observation: HostObservation): string[] {
  const name = actionGuest(action);
  if (name === null) return disruptiveIf(action, action.kind === 'reboot-host');
  const unknown = observation.unknown.some(({ guest }) => guest === name || guest === null);
  const guest = observation.guests.find((observed) => observed.name === name);
  if (unknown || guest === undefined) return [`${action.id} acts on a guest that was not observed`];
  if (action.kind === 'create-guest' || action.kind === 'start-guest') return disruptiveIf(action, false);
  const comesBack = actions.some((other) => other.kind === 'create-guest' && other.guest === name);
  if (isOurs(guest) || comesBack || action.kind === 'rebuild-guest') {
    return disruptiveIf(action, !isUnproven(guest));
  }
  return [`${action.id} removes a machine that Boxreeve did not build`];
}

function disruptiveIf(action: Action, expected: boolean): string[] {
  return action.disruptive === expected
    ? []
    : [`${action.id} is ${expected ? 'not ' : ''}said to be disruptive`];
}

function isOurs(guest: ObservedGuest): boolean {
  return (
    provenBuild(guest) !== null ||
    guest.unfinished !== null ||
    guest.machine.state === 'vanished' ||
    guest.lastGood !== null
  );
}

/** Nothing is there that a job could be in. */
function isUnproven(guest: ObservedGuest): boolean {
  if (guest.machine.state === 'absent' || guest.machine.state === 'vanished') return true;
  return provenBuild(guest) === null && guest.unfinished !== null;
}

function lintBuild(action: Action, actions: readonly Action[], needs: Needs): string[] {
  const before = needs.get(action.id) ?? new Set();
  const missing = (kind: Action['kind'], key: string) =>
    actions.filter((other) => other.kind === kind && isOfBox(other, key) && !before.has(other.id));
  if (action.kind === 'create-guest' || action.kind === 'rebuild-guest') {
    const key = boxKey(action.target.spec.box);
    return missing('add-box', key).map(({ id }) => `${action.id} does not wait for ${id}`);
  }
  if (action.kind !== 'add-box') return [];
  const key = boxKey(action.box);
  return [...missing('fetch-box', key), ...missing('remove-box', key)].map(
    ({ id }) => `${action.id} does not wait for ${id}`,
  );
}

function isOfBox(action: Action, key: string): boolean {
  if (action.kind === 'remove-box') return action.from === 'vagrant' && boxKey(action.box) === key;
  return 'box' in action && boxKey(action.box) === key;
}

function lintRemoval(action: Action, plan: Plan, needs: Needs, observation: HostObservation): string[] {
  if (action.kind !== 'remove-box') return [];
  const lostFile = action.file === null ? [] : lintFile(action, action.file, plan, needs, observation);
  return action.from === 'files' ? lostFile : [...lintBox(action, plan, needs, observation), ...lostFile];
}

type Removal = Action & { readonly kind: 'remove-box' };

/** Rule 10. */
function lintFile(
  action: Removal,
  sha256: string,
  plan: Plan,
  needs: Needs,
  observation: HostObservation,
): string[] {
  const stored = observation.boxes.some((box) => box.sha256 === sha256);
  const before = needs.get(action.id) ?? new Set();
  return [
    ...plan.actions
      .filter((other) => other.kind === 'add-box' && other.box.sha256 === sha256)
      .map(({ id }) => `${action.id} takes away the file that ${id} adds`),
    ...(stored ? [] : lintLoss(action.id, (box) => box.sha256 === sha256, plan, before, observation)),
  ];
}

function lintBox(
  action: Removal & { readonly from: 'vagrant' },
  plan: Plan,
  needs: Needs,
  observation: HostObservation,
): string[] {
  const box = observation.boxes.find((observed) => boxKey(observed) === boxKey(action.box));
  if (box === undefined) return [`${action.id} removes a box that is not there`];
  const before = needs.get(action.id) ?? new Set();
  const users = usersOf(box, observation);
  const ended = (guest: ObservedGuest) =>
    before.has(`rebuild-guest ${guest.name}`) || before.has(`remove-guest ${guest.name}`);
  const replaced = plan.actions.some(
    (other) => other.kind === 'add-box' && boxKey(other.box) === boxKey(box),
  );
  return [
    ...users.strangers.map((user) => `${action.id} takes away the box that ${user} stands on`),
    ...users.guests
      .filter((guest) => !ended(guest))
      .map(({ name }) => `${action.id} takes away the box that ${name} stands on`),
    ...(replaced
      ? []
      : lintLoss(action.id, (other) => boxKey(other) === boxKey(box), plan, before, observation)),
  ];
}

/** Rules 6 and 7, for a box that nothing is put in the place of. */
function lintLoss(
  id: string,
  isIt: (box: BoxSpec) => boolean,
  plan: Plan,
  before: ReadonlySet<string>,
  observation: HostObservation,
): string[] {
  const goingBack = new Set(
    observation.guests.filter(({ lastGood }) => lastGood && isIt(lastGood.spec.box)).map(({ name }) => name),
  );
  const builds = plan.actions.filter(
    (other) => other.kind === 'create-guest' || other.kind === 'rebuild-guest',
  );
  return [
    ...builds
      .filter(({ target }) => isIt(target.spec.box))
      .map((build) => `${id} takes away the box that ${build.id} builds from`),
    ...builds
      .filter((build) => goingBack.has(build.guest) && !before.has(build.id))
      .map(({ guest }) => `${id} takes away the box that ${guest} would go back to`),
    ...plan.held
      .filter(
        ({ guest }) =>
          guest !== null && goingBack.has(guest) && !builds.some((build) => build.guest === guest),
      )
      .map(({ guest }) => `${id} takes away what last worked for ${guest}, which is held`),
  ];
}

function lintWays(actions: readonly Action[]): string[] {
  const ways = new Map<string, string[]>();
  for (const action of actions) {
    const guest = actionGuest(action);
    if (guest !== null) ways.set(guest, [...(ways.get(guest) ?? []), action.kind]);
  }
  const fine = [
    'remove-guest create-guest',
    'start-guest rebuild-guest',
    'start-guest remove-guest create-guest',
  ];
  return [...ways]
    .filter(([, kinds]) => kinds.length > 1 && !fine.includes(kinds.join(' ')))
    .map(([guest, kinds]) => `${guest} is acted on in more than one way: ${kinds.join(', ')}`);
}
