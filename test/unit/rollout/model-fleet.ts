/**
 * Several hosts in memory, each behind the real reconcile, that know of each other by their records alone: what one appends, the others
 * read as its newest word.
 */
import type { ActionOutcome } from '../../../reconciler/apply/outcome.ts';
import { iso } from '../../../reconciler/clock.ts';
import type { GuestSpec, HostSpec, RolloutSpec } from '../../../reconciler/desired/spec.ts';
import { RemoteUnreachable } from '../../../reconciler/errors.ts';
import type { Host } from '../../../reconciler/host-ports.ts';
import { newGuestMemory } from '../../../reconciler/observed/memory.ts';
import type { Action } from '../../../reconciler/plan/plan.ts';
import { preview, type Report, type Request, reconcile } from '../../../reconciler/reconcile.ts';
import { wordIn } from '../../../reconciler/rollout/believe.ts';
import type { GivenResume } from '../../../reconciler/rollout/judge-resumes.ts';
import type { FleetFacts, HostWord } from '../../../reconciler/rollout/progress.ts';
import type { RevertWanted } from '../../../reconciler/rollout/propose-revert.ts';
import { host as hostSpec, NOW, rolloutOf } from '../plan/builders.ts';
import { type Effect, newWorld, portsOf, type World } from '../reconcile/model-world.ts';

const DAEMON: Request = {
  trigger: 'poll',
  forceWindow: false,
  holdDrain: true,
  signal: new AbortController().signal,
};

const undisturbed: Effect = async (work) => work();

/** What a fleet is made of: names of hosts, with their labels. */
export class Fleet {
  now = NOW;
  readonly worlds = new Map<string, World>();
  /** Fingerprints that do not work, and on which hosts; null: on none. */
  readonly bad = new Map<string, readonly string[] | null>();
  readonly offline = new Set<string>();
  /** Hosts that leave the remote to others now, which answers all the same. */
  readonly resting = new Set<string>();
  /** Hosts that the remote tells of the watched branch, and of no other. */
  readonly unlisted = new Set<string>();
  /** What approvers forgave. */
  readonly resumes: GivenResume[] = [];
  /** What hosts proposed to take back. */
  readonly proposed: RevertWanted[] = [];
  /** Hosts on which probes fail. */
  readonly ill = new Set<string>();
  /** Each build that was begun: which host built what, and when. */
  readonly built: { readonly host: string; readonly fingerprint: string; readonly at: number }[] = [];
  /** Each time that a host asked for others' records. */
  asked = 0;
  private readonly labels: ReadonlyMap<string, readonly string[]>;

  constructor(labels: Readonly<Record<string, readonly string[]>>) {
    this.labels = new Map(Object.entries(labels));
    for (const name of this.labels.keys()) this.worlds.set(name, newWorld());
  }

  dispose(): void {
    for (const world of this.worlds.values()) world.dispose();
  }

  /** A commit that asks all hosts for these guests. */
  release(commit: string, guests: readonly GuestSpec[], rollout: Partial<RolloutSpec> | null): void {
    for (const [name, world] of this.worlds) {
      const labels = this.labels.get(name) ?? [];
      const of = rollout === null ? null : rolloutOf(rollout);
      const open = guests.map((guest) => ({ ...guest, window: null }));
      world.specs.set(commit, hostSpec(open, { host: name, labels, rollout: of, window: null }));
      world.tip = commit;
    }
  }

  world(name: string): World {
    const world = this.worlds.get(name);
    if (world === undefined) throw new Error(`no host ${name}`);
    return world;
  }

  /** The fingerprint that a guest of a host was built from; null: it is not there. */
  is(name: string, guest = 'azure-agent'): string | null {
    const found = this.world(name).seen.guests.find((other) => other.name === guest);
    return found?.builtFrom?.spec.fingerprint ?? null;
  }

  records(name: string): string[] {
    return this.world(name).chain.map(({ kind, summary }) => `${kind}: ${summary}`);
  }

  /** Some time passes, then each host looks once. */
  async tick(ms: number, hosts: Iterable<string> = this.worlds.keys()): Promise<ReadonlyMap<string, Report>> {
    this.now += ms;
    const reports = new Map<string, Report>();
    for (const name of hosts) reports.set(name, await this.run(name));
    return reports;
  }

  async run(name: string, effect: Effect = undisturbed): Promise<Report> {
    return reconcile(this.process(name, effect), DAEMON);
  }

  async plan(name: string): Promise<Report> {
    return preview(this.process(name, undisturbed), DAEMON);
  }

  private process(name: string, effect: Effect): Host {
    const world = this.world(name);
    world.now = Math.max(world.now, this.now);
    const ports = portsOf(world, effect);
    const away = this.offline.has(name);
    const words = (hosts: readonly string[]) => new Map(hosts.map((other) => [other, this.word(other)]));
    return {
      ...ports,
      name,
      mirror: {
        ...ports.mirror,
        fetch: away ? gone : ports.mirror.fetch,
        listBranches: this.unlisted.has(name) ? gone : ports.mirror.listBranches,
      },
      contact: { ...ports.contact, due: () => !this.resting.has(name), problem: away ? AWAY : null },
      words: {
        facts: async (commit) => this.facts(commit),
        words: async (_facts, hosts) => {
          this.asked += 1;
          return away ? gone() : words(hosts);
        },
        lastWords: (_facts, hosts) => words(hosts),
      },
      resumes: { given: async () => this.resumes },
      proposeRevert: async (wanted) => {
        this.proposed.push(wanted);
        return 'a branch takes it back';
      },
      probe: async (guest) => this.probes(name, guest),
      apply: async (actions, attempt) => {
        const outcomes: ActionOutcome[] = [];
        for (const action of actions) {
          const unmet = action.needs.some((need) =>
            outcomes.some(({ action: { id }, result }) => id === need && result !== 'done'),
          );
          if (unmet) continue;
          outcomes.push(...(await this.carryOut(name, action, attempt, effect, ports)));
        }
        return outcomes;
      },
    };
  }

  private async carryOut(
    name: string,
    action: Action,
    attempt: Parameters<Host['apply']>[1],
    effect: Effect,
    ports: Host,
  ): Promise<readonly ActionOutcome[]> {
    const world = this.world(name);
    const builds = action.kind === 'create-guest' || action.kind === 'rebuild-guest';
    if (!builds) return ports.apply([action], attempt, DAEMON.signal);
    const { fingerprint } = action.target.spec;
    this.built.push({ host: name, fingerprint, at: world.now });
    const where = this.bad.get(fingerprint);
    if (where === undefined || (where !== null && !where.includes(name))) {
      const outcomes = await ports.apply([action], attempt, DAEMON.signal);
      this.forget(name, action.guest, fingerprint);
      return outcomes;
    }
    await attempt.begin(action);
    const outcome = await effect(() => this.fail(name, action, action.target));
    await attempt.end(outcome);
    return [outcome];
  }

  /** As the real one does: what failed is remembered, and its machine ended. */
  private fail(
    name: string,
    action: Action & { readonly guest: string },
    { spec, commit, role }: { readonly spec: GuestSpec; readonly commit: string; readonly role: string },
  ): ActionOutcome {
    const world = this.world(name);
    const at = iso(world.now);
    const failed = { fingerprint: spec.fingerprint, commit, at, error: 'init.sh ended with 1' };
    const known = world.memory.guests[action.guest] ?? newGuestMemory;
    world.memory = {
      ...world.memory,
      guests: { ...world.memory.guests, [action.guest]: role === 'desired' ? { ...known, failed } : known },
    };
    world.seen = {
      ...world.seen,
      boxes: world.seen.boxes.map((box) => ({
        ...box,
        usedBy: box.usedBy.filter((user) => user !== action.guest),
      })),
      guests: world.seen.guests.map((guest) =>
        guest.name !== action.guest
          ? guest
          : {
              ...guest,
              machine: { state: 'absent' },
              builtFrom: null,
              ...(role === 'desired' ? { failed } : { lastGood: null }),
            },
      ),
    };
    return {
      action,
      result: 'failed',
      startedAt: at,
      durationMs: 1,
      exitStatus: 1,
      output: '',
      error: failed.error,
      guestAtFault: true,
      probes: [],
    };
  }

  private forget(name: string, guest: string, fingerprint: string): void {
    const world = this.world(name);
    const known = world.memory.guests[guest];
    if (known?.failed?.fingerprint === fingerprint)
      world.memory = {
        ...world.memory,
        guests: { ...world.memory.guests, [guest]: { ...known, failed: null } },
      };
    world.seen = {
      ...world.seen,
      guests: world.seen.guests.map((other) =>
        other.name === guest && other.failed?.fingerprint === fingerprint
          ? { ...other, failed: null }
          : other,
      ),
    };
  }

  private facts(commit: string): FleetFacts {
    const specs = [...this.worlds].map(([name, world]): HostSpec => {
      const spec = world.specs.get(commit);
      if (spec === undefined) throw new Error(`no commit ${commit}`);
      return { ...spec, host: name };
    });
    return {
      members: specs.map(({ host, labels, guests }) => ({
        name: host,
        labels,
        guests: new Map(guests.map((guest) => [guest.name, guest.fingerprint])),
        broken: null,
      })),
      changes: new Map(specs[0]?.guests.map((guest) => [guest.name, `change ${guest.fingerprint}`])),
      guestCount: specs.length,
      keys: new Map(),
    };
  }

  private word(name: string): HostWord {
    const last = this.world(name).chain.at(-1);
    return last === undefined
      ? { state: 'silent', why: 'has no record on the remote' }
      : wordIn(last, (text) => text);
  }

  private probes(host: string, guest: string) {
    const there = this.world(host).seen.guests.find(({ name }) => name === guest);
    const ok = !this.ill.has(host);
    const detail = ok ? 'ok' : 'printed nothing';
    return (there?.builtFrom?.spec.probes ?? []).map(({ name }) => ({
      guest,
      name,
      ok,
      detail,
      durationMs: 1,
    }));
  }
}

const AWAY = 'the remote is away';

async function gone(): Promise<never> {
  throw new RemoteUnreachable(AWAY);
}
