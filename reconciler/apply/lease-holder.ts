/**
 * The leases of one run: taken before anything is drained, checked before anything is ended, and kept for as long as a guest is out of
 * service by this host's doing.
 */
import type { RecordedLease } from '../audit/record.ts';
import type { HostSpec } from '../desired/spec.ts';
import { RemoteUnreachable } from '../errors.ts';
import type { Gate } from '../gate/gates.ts';
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
    const ended = guestsEnded(actions, observation);
    const asked = await this.#need(ended, WHILE_IT_WAITS);
    if (asked === null) return new Map();
    return shareOut(ended, (guests) => this.#hold(asked, guests));
  }

  /** Whether there is a lease that lasts until the action has ended; none is needed where nothing is ended. */
  async lastsFor(action: Action, observation: HostObservation): Promise<boolean> {
    const ended = guestsEnded([action], observation);
    const asked = await this.#need(ended, longestTime(action));
    return asked === null || (await this.#hold(asked, ended)).state === 'held';
  }

  /**
   * Prolongs the leases of guests that are down already, for actions that may bring them back. A host that lost its leases meanwhile
   * brings them back all the same: none is refused for it.
   */
  async keepFor(actions: readonly Action[]): Promise<void> {
    const lasts = actions.reduce((total, action) => total + longestTime(action), 0);
    const asked = await this.#need([], lasts);
    if (asked !== null) await this.#hold(asked, []);
  }

  /** Keeps leases for guests whose job is still waited for or that are down, and gives back the others. Never throws for the remote. */
  async settle(waiting: ReadonlySet<string>): Promise<void> {
    const host = this.#host;
    if (!host.memory.read().lease) return;
    try {
      const asked = await this.#need([...waiting], WHILE_IT_WAITS);
      if (asked === null) await host.leases(null).release();
      else await this.#hold(asked, [...waiting]);
    } catch (error) {
      if (!(error instanceof RemoteUnreachable)) throw error;
      host.log.warn(
        { event: 'lease-kept', why: error.message },
        'leases are given back when the remote can be reached',
      );
    }
  }

  /** null: nothing is out of service, or to be, or the desired state asks for no leases. */
  async #need(guests: readonly string[], lasts: number): Promise<Asked | null> {
    const down = stillDown(this.#host.memory.read(), this.#desired.spec);
    if (guests.length + down.length === 0) return null;
    const parts = await leasesOf(this.#host, this.#desired);
    return parts === null ? null : { ...parts, down, lasts };
  }

  async #hold({ leases, slots, lasts, down }: Asked, guests: readonly string[]): Promise<LeaseAnswer> {
    const answer = await leases.hold({ guests: [...new Set([...guests, ...down])], slots, lasts });
    if (answer.state === 'held') this.lease = answer.lease;
    return answer;
  }
}

type Asked = Omit<LeaseNeed, 'guests'> & {
  readonly leases: Leases;
  /** Guests that are down already, by this host's doing. */
  readonly down: readonly string[];
};

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
