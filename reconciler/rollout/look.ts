/**
 * What is to be done on this host while changes are rolled out: the plan, and what the fleet holds of it.
 *
 * 1. A change is what makes a guest something that it is not and that did not last work here. It goes when decide.ts says so, and is
 *    held by the gate `wave` until then. Its box is fetched and added meanwhile.
 * 2. What is broken, missing or due for a recycle is put right all the while: by the plan that has what last worked in place of
 *    the changes that wait, wherever that plan has something for such a guest that no gate holds.
 * 3. A guest that took a change that is halted goes back to what it was before, where `onHalt` says so, by an action like any other.
 * 4. A failure that an approver forgave is none: what failed is tried again.
 * 5. Nobody is asked while there is no change to come, none that failed, and none that may have to be gone back from.
 */
import type { Desired } from '../desired/accept.ts';
import type { RolloutSpec } from '../desired/spec.ts';
import { holdChanges } from '../gate/gate.ts';
import { gateNow } from '../gate/gate-now.ts';
import type { Gate, GatedAction } from '../gate/gates.ts';
import type { Host } from '../host-ports.ts';
import { guestIn, type Memory } from '../observed/memory.ts';
import type { HostObservation, ObservedGuest } from '../observed/observation.ts';
import { provenBuild } from '../plan/guests.ts';
import type { Action, GuestTarget, Plan } from '../plan/plan.ts';
import { planNow } from '../plan/plan-now.ts';
import type { RolloutLimits } from '../plan/targets.ts';
import type { Request } from '../reconcile.ts';
import type { FleetAnswer } from './ask.ts';
import { keepsPrevious, type Previous, previousOf } from './previous.ts';
import type { GuestProgress } from './progress.ts';

export type RolloutView = {
  readonly desired: Desired;
  readonly rollout: RolloutSpec;
  readonly observation: HostObservation;
  /** How far each declared guest is. */
  readonly progress: ReadonlyMap<string, GuestProgress>;
  /** What guests are to be that people want left as they are, and that are broken. */
  readonly mended: RolloutLimits['heldBack'];
  /** Why the remote did not answer in this reconcile; null: it did. */
  readonly offline: string | null;
};

export type RolloutPlan = {
  readonly plan: Plan;
  readonly gated: readonly GatedAction[];
  /** null: nobody was asked. */
  readonly fleet: FleetAnswer | null;
};

export async function planRollout(host: Host, view: RolloutView, request: Request): Promise<RolloutPlan> {
  const { desired, observation } = view;
  const memory = host.memory.read();
  const now = host.clock.now();
  const planned = (limits: Omit<RolloutLimits, 'kept'>, over: ReadonlySet<string>) => {
    const kept = observation.guests.flatMap(
      (guest) => previousOf(desired.spec, memory, guest, over)?.spec.box ?? [],
    );
    const heldBack = new Map([...view.mended, ...limits.heldBack]);
    const plan = planNow(desired, observation, now, { ...limits, heldBack, kept });
    return { plan, gated: gateNow(host, desired.spec, observation, plan, request) };
  };
  const free = planned({ heldBack: new Map(), forgiven: new Set() }, new Set());
  const guests = toAsk(view, memory, free.plan);
  if (guests.length === 0) return { ...free, fleet: null };
  const { askFleet } = await import('./ask.ts');
  const ending = new Set(guests.filter((guest) => mayEnd(view, memory, guest)));
  const fleet = await askFleet(host, { ...view, guests, ending, signal: request.signal });
  const held = (action: Action) => gateOf(action, observation, fleet);
  const limits = { heldBack: goingBack(view, memory, fleet), forgiven: fleet.forgiven };
  const whole = planned(limits, fleet.over);
  const waiting = new Map(whole.plan.actions.flatMap((action) => waitingGuest(action, observation, held)));
  const heldBack = new Map([...limits.heldBack, ...waiting]);
  const meanwhile = planned({ ...limits, heldBack }, fleet.over);
  const { plan, gated } = hasWork(meanwhile.gated, waiting) ? meanwhile : whole;
  return { plan, gated: holdChanges(gated, held), fleet };
}

/** Rule 2. */
function hasWork(gated: readonly GatedAction[], guests: ReadonlyMap<string, unknown>): boolean {
  return gated.some(
    ({ action, gates }) => gates.length === 0 && 'guest' in action && guests.has(action.guest),
  );
}

/** Rule 1. */
function takesChange(action: Action, observation: HostObservation): boolean {
  const target = builds(action);
  if (target?.role !== 'desired' || !('guest' in action)) return false;
  const observed = observation.guests.find(({ name }) => name === action.guest);
  const known = observed === undefined ? [] : [provenBuild(observed), observed.lastGood];
  return !known.some((was) => was?.spec.fingerprint === target.spec.fingerprint);
}

function builds(action: Action): GuestTarget | undefined {
  switch (action.kind) {
    case 'create-guest':
    case 'rebuild-guest':
      return action.target;
    case 'remove-guest':
      return action.makesWayFor;
    default:
      return undefined;
  }
}

/** Rule 5. */
function toAsk(
  { desired, rollout, observation, progress }: RolloutView,
  memory: Memory,
  plan: Plan,
): string[] {
  const changing = plan.actions.filter((action) => takesChange(action, observation));
  const asked = new Set([
    ...changing.flatMap((action) => ('guest' in action ? [action.guest] : [])),
    ...[...progress].flatMap(([guest, { state }]) => (state === 'failed' ? [guest] : [])),
    ...(memory.rollout?.halts ?? []).map(({ guest }) => guest),
    ...(keepsPrevious(rollout) ? Object.keys(memory.guests) : []).filter(
      (guest) => guestIn(memory, guest)?.previous,
    ),
  ]);
  return desired.spec.guests.flatMap(({ name }) => (asked.has(name) ? [name] : []));
}

/** Whether what the guest would go back to may not be needed any more. */
function mayEnd({ rollout, progress }: RolloutView, memory: Memory, guest: string): boolean {
  const previous = guestIn(memory, guest)?.previous;
  return keepsPrevious(rollout) && Boolean(previous) && progress.get(guest)?.state === 'healthy';
}

/** Rule 3. A build that was cut on the way back leaves the change as what worked last. */
function goingBack(
  { desired, rollout, observation }: RolloutView,
  memory: Memory,
  fleet: FleetAnswer,
): ReadonlyMap<string, Previous> {
  const back = new Map<string, Previous>();
  if (rollout.onHalt !== 'rollback') return back;
  for (const { name, fingerprint } of desired.spec.guests) {
    const previous = guestIn(memory, name)?.previous;
    if (fleet.decisions.get(name)?.may !== 'halted' || !previous) continue;
    if (previous.spec.fingerprint === fingerprint) continue;
    const observed = observation.guests.find((guest) => guest.name === name);
    if (observed !== undefined && tookChange(observed, fingerprint)) back.set(name, previous);
  }
  return back;
}

function tookChange(observed: ObservedGuest, fingerprint: string): boolean {
  return [provenBuild(observed), observed.lastGood].some((was) => was?.spec.fingerprint === fingerprint);
}

/** A guest whose change waits, with what it is to be meanwhile. */
function waitingGuest(
  action: Action,
  observation: HostObservation,
  held: (action: Action) => Gate | null,
): [string, ObservedGuest['lastGood']][] {
  if (!('guest' in action) || held(action) === null) return [];
  const observed = observation.guests.find(({ name }) => name === action.guest);
  return [[action.guest, observed?.lastGood ?? null]];
}

function gateOf(action: Action, observation: HostObservation, fleet: FleetAnswer): Gate | null {
  if (!('guest' in action) || !takesChange(action, observation)) return null;
  const decision = fleet.decisions.get(action.guest);
  switch (decision?.may) {
    case 'go':
      return null;
    case 'wait':
      return { kind: 'wave', wave: decision.waitsFor, detail: decision.detail };
    case 'halted':
      return { kind: 'wave', wave: null, detail: decision.detail };
    case 'unknown': {
      const { wave, detail } = decision;
      return { kind: 'wave', wave, detail, ...(wave === null ? {} : { unasked: true }) };
    }
    case undefined:
      return { kind: 'wave', wave: null, detail: `nobody was asked about ${action.guest}` };
  }
}
