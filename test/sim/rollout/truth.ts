/**
 * What is true of a simulated fleet, and what must never be so. It knows what happens on every host, and goes by nothing that a host
 * says of itself but by what it pushed.
 */
import { wavesOf } from '../../../reconciler/rollout/waves.ts';
import type { Release, Story } from './story.ts';
import type { Timeline } from './timeline.ts';

export type Faults = {
  /** More guests out of service by our doing than may be. */
  'too many down': number;
  /** A guest taken out of service without a lease, for longer than its lease, or whose lease was given back meanwhile. */
  unleased: number;
  /** A change taken before each host of the waves before had been healthy with it for the whole soak. */
  'too early': number;
  /** A change that works nowhere, taken outside the first wave. */
  'bad box spread': number;
  /** A change taken by a host that asked after it was halted. */
  'halt passed': number;
  /** Attempts without exactly one record, and leases nobody gives back. */
  lost: number;
  /** Hosts that are not what the last commit asks for, though nothing has gone wrong for long. */
  stuck: number;
};

/** Of one guest. */
type Service = {
  /** What runs, and since when; null: nothing does. */
  running: { readonly fingerprint: string; readonly since: number } | null;
  /** The longest time that it ran without interruption, by fingerprint. */
  readonly longest: Map<string, number>;
  /** Whether it was ended by its host, and not brought back. */
  ended: boolean;
  /** Its host died meanwhile: then its lease may be over before it is back. */
  hostDied: boolean;
  /** Whether its agent was taken off by its host. */
  drained: boolean;
  /** When its host's lease is over, as true time; it may be prolonged. */
  leasedUntil: number;
};

export class Truth {
  readonly faults: Faults = {
    'too many down': 0,
    unleased: 0,
    'too early': 0,
    'bad box spread': 0,
    'halt passed': 0,
    lost: 0,
    stuck: 0,
  };
  /** Guests built that work, and records of a halt: that something happened at all. */
  built = 0;
  halts = 0;
  /** The most that were out of service at a time. */
  mostDown = 0;
  private readonly services = new Map<string, Service>();
  /** Who is out of service. */
  private readonly out = new Set<string>();
  /** Of each release: its waves, as host names, and the soak of each. */
  private readonly waves: ReadonlyMap<
    string,
    readonly { readonly hosts: readonly string[]; readonly soak: number }[]
  >;
  private readonly story: Story;
  private readonly timeline: Timeline;
  private readonly tell: (host: string, what: string) => void;

  constructor(story: Story, timeline: Timeline, tell: (host: string, what: string) => void) {
    this.story = story;
    this.timeline = timeline;
    this.tell = tell;
    this.waves = new Map(
      story.releases.map(({ commit, facts }) => [
        commit,
        wavesOf(story.rollout.waves, facts.members).map(({ members, soak }) => ({
          hosts: members.map(({ name }) => name),
          soak,
        })),
      ]),
    );
    for (const { name } of story.hosts) {
      const running = { fingerprint: story.releases[0].guest.fingerprint, since: story.releases[0].at };
      this.services.set(name, {
        running,
        longest: new Map(),
        ended: false,
        hostDied: false,
        drained: false,
        leasedUntil: Number.NEGATIVE_INFINITY,
      });
    }
  }

  fault(kind: keyof Faults, host: string, what: string): void {
    this.faults[kind] += 1;
    this.tell(host, `${kind.toUpperCase()}: ${what}`);
  }

  leased(host: string, until: number): void {
    this.of(host).leasedUntil = until;
  }

  gaveBack(host: string): void {
    if (this.out.has(host))
      this.fault('unleased', host, 'gave its lease back while its guest was out of service');
  }

  drained(host: string, isOff: boolean): void {
    const service = this.of(host);
    // one that was not in service is not taken out of it
    service.drained = isOff && service.running !== null;
    this.serves(host);
  }

  /** By its own host, for what it is to be. */
  ended(host: string): void {
    const service = this.of(host);
    if (service.running === null) return;
    if (this.timeline.now > service.leasedUntil)
      this.fault('unleased', host, 'ends its guest without a lease');
    this.stops(host);
    service.ended = true;
    service.hostDied = false;
    this.serves(host);
  }

  /** By somebody else. */
  destroyed(host: string): void {
    this.stops(host);
  }

  began(host: string, { guest, commit, isBadEverywhere }: Release, askedWhenHalted: boolean): void {
    const { fingerprint } = guest;
    // what worked here is put back at any time
    if (this.hasRun(host, fingerprint)) return;
    const waves = this.waves.get(commit) ?? [];
    const own = waves.findIndex(({ hosts }) => hosts.includes(host));
    const first = waves.findIndex(({ hosts }) => hosts.length > 0);
    if (isBadEverywhere && own !== first) this.fault('bad box spread', host, `takes ${fingerprint}`);
    if (askedWhenHalted) this.fault('halt passed', host, `takes ${fingerprint}`);
    for (const { hosts, soak } of waves.slice(0, Math.max(0, own))) {
      const early = hosts.find((other) => this.healthyFor(other, fingerprint) < soak);
      if (early !== undefined)
        this.fault('too early', host, `takes ${fingerprint} before ${early} has soaked`);
    }
  }

  runs(host: string, fingerprint: string): void {
    const service = this.of(host);
    if (service.ended && !service.hostDied && this.timeline.now > service.leasedUntil)
      this.fault('unleased', host, 'was out of service for longer than its lease');
    this.built += 1;
    service.running = { fingerprint, since: this.timeline.now };
    service.longest.set(fingerprint, service.longest.get(fingerprint) ?? 0);
    service.ended = false;
    service.hostDied = false;
    this.serves(host);
  }

  died(host: string): void {
    this.of(host).hostDied = true;
  }

  /** Nothing that its host knows works in it: a person must look. */
  gaveUp(host: string): void {
    this.of(host).ended = false;
    this.serves(host);
  }

  runsNow(host: string): string | null {
    return this.of(host).running?.fingerprint ?? null;
  }

  /** Whether it ever was in service with this fingerprint. */
  hasRun(host: string, fingerprint: string): boolean {
    return this.of(host).longest.has(fingerprint) || fingerprint === this.story.releases[0].guest.fingerprint;
  }

  isOut(host: string): boolean {
    return this.out.has(host);
  }

  private healthyFor(host: string, fingerprint: string): number {
    const { running, longest } = this.of(host);
    const now = running?.fingerprint === fingerprint ? this.timeline.now - running.since : -1;
    return Math.max(now, longest.get(fingerprint) ?? -1);
  }

  private stops(host: string): void {
    const service = this.of(host);
    const { running } = service;
    if (running === null) return;
    service.longest.set(running.fingerprint, this.healthyFor(host, running.fingerprint));
    service.running = null;
  }

  private serves(host: string): void {
    const { ended, drained, leasedUntil } = this.of(host);
    if (!ended && !drained) {
      this.out.delete(host);
      return;
    }
    if (this.out.has(host)) return;
    const { now } = this.timeline;
    if (now > leasedUntil) this.fault('unleased', host, 'takes its agent off without a lease');
    this.out.add(host);
    // a host that is gone, or cut off, has its lease until that is over
    const down = [...this.out].filter((other) => now <= this.of(other).leasedUntil);
    this.mostDown = Math.max(this.mostDown, down.length);
    if (down.length > this.story.slots)
      this.fault('too many down', host, `${down.length} are out of service: ${down.join(', ')}`);
  }

  private of(host: string): Service {
    const found = this.services.get(host);
    if (found === undefined) throw new Error(`no host ${host}`);
    return found;
  }
}
