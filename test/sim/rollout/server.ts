/**
 * The Git server of the simulation: what hosts pushed of themselves, the leases, and what approvers forgave. What a host sees of it goes
 * through its link, which is slow, loses requests before or after they took effect, and is cut off now and then.
 */
import { MINUTE, SECOND } from '../../../reconciler/clock.ts';
import { RemoteUnreachable } from '../../../reconciler/errors.ts';
import { progressIn } from '../../../reconciler/rollout/decide.ts';
import type { GivenResume } from '../../../reconciler/rollout/judge-resumes.ts';
import type { LeaseRefs } from '../../../reconciler/rollout/lease/git-leases.ts';
import type { Slot } from '../../../reconciler/rollout/lease/slot.ts';
import type { HostWord } from '../../../reconciler/rollout/progress.ts';
import { type Mishap, modelRefs } from '../../unit/rollout/lease/model-refs.ts';
import type { Random } from '../random.ts';
import { within } from '../schedule.ts';
import { type Fate, GUEST, type Release, type Story } from './story.ts';
import type { Timeline } from './timeline.ts';
import { type RequestKind, Traffic } from './traffic.ts';

/** A change that a host tried and that did not work there. */
export type BuildFailure = { readonly fingerprint: string; readonly number: number };

export class Server {
  readonly words = new Map<string, HostWord>();
  /** When each came. */
  readonly publishedAt = new Map<string, number>();
  readonly resumes: GivenResume[] = [];
  /** Hosts on which a fingerprint failed, as of what they pushed, each with the number of that failure; by fingerprint. */
  private readonly failed = new Map<string, Map<string, number>>();
  /** Failures that were forgiven: host and number. */
  private readonly forgiven = new Set<string>();
  readonly leases = modelRefs();
  readonly traffic = new Traffic();
  private readonly story: Story;
  private readonly timeline: Timeline;

  constructor(story: Story, timeline: Timeline) {
    this.story = story;
    this.timeline = timeline;
  }

  /** @param failure what did not work on the host, whatever its word says of that; null: nothing, or it works by now */
  publish(host: string, word: HostWord, failure: BuildFailure | null): void {
    this.words.set(host, word);
    this.publishedAt.set(host, this.timeline.now);
    for (const hosts of this.failed.values()) hosts.delete(host);
    if (failure === null) return;
    const known = this.failed.get(failure.fingerprint) ?? new Map<string, number>();
    this.failed.set(failure.fingerprint, known.set(host, failure.number));
  }

  isHalted(fingerprint: string): boolean {
    const open = [...(this.failed.get(fingerprint) ?? [])].filter(
      (failure) => !this.forgiven.has(failure.join(' ')),
    );
    return open.length >= this.story.rollout.haltAfterFailures;
  }

  /** An approver lets a change go on in spite of all that failed so far. Returns where that was. */
  forgive(fingerprint: string): readonly string[] {
    const hosts = this.failed.get(fingerprint) ?? new Map<string, number>();
    for (const failure of hosts) this.forgiven.add(failure.join(' '));
    const forgiven = [...hosts.keys()].flatMap((host) => {
      const since = progressIn(this.words.get(host), GUEST)?.since;
      return since === undefined ? [] : [{ host, since }];
    });
    const by = { commit: 'a'.repeat(40), by: 'anna', reason: 'it was the network', at: this.timeline.now };
    this.resumes.push({ guest: GUEST, change: fingerprint, forgiven, ...by });
    return [...hosts.keys()];
  }

  tip(): Release {
    const { releases } = this.story;
    return releases.findLast(({ at }) => at <= this.timeline.now) ?? releases[0];
  }
}

/** How often a request is lost, while not all is calm. */
const LOST = 0.03;

/** What lies between one host and the server. */
export class Link {
  readonly server: Server;
  private readonly fate: Fate;
  private readonly random: Random;
  private readonly timeline: Timeline;
  private readonly isCalm: () => boolean;

  constructor(
    server: Server,
    fate: Fate,
    random: Random,
    { timeline, isCalm }: { readonly timeline: Timeline; readonly isCalm: () => boolean },
  ) {
    this.server = server;
    this.fate = fate;
    this.random = random;
    this.timeline = timeline;
    this.isCalm = isCalm;
  }

  now(): number {
    return this.timeline.now;
  }

  /** Throws RemoteUnreachable before the request took effect, or after. */
  async request<T>(kind: RequestKind, work: () => T): Promise<T> {
    await this.delay();
    this.server.traffic.count(kind, this.timeline.now);
    const mishap = this.mishap();
    if (mishap === 'lost') throw new RemoteUnreachable('the request was lost');
    const result = work();
    await this.delay();
    if (mishap === 'answer-lost') throw new RemoteUnreachable('the answer was lost');
    return result;
  }

  /** @param onSwap told of each swap that took effect, when it did */
  leases(onSwap: (next: Slot) => void): LeaseRefs {
    const refs = this.server.leases.refs(() => this.mishap());
    const ask = async (kind: RequestKind) => {
      await this.delay();
      this.server.traffic.count(kind, this.timeline.now);
    };
    return {
      name: refs.name,
      list: async () => {
        await ask('read');
        return refs.list();
      },
      swap: async (slot, expected, next) => {
        await ask('lease');
        const before = this.server.leases.slots.get(slot)?.id;
        try {
          return await refs.swap(slot, expected, next);
        } finally {
          // whatever the host was told of it
          if (this.server.leases.slots.get(slot)?.id !== before) onSwap(next);
          await this.delay();
        }
      },
    };
  }

  private mishap(): Mishap {
    if (within(this.fate.cutOff, this.timeline.now)) return 'lost';
    if (this.isCalm() || !this.random.chance(LOST)) return 'none';
    return this.random.pick(['lost', 'answer-lost']);
  }

  private delay(): Promise<void> {
    const slow = !this.isCalm() && this.random.chance(0.02);
    return this.timeline.wait(slow ? this.random.between(SECOND, 2 * MINUTE) : this.random.between(5, 800));
  }
}
