/** Drains the agents of the guests that are to be ended now, and puts back those that need not wait any more. */
import { iso } from '../clock.ts';
import type { HostSpec } from '../desired/spec.ts';
import type { Host } from '../host-ports.ts';
import { guestIn } from '../observed/memory.ts';
import type { HostObservation } from '../observed/observation.ts';
import { provenBuild } from '../plan/guests.ts';
import { overrideOf } from '../plan/override.ts';
import type { Action } from '../plan/plan.ts';
import type { Request } from '../reconcile.ts';
import { clearGuests, type DrainCandidate, waitsFor } from './drain.ts';
import { endsGuest } from './gate.ts';
import type { Gate } from './gates.ts';
import { putBack } from './put-back.ts';

export type Cleared = {
  /** Guests in which a job runs, or nobody can tell. */
  readonly held: ReadonlyMap<string, Gate & { readonly kind: 'job' }>;
  /** What a person should know besides, in sentences. */
  readonly notes: readonly string[];
};

/** Asks for every guest that one of these actions ends and in which something may run. */
export async function clearAgents(
  host: Host,
  actions: readonly Action[],
  spec: HostSpec,
  observation: HostObservation,
  request: Request,
): Promise<Cleared> {
  const givenUp = actions.some(({ kind }) => kind === 'reboot-host') ? waitedInVain(host) : null;
  if (givenUp !== null) return { held: new Map([[givenUp.guest, givenUp]]), notes: [] };
  const candidates = candidatesOf(host, actions, spec, observation);
  const clearances = await clearGuests(candidates, {
    ...drainParts(host),
    signal: request.signal,
    hold: request.holdDrain,
  });
  const held = new Map<string, Gate & { readonly kind: 'job' }>();
  const notes: string[] = [];
  for (const [guest, clearance] of clearances) {
    if (clearance.state === 'held') held.set(guest, clearance.gate);
    else if (clearance.note !== null) notes.push(clearance.note);
  }
  return { held, notes };
}

/**
 * What the guests wait for whose agents are off their pools already: for `plan`, which changes nothing. Of an agent that is still at
 * work nothing can be said before it is taken off.
 */
export async function askAgents(
  host: Host,
  actions: readonly Action[],
  spec: HostSpec,
  observation: HostObservation,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Gate & { readonly kind: 'job' }>> {
  const waiting = candidatesOf(host, actions, spec, observation).filter(
    ({ drained, interrupt }) => drained !== null && drained.over !== true && interrupt === undefined,
  );
  const answers = waiting.map(async (candidate) => {
    const gate = await waitsFor(candidate, { ...drainParts(host), signal });
    return gate === null ? [] : [[candidate.guest, gate] as const];
  });
  return new Map((await Promise.all(answers)).flat());
}

function candidatesOf(
  host: Host,
  actions: readonly Action[],
  spec: HostSpec,
  observation: HostObservation,
): DrainCandidate[] {
  return observation.guests.flatMap((observed) => {
    const ending = actions.find((action) => endsGuest(action, observed.name));
    return ending === undefined ? [] : candidateOf(host, ending, spec, observed);
  });
}

/** A reboot needs all guests at once: while one of them was waited for in vain, the others are left at work. */
function waitedInVain({ gaveUp, clock }: Host): (Gate & { readonly kind: 'job' }) | null {
  const [first] = [...gaveUp].filter(([, until]) => until > clock.now());
  if (first === undefined) return null;
  const [guest, until] = first;
  const detail = `${guest}: gave up waiting for its job; tries again at ${iso(until)}`;
  return { kind: 'job', guest, since: null, detail };
}

/**
 * Puts agents back on their pools, but for guests that go on waiting. What cannot be put back stays noted, and is tried again
 * at the next run.
 *
 * @param waiting guests whose drain goes on in the next run
 * @param rebuilt guests built anew just now, whose agents must first come online
 */
export async function releaseAgents(
  host: Host,
  waiting: ReadonlySet<string>,
  rebuilt: ReadonlySet<string>,
): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const [guest, { drained }] of Object.entries(host.memory.read().guests)) {
    if (drained === null || waiting.has(guest)) continue;
    const { note } = await putBack({ guest, drained }, drainParts(host), rebuilt.has(guest));
    if (note !== null) notes.push(note);
  }
  return notes;
}

function candidateOf(
  host: Host,
  action: Action,
  spec: HostSpec,
  observed: HostObservation['guests'][number],
): DrainCandidate[] {
  if (!mayBeAtWork(observed.machine)) return [];
  const memory = guestIn(host.memory.read(), observed.name);
  const wanted = spec.guests.find(({ name }) => name === observed.name) ?? memory?.good?.spec;
  const agent = memory?.built?.spec.agent ?? wanted?.agent;
  if (agent === undefined || wanted === undefined) return [];
  return [
    {
      guest: observed.name,
      agent,
      drained: memory?.drained ?? null,
      timeoutMs: wanted.timeouts.drain,
      window: wanted.window,
      survives: action.kind === 'reboot-host',
      interrupt: overrideOf(action).interruptJobs,
      proven: observed.unfinished === null || provenBuild(observed) !== null,
    },
  ];
}

function mayBeAtWork(machine: HostObservation['guests'][number]['machine']): boolean {
  return (machine.state === 'present' || machine.state === 'forgotten') && machine.power !== 'stopped';
}

function drainParts(host: Host) {
  return {
    clock: host.clock,
    log: host.log,
    agentFor: host.agent,
    gaveUp: host.gaveUp,
    witness: host.witness,
    remember: async (guest: string, drained: Parameters<Host['memory']['updateGuest']>[1]['drained']) => {
      await host.memory.updateGuest(guest, { drained: drained ?? null });
    },
  };
}
