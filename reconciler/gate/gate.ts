/**
 * What holds each action of a plan, from facts gathered before. Pure.
 *
 * 1. A window, a pause and a hold (standstill.ts) hold disruptive actions only.
 * 2. `sync --now` opens the window, and so does a change that the desired state says is urgent; never a pause or a hold, and
 *    never the job gate.
 * 3. A box is fetched only where three times its size is free: the file, the copy Vagrant makes of it, and what it unpacks.
 *    One already fetched needs twice its size. Boxes that come first in the plan have first claim.
 * 4. An action that is expected to last longer than what is left of the window waits for the next one; one that would fit
 *    in no window starts whenever its window is open.
 * 5. A reboot ends every guest, so the host's own window and that of each guest must be open for it, and no job may run in any.
 * 6. What needs a held action is held with it, by the same gates.
 * 7. A change of a guest that a roll-out holds waits for its wave; what puts right what is there does not. See rollout/look.ts.
 *
 * Whether a job runs is asked when everything else lets the action go: see drain.ts.
 */
import { iso } from '../clock.ts';
import type { WindowSpec } from '../desired/spec.ts';
import { showDuration } from '../duration.ts';
import { showBytes } from '../plan/bytes.ts';
import { overrideOf } from '../plan/override.ts';
import type { Action, Plan } from '../plan/plan.ts';
import { roomToBeHad } from '../plan/room.ts';
import { actionGuest } from '../plan/subject.ts';
import type { Gate, GatedAction } from './gates.ts';
import { type Standstills, standstillGates, standstillsOf } from './standstill.ts';
import { wallClock } from './wall-clock.ts';
import { followingOpening, windowLength, windowState } from './window.ts';

export type GateFacts = Standstills & {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The window of a guest; null: any time. */
  readonly windowOf: (guest: string) => WindowSpec | null;
  /** All that must be open for what concerns the host as a whole. */
  readonly hostWindows: readonly WindowSpec[];
  /** `sync --now`. */
  readonly forceWindow: boolean;
  /** Bytes free where boxes are fetched to, and where Vagrant keeps them. */
  readonly freeBytes: number;
  /** How long this action is expected to last, in milliseconds, from this host's own records; null if nobody can tell. */
  readonly expectedMs?: (action: Action) => number | null;
};

export function gatePlan(plan: Plan, facts: GateFacts): GatedAction[] {
  const own = new Map<string, readonly Gate[]>();
  let free = facts.freeBytes;
  for (const action of plan.actions) {
    const disk = diskGate(action, plan, free);
    if (disk === null) free -= bytesNeeded(action, plan);
    own.set(action.id, [...disruptionGates(action, facts), ...(disk === null ? [] : [disk])]);
  }
  return withNeeds(plan.actions.map((action) => ({ action, gates: own.get(action.id) ?? [] })));
}

/** Adds gates found later (a job that runs) to a guest's disruptive actions, and to all that needs them. */
export function holdGuests(gated: readonly GatedAction[], held: ReadonlyMap<string, Gate>): GatedAction[] {
  return withNeeds(
    gated.map(({ action, gates }) => {
      const met = [...held].flatMap(([guest, gate]) => (endsGuest(action, guest) ? [gate] : []));
      return { action, gates: [...gates, ...met] };
    }),
  );
}

/** Adds what a roll-out holds an action by, and to all that needs it. @param gateOf null: nothing */
export function holdChanges(
  gated: readonly GatedAction[],
  gateOf: (action: Action) => Gate | null,
): GatedAction[] {
  return withNeeds(
    gated.map(({ action, gates }) => {
      const gate = gateOf(action);
      return { action, gates: gate === null ? gates : [...gates, gate] };
    }),
  );
}

/** Those that nothing holds. */
export function freeOf(gated: readonly GatedAction[]): GatedAction[] {
  return gated.filter(({ gates }) => gates.length === 0);
}

export function freeActions(gated: readonly GatedAction[]): Action[] {
  return freeOf(gated).map(({ action }) => action);
}

/** Whether a machine of this guest that runs is ended by it. */
export function endsGuest(action: Action, guest: string): boolean {
  return endsMachines(action) && (!('guest' in action) || action.guest === guest);
}

/** Whether it ends machines, of a guest or of all. Also where nobody can have been at work in them: somebody is asked all the same. */
export function endsMachines({ kind }: Action): boolean {
  return kind === 'rebuild-guest' || kind === 'remove-guest' || kind === 'reboot-host';
}

/** Rule 6. Needs name earlier actions, so one pass is enough. */
function withNeeds(gated: readonly GatedAction[]): GatedAction[] {
  const all = new Map<string, readonly Gate[]>();
  return gated.map(({ action, gates }) => {
    const inherited = action.needs.flatMap((need) => all.get(need) ?? []);
    const union = [...new Map([...gates, ...inherited].map((gate) => [JSON.stringify(gate), gate])).values()];
    all.set(action.id, union);
    return { action, gates: union };
  });
}

function disruptionGates(action: Action, facts: GateFacts): Gate[] {
  if (!action.disruptive) return [];
  const windows = opensWindow(action, facts) ? [] : windowsOf(action, facts);
  const closed = windows.flatMap((window) => windowGate(action, window, facts) ?? []);
  return [...closed, ...standstillGates(standstillsOf(facts), actionGuest(action), facts.now)];
}

function windowsOf(action: Action, { windowOf, hostWindows }: GateFacts): readonly WindowSpec[] {
  const guest = actionGuest(action);
  if (guest === null) return hostWindows;
  const window = windowOf(guest);
  return window === null ? [] : [window];
}

function opensWindow(action: Action, { forceWindow }: GateFacts): boolean {
  return forceWindow || overrideOf(action).urgent !== undefined;
}

function windowGate(action: Action, window: WindowSpec, facts: GateFacts): Gate | null {
  const state = windowState(window, facts.now);
  if (!state.open) return closed(window, state.opensAtMs, facts.now, `window ${window.name} is closed`);
  const expected = facts.expectedMs?.(action) ?? null;
  const left = state.closesAtMs - facts.now;
  if (expected === null || expected <= left || expected > windowLength(window)) return null;
  const why = `window ${window.name} closes in ${showDuration(left)}, too soon for what took ${showDuration(expected)} before; it waits`;
  return closed(window, followingOpening(window, facts.now), facts.now, why);
}

function closed(window: WindowSpec, opensAt: number | null, now: number, why: string): Gate {
  return {
    kind: 'window',
    window: window.name,
    opensAt: opensAt === null ? null : iso(opensAt),
    detail:
      opensAt === null
        ? `${why}, and never opens again`
        : `${why} until ${wallClock(opensAt, window.timezone, now)}`,
  };
}

/** How many times a box's size must be free. */
const ROOM_TO_FETCH = 3;
const ROOM_TO_ADD = 2;

function bytesNeeded(action: Action, plan: Plan): number {
  if (action.kind === 'fetch-box') return ROOM_TO_FETCH * action.box.size;
  if (action.kind !== 'add-box') return 0;
  // Room for a box that this plan fetches was claimed by the fetch.
  const fetched = plan.actions.some((other) => other.kind === 'fetch-box' && action.needs.includes(other.id));
  return fetched ? 0 : ROOM_TO_ADD * action.box.size;
}

function diskGate(action: Action, plan: Plan, free: number): Gate | null {
  const needsBytes = bytesNeeded(action, plan);
  if (needsBytes <= free || needsBytes === 0) return null;
  const times = action.kind === 'fetch-box' ? ROOM_TO_FETCH : ROOM_TO_ADD;
  const why =
    action.kind === 'fetch-box'
      ? 'the file, the copy Vagrant makes, and the unpacked box'
      : 'its copy, unpacked';
  const room = roomToBeHad(plan);
  const toBeHad = room === '' ? '' : `; ${room}`;
  return {
    kind: 'disk',
    needsBytes,
    freeBytes: Math.max(0, free),
    detail: `${showBytes(needsBytes)} must be free (${times} times the box: ${why}); ${showBytes(Math.max(0, free))} are${toBeHad}`,
  };
}
