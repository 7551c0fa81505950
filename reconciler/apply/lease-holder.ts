/**
 * The leases of one run: taken before anything is drained, checked before anything is ended, and kept for as long as a guest is out of
 * service by this host's doing.
 */
import type { RecordedLease } from '../audit/record.ts';
import type { HostSpec } from '../desired/spec.ts';
import { RemoteUnreachable } from '../errors.ts';
import type { Gate, GatedAction } from '../gate/gates.ts';
import type { Host } from '../host-ports.ts';
import type { HostObservation } from '../observed/observation.ts';
import type { Action } from '../plan/plan.ts';
import type { LeaseAnswer, LeaseNeed, Leases } from '../rollout/lease/leases.ts';
import { guestsEnded, leasesOf, longestTime, stillDown, WHILE_IT_WAITS } from './lease-guests.ts';

type Desired = { readonly commit: string; readonly spec: HostSpec };

/** What holds guests for which no lease is to be had. */
export type LeaseGates = ReadonlyMap<string, Gate & { readonly kind: 'lease' }>;

export class LeaseHolder {
  /** What was held last; null: nothing was needed. */
  lease: RecordedLease | null = null;
  readonly #host: Host;
  readonly #desired: Desired;

  constructor(host: Host, desired: Desired) {
    this.#host = host;
    this.#desired = desired;
  }

  /** Takes leases for the guests that these actions end, as many as are to be had; tells which must wait. */
  async take(actions: readonly Action[], observation: HostObservation): Promise<LeaseGates> {
    const asked = await this.#need(guestsEnded(actions, observation), WHILE_IT_WAITS);
    if (asked === null) return new Map();
    return shareOut(asked.guests, (guests) => this.#hold(asked, guests));
  }

  /** Whether there is a lease that lasts until the action has ended; none is needed where nothing is ended. */
  async lastsFor(action: Action, observation: HostObservation): Promise<boolean> {
    const asked = await this.#need(guestsEnded([action], observation), longestTime(action));
    return asked === null || (await this.#hold(asked, asked.guests)).state === 'held';
  }

  /** Keeps leases for guests whose job is still waited for or that are down, and gives back the others. Never throws for the remote. */
  async settle(waiting: ReadonlySet<string>): Promise<void> {
    const host = this.#host;
    if (!host.memory.read().lease) return;
    try {
      const asked = await this.#need([...waiting], WHILE_IT_WAITS);
      const down = asked === null ? [] : stillDown(host.memory.read(), this.#desired.spec);
      if (asked === null || asked.guests.length + down.length === 0) await host.leases(null).release();
      else await this.#hold(asked, asked.guests);
    } catch (error) {
      if (!(error instanceof RemoteUnreachable)) throw error;
      host.log.warn(
        { event: 'lease-kept', why: error.message },
        'leases are given back when the remote can be reached',
      );
    }
  }

  async #need(guests: readonly string[], lasts: number): Promise<Asked | null> {
    const { rollout } = this.#desired.spec;
    const down = stillDown(this.#host.memory.read(), this.#desired.spec);
    if (rollout === null || guests.length + down.length === 0) return null;
    const parts = await leasesOf(this.#host, this.#desired);
    return parts === null ? null : { ...parts, guests, lasts };
  }

  async #hold({ leases, slots, lasts }: Asked, guests: readonly string[]): Promise<LeaseAnswer> {
    const down = stillDown(this.#host.memory.read(), this.#desired.spec);
    const answer = await leases.hold({ guests: [...new Set([...guests, ...down])], slots, lasts });
    if (answer.state === 'held') this.lease = answer.lease;
    return answer;
  }
}

type Asked = Omit<LeaseNeed, 'guests'> & { readonly leases: Leases; readonly guests: readonly string[] };

/** What `plan` can say of leases, with nothing taken. */
export async function leaseGates(
  host: Host,
  desired: Desired,
  free: readonly Action[],
  observation: HostObservation,
): Promise<LeaseGates> {
  const guests = guestsEnded(free, observation);
  const parts = guests.length === 0 ? null : await leasesOf(host, desired);
  if (parts === null) return new Map();
  const { leases, slots } = parts;
  return shareOut(guests, (some) => leases.peek({ guests: some, slots, lasts: WHILE_IT_WAITS }));
}

/** All guests at once if that can be; else the first, and the others after it. */
async function shareOut(
  guests: readonly string[],
  ask: (guests: readonly string[]) => Promise<LeaseAnswer>,
): Promise<LeaseGates> {
  const all = await ask(guests);
  if (all.state === 'held') return new Map();
  const [first, ...others] = guests;
  if (first === undefined || others.length === 0) return gatesFor(guests, all.why);
  const one = await ask([first]);
  if (one.state === 'refused') return gatesFor(guests, one.why);
  return gatesFor(others, `no lease for more than one guest at a time: it comes after ${first}`);
}

function gatesFor(guests: readonly string[], detail: string): LeaseGates {
  return new Map(guests.map((guest) => [guest, { kind: 'lease' as const, detail }]));
}

/** Actions that nothing else holds. */
export function freeActions(gated: readonly GatedAction[]): readonly Action[] {
  return gated.filter(({ gates }) => gates.length === 0).map(({ action }) => action);
}
