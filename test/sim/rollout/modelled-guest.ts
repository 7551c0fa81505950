/**
 * The guest of one simulated host: its machine, whatever anyone remembers of it, its CI agent, and what carrying out an action does to
 * them, in the steps of apply/build-guest.ts. Between any two of them the process may die.
 */
import type { ActionOutcome } from '../../../reconciler/apply/outcome.ts';
import { iso, MINUTE } from '../../../reconciler/clock.ts';
import type { Host } from '../../../reconciler/host-ports.ts';
import { type GuestMemory, guestIn, newGuestMemory } from '../../../reconciler/observed/memory.ts';
import type { HostObservation, Machine } from '../../../reconciler/observed/observation.ts';
import type { Action, GuestTarget } from '../../../reconciler/plan/plan.ts';
import { observation, observedBox, present } from '../../unit/plan/builders.ts';
import type { Effect, World } from '../../unit/reconcile/model-world.ts';
import type { Random } from '../random.ts';
import type { Fleet } from './fleet-host.ts';
import type { BuildFailure } from './server.ts';
import { type Fate, GUEST, type Release } from './story.ts';

const DIES_IN_BUILD = 0.04;
const FLAKY = 0.02;

/** The process that acts on the guest. */
export type Life = {
  readonly effect: Effect;
  die(how: string): never;
  /** What the host takes for the time. */
  clock(): number;
};

type Parts = {
  readonly fleet: Fleet;
  readonly fate: Fate;
  readonly random: Random;
  readonly world: World;
  readonly life: Life;
};

export class ModelledGuest {
  /** A change that was tried here and did not work; null: none, or it works by now. */
  failure: BuildFailure | null = null;
  private failures = 0;
  private machine: Machine;
  private machines = 0;
  private jobUntil = 0;
  private readonly fleet: Fleet;
  private readonly fate: Fate;
  private readonly random: Random;
  private readonly world: World;
  private readonly life: Life;

  constructor({ fleet, fate, random, world, life }: Parts) {
    this.fleet = fleet;
    this.fate = fate;
    this.random = random;
    this.world = world;
    this.life = life;
    const { guest: spec, commit, at } = fleet.story.releases[0];
    const built = { spec, commit, at: iso(at), machineId: 'm0', ssh: NO_SSH };
    this.machine = present(spec.box, { id: 'm0' });
    const guest = { ...newGuestMemory, built, good: { spec, commit, at: iso(at) } };
    world.memory = { ...world.memory, applied: { commit, at: iso(at) }, guests: { [GUEST]: guest } };
    world.pool.meanwhile = () => this.job();
  }

  /** A person destroys the guest below Boxreeve. */
  destroy(): void {
    this.machine = { state: 'absent' };
    this.fleet.truth.destroyed(this.fate.name);
  }

  /** Between any two calls an agent that is on its pool may be given a job. */
  private job(): void {
    const { pool } = this.world;
    const { now } = this.fleet.timeline;
    const takes = pool.enabled && now >= this.jobUntil && this.machine.state === 'present';
    if (takes && this.random.chance(this.fleet.story.jobs))
      this.jobUntil = now + this.random.wait(25 * MINUTE);
    pool.job = now < this.jobUntil ? 'job 8812' : null;
  }

  observe(): HostObservation {
    const known = this.known();
    const { built, building, good, failed } = known;
    const { machine } = this;
    const isBuilt = built !== null && machine.state === 'present' && machine.id === built.machineId;
    const box = this.fleet.story.releases[0].guest.box;
    const guest = {
      name: GUEST,
      folder: `/srv/boxreeve/guests/${GUEST}`,
      machine,
      builtFrom: isBuilt ? built : null,
      unfinished: building,
      lastGood: good,
      failed,
      lineChanges: {},
    };
    return observation({
      guests: [guest],
      boxes: [observedBox(box, machine.state === 'present' ? [GUEST] : [])],
    });
  }

  agent(): ReturnType<Host['agent']> {
    const { agent } = this.world.pool;
    const { truth } = this.fleet;
    return {
      ...agent,
      drain: (signal) =>
        this.life.effect(async () => {
          const result = await agent.drain(signal);
          if (result.state === 'drained') truth.drained(this.fate.name, true);
          return result;
        }),
      undrain: (signal) =>
        this.life.effect(async () => {
          await agent.undrain(signal);
          truth.drained(this.fate.name, false);
        }),
    };
  }

  probes() {
    return (this.known().built?.spec.probes ?? []).map(({ name }) => passed(name));
  }

  async perform(action: Action, askedWhenHalted: ReadonlySet<string>): Promise<ActionOutcome> {
    const began = this.fleet.timeline.now;
    this.fleet.tell(this.fate.name, `${action.id}: ${action.reason}`);
    switch (action.kind) {
      case 'create-guest':
      case 'rebuild-guest':
        return this.outcome(action, began, await this.build(action.target, askedWhenHalted));
      case 'remove-guest':
        await this.life.effect(() => this.end());
        await this.change({ built: null });
        return this.outcome(action, began, null);
      default:
        throw new Error(`${action.id} is not of this simulation`);
    }
  }

  /** As apply/build-guest.ts does it. Resolves to why it did not work. */
  private async build(
    { spec, commit, role }: GuestTarget,
    askedWhenHalted: ReadonlySet<string>,
  ): Promise<string | null> {
    const { truth } = this.fleet;
    const { fingerprint } = spec;
    const release = this.fleet.story.releases.find(({ guest }) => guest.fingerprint === fingerprint);
    if (release === undefined) throw new Error(`no release is ${fingerprint}`);
    truth.began(this.fate.name, release, askedWhenHalted.has(fingerprint));
    const building = { fingerprint, commit, at: iso(this.life.clock()), machineName: GUEST };
    await this.change({ building });
    await this.life.effect(() => this.end());
    await this.change({ built: null });
    await this.takesTime();
    const error = this.whyNot(release);
    const at = iso(this.life.clock());
    const known = this.known();
    if (error !== null) {
      const failed = { fingerprint, commit, at, error };
      await this.remember(
        role === 'desired' ? { ...known, failed } : { ...known, good: null, previous: null },
        () => {
          this.failures += 1;
          // what was proven here and does not work later is sick for another reason
          if (role === 'desired' && !truth.hasRun(this.fate.name, fingerprint))
            this.failure = { fingerprint, number: this.failures };
        },
      );
      await this.change({ building: null });
      if (role !== 'desired') truth.gaveUp(this.fate.name);
      return error;
    }
    this.machines += 1;
    const machineId = `m${this.machines}`;
    await this.life.effect(() => {
      this.machine = present(spec.box, { id: machineId });
    });
    const proven = {
      ...known,
      built: { spec, commit, at, machineId, ssh: NO_SSH },
      good: { spec, commit, at },
      building: null,
      failed: known.failed?.fingerprint === fingerprint ? null : known.failed,
    };
    await this.remember(proven, () => {
      truth.runs(this.fate.name, fingerprint);
      if (this.failure?.fingerprint === fingerprint) this.failure = null;
    });
    return null;
  }

  private known(): GuestMemory {
    return guestIn(this.world.memory, GUEST) ?? newGuestMemory;
  }

  private change(part: Partial<GuestMemory>): Promise<void> {
    return this.remember({ ...this.known(), ...part }, () => undefined);
  }

  /** What is durable is true, also where the process dies before it has told anyone. */
  private remember(guest: GuestMemory, then: () => void): Promise<void> {
    return this.life.effect(() => {
      const { world } = this;
      world.memory = { ...world.memory, guests: { ...world.memory.guests, [GUEST]: guest } };
      then();
    });
  }

  private end(): void {
    if (this.machine.state !== 'present') return;
    this.machine = { state: 'absent' };
    this.fleet.truth.ended(this.fate.name);
  }

  /** A process may die while Vagrant is at work. */
  private async takesTime(): Promise<void> {
    const { timeline, isCalm } = this.fleet;
    const took = this.random.between(...this.fate.build);
    if (isCalm() || !this.random.chance(DIES_IN_BUILD)) return timeline.wait(took);
    await timeline.wait(this.random.between(0, took));
    this.life.die('in a build');
  }

  private whyNot(release: Release): string | null {
    if (release.isBad(this.fate.name)) return 'init.sh ended with 1';
    return !this.fleet.isCalm() && this.random.chance(FLAKY) ? 'the network was away' : null;
  }

  private outcome(action: Action, began: number, error: string | null): ActionOutcome {
    const probes = 'target' in action && error === null ? action.target.spec.probes : [];
    return {
      action,
      result: error === null ? 'done' : 'failed',
      startedAt: iso(began + this.fate.skew),
      durationMs: this.fleet.timeline.now - began,
      exitStatus: error === null ? 0 : 1,
      output: '',
      error,
      guestAtFault: error !== null,
      probes: probes.map(({ name }) => passed(name)),
    };
  }
}

const NO_SSH = { host: '127.0.0.1', port: 22, user: 'vagrant', identityFiles: [], hostKey: null };

function passed(name: string) {
  return { guest: GUEST, name, ok: true, detail: 'ok', durationMs: 1 };
}
