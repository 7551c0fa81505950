/** Roll-outs over the real reconcile, whatever happens to the hosts meanwhile; judged by what is true, not by what records say. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../../reconciler/clock.ts';
import type { GuestSpec, WaveSpec } from '../../../reconciler/desired/spec.ts';
import { box, guest } from '../plan/builders.ts';
import { Died, type Effect } from '../reconcile/model-world.ts';
import { Fleet } from './model-fleet.ts';

const HOSTS = ['canary1', 'canary2', 'builder1', 'builder2'];
const SOAK = 2 * HOUR;
const WAVES: readonly WaveSpec[] = [
  { hosts: { by: 'label', label: 'canary' }, soak: SOAK },
  { hosts: { by: 'name', hosts: ['builder1'] }, soak: HOUR },
];
const waveOf = (host: string) => (host.startsWith('canary') ? 0 : host === 'builder1' ? 1 : 2);
const soakOf = (host: string) => [SOAK, HOUR, 0][waveOf(host)] ?? 0;

type Event =
  | { readonly do: 'commit'; readonly bad: readonly string[] | 'everywhere' | 'nowhere' }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'stop' | 'destroy' | 'cut off' | 'come back'; readonly host: string }
  | { readonly do: 'die'; readonly host: string; readonly at: number };

const host = fc.constantFrom(...HOSTS);
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      bad: fc.oneof(
        fc.constant('everywhere' as const),
        fc.constant('nowhere' as const),
        fc.subarray(HOSTS, { minLength: 1 }),
      ),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(MINUTE, HOUR, SOAK + MINUTE),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('stop' as const, 'destroy' as const, 'cut off' as const, 'come back' as const),
      host,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('die' as const), host, at: fc.integer({ min: 1, max: 60 }) }),
  },
);

/** A fleet, and what is true of it. */
class Trial {
  readonly fleet = new Fleet({ canary1: ['canary'], canary2: ['canary'], builder1: [], builder2: [] });
  /** Longest time that a host ran a fingerprint without interruption. */
  private readonly longest = new Map<string, number>();
  private readonly running = new Map<string, { readonly fingerprint: string; readonly since: number }>();
  private judged = 0;
  private commits = 0;
  private readonly limit: number;
  private readonly onHalt: 'stay' | 'rollback';

  constructor(limit: number, onHalt: 'stay' | 'rollback') {
    this.limit = limit;
    this.onHalt = onHalt;
  }

  async begin(): Promise<void> {
    this.fleet.release('0'.repeat(40), [this.spec(0)], null);
    await this.all();
    this.judged = this.fleet.built.length;
  }

  spec(commit: number): GuestSpec {
    return guest({ box: box(`2022.2.${commit + 10}`) });
  }

  latest(): string {
    return this.spec(this.commits).fingerprint;
  }

  async happen(what: Event): Promise<void> {
    switch (what.do) {
      case 'commit': {
        this.commits += 1;
        if (what.bad !== 'nowhere')
          this.fleet.bad.set(this.latest(), what.bad === 'everywhere' ? null : what.bad);
        const rollout = { waves: WAVES, haltAfterFailures: this.limit, onHalt: this.onHalt };
        this.fleet.release(String(this.commits).padStart(40, '0'), [this.spec(this.commits)], rollout);
        return this.all();
      }
      case 'pass':
        this.fleet.now += what.ms;
        return this.all();
      case 'cut off':
        this.fleet.offline.add(what.host);
        return;
      case 'come back':
        this.fleet.offline.delete(what.host);
        return;
      case 'stop':
      case 'destroy':
        this.disturb(what.host, what.do);
        return;
      case 'die':
        return this.die(what.host, what.at);
    }
  }

  async all(): Promise<void> {
    for (const name of HOSTS) await this.look(name);
  }

  private async look(name: string, effect?: Effect): Promise<void> {
    this.note();
    try {
      await this.fleet.run(name, effect);
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
    this.judge();
    this.note();
  }

  private async die(name: string, at: number): Promise<void> {
    let calls = 0;
    const step = () => {
      calls += 1;
      if (calls >= at) throw new Died(`at call ${at}`);
    };
    await this.look(name, async (work) => {
      step();
      const result = await work();
      step();
      return result;
    });
  }

  private disturb(name: string, how: 'stop' | 'destroy'): void {
    this.note();
    const world = this.fleet.world(name);
    world.seen = {
      ...world.seen,
      boxes: world.seen.boxes.map((of) => (how === 'stop' ? of : { ...of, usedBy: [] })),
      guests: world.seen.guests.map((there) =>
        how === 'destroy' || there.machine.state !== 'present'
          ? { ...there, machine: { state: 'absent' as const }, builtFrom: null }
          : { ...there, machine: { ...there.machine, power: 'stopped' as const } },
      ),
    };
    this.note();
  }

  /** Who runs what at this moment. */
  private note(): void {
    for (const name of HOSTS) {
      const world = this.fleet.world(name);
      const [there] = world.seen.guests;
      const now = Math.max(world.now, this.fleet.now);
      const up = there?.machine.state === 'present' && there.machine.power === 'running';
      const fingerprint = up ? (there.builtFrom?.spec.fingerprint ?? null) : null;
      const was = this.running.get(name);
      if (fingerprint === null) this.running.delete(name);
      else if (was?.fingerprint !== fingerprint) this.running.set(name, { fingerprint, since: now });
      const is = this.running.get(name);
      if (is === undefined) continue;
      const key = `${name} ${is.fingerprint}`;
      this.longest.set(key, Math.max(this.longest.get(key) ?? 0, now - is.since));
    }
  }

  /** No wave early; and what is bad everywhere never leaves the first wave. */
  private judge(): void {
    for (const { host: name, fingerprint } of this.fleet.built.slice(this.judged)) {
      if (fingerprint === this.spec(0).fingerprint) continue;
      const before = HOSTS.filter((other) => waveOf(other) < waveOf(name));
      for (const other of before) {
        const ran = this.longest.get(`${other} ${fingerprint}`) ?? -1;
        expect(ran, `${name} went before ${other} had soaked`).toBeGreaterThanOrEqual(soakOf(other));
      }
      if (this.fleet.bad.get(fingerprint) === null) expect(waveOf(name)).toBe(0);
    }
    this.judged = this.fleet.built.length;
  }
}

it('never lets a wave go early nor a bad change out of its first wave, and a good one reaches all hosts', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 5, maxLength: 25 }),
      fc.integer({ min: 1, max: 2 }),
      fc.constantFrom('stay' as const, 'rollback' as const),
      async (events, limit, onHalt) => {
        const trial = new Trial(limit, onHalt);
        try {
          await trial.begin();
          for (const each of events) await trial.happen(each);
          trial.fleet.offline.clear();
          await trial.happen({ do: 'commit', bad: 'nowhere' });
          for (let hour = 0; hour < 8; hour += 1) await trial.happen({ do: 'pass', ms: HOUR });
          for (const name of HOSTS) expect(trial.fleet.is(name), name).toBe(trial.latest());
        } finally {
          trial.fleet.dispose();
        }
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);
