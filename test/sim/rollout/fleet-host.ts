/**
 * One host of a simulated fleet: the real reconcile, with roll-outs and leases, over a modelled guest and disk. Its process dies
 * at calls that the seed chooses, and in the midst of builds; what is durable stays.
 */
import type { ActionOutcome } from '../../../reconciler/apply/outcome.ts';
import type { AuditRecord, RecordDraft } from '../../../reconciler/audit/record.ts';
import { HOUR, MINUTE } from '../../../reconciler/clock.ts';
import { remoteContact } from '../../../reconciler/daemon/remote-contact.ts';
import type { Host } from '../../../reconciler/host-ports.ts';
import { type Report, reconcile } from '../../../reconciler/reconcile.ts';
import { gitLeases } from '../../../reconciler/rollout/lease/git-leases.ts';
import { Died, portsOf, type World, worldOver } from '../../unit/reconcile/model-world.ts';
import { memoryJournal } from '../memory-journal.ts';
import type { Random } from '../random.ts';
import { Account } from './account.ts';
import { ModelledGuest } from './modelled-guest.ts';
import { Others } from './others.ts';
import { Link, type Server } from './server.ts';
import type { Fate, Release, Story } from './story.ts';
import type { Timeline } from './timeline.ts';
import type { Truth } from './truth.ts';

/** What all hosts of a seed have in common. */
export type Fleet = {
  readonly story: Story;
  readonly timeline: Timeline;
  readonly server: Server;
  readonly truth: Truth;
  readonly isCalm: () => boolean;
  readonly tell: (host: string, what: string) => void;
};

const DIES = 0.04;
/** As many calls as a run has that does much; most do little, so early ones are chosen more often. */
const CALLS = 120;
const LONGEST_DOWNTIME = 3 * HOUR;
const DAEMON = {
  trigger: 'poll',
  forceWindow: false,
  holdDrain: true,
  signal: new AbortController().signal,
} as const;

export class FleetHost {
  private readonly world: World = worldOver(memoryJournal());
  readonly guest: ModelledGuest;
  private readonly link: Link;
  private ids = 0;
  private process: Host | null = null;
  private calls = 0;
  private dieAt = 0;
  private dead = false;
  private readonly account: Account;
  private readonly others: Others;
  private readonly fleet: Fleet;
  private readonly fate: Fate;
  private readonly random: Random;

  constructor(fleet: Fleet, fate: Fate, random: Random) {
    this.fleet = fleet;
    this.fate = fate;
    this.random = random;
    this.link = new Link(fleet.server, fate, random.fork(1), fleet);
    const { world } = this;
    world.memory = { ...world.memory, host: fate.name };
    const life = {
      effect: <T>(work: () => T | Promise<T>) => this.effect(work),
      die: (how: string) => this.die(how),
      clock: () => this.clock(),
    };
    const clock = life.clock;
    this.account = new Account({ host: fate.name, link: this.link, clock, random: () => random.next() });
    this.others = new Others(this.link, fleet.story, (commit) => this.release(commit));
    this.guest = new ModelledGuest({ fleet, fate, random, world, life });
  }

  get name(): string {
    return this.fate.name;
  }

  /** Looks now and then, until it is switched off for good. */
  async live(): Promise<void> {
    const { timeline, story } = this.fleet;
    const [least, most] = story.poll;
    await timeline.wait(this.random.between(0, most));
    while (this.fate.diesAt === null || timeline.now < this.fate.diesAt) {
      const report = await this.poll();
      if (report === null) {
        await timeline.wait(this.random.between(1, LONGEST_DOWNTIME));
      } else {
        const waits = report.pending.some(({ gates }) => gates.some(({ kind }) => kind === 'job'));
        await timeline.wait(
          waits ? this.random.between(MINUTE, 5 * MINUTE) : this.random.between(least, most),
        );
      }
    }
    this.fleet.tell(this.name, 'is switched off for good');
  }

  /** What must be so when nothing has gone wrong for long. */
  settle(): void {
    const { truth, story } = this.fleet;
    const last = story.releases.at(-1);
    if (truth.runsNow(this.name) !== last?.guest.fingerprint)
      truth.fault('stuck', this.name, `is ${truth.runsNow(this.name) ?? 'nothing'} at the end`);
    for (const id of this.world.attempts)
      if (!this.account.hasOne(id)) truth.fault('lost', this.name, `attempt ${id} has not one record`);
  }

  /** Whether it is what the last commit asks for, its account is on the server, and it has no lease. */
  isSettled(): boolean {
    const { truth, story } = this.fleet;
    const isLast = truth.runsNow(this.name) === story.releases.at(-1)?.guest.fingerprint;
    return isLast && !truth.isOut(this.name) && !this.world.memory.lease && this.account.isOnServer();
  }

  /** null: the process died. */
  private async poll(): Promise<Report | null> {
    this.process ??= this.start();
    this.calls = 0;
    this.dead = false;
    const dies = !this.fleet.isCalm() && this.random.chance(DIES);
    this.dieAt = dies ? Math.ceil(CALLS ** this.random.next()) : 0;
    try {
      const report = await reconcile(this.process, DAEMON);
      const { records, accepted } = report;
      await this.account.tell(records, accepted.desired?.spec ?? null, () => this.guest.failure);
      return report;
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      this.fleet.tell(this.name, `died ${error.message}`);
      this.fleet.truth.died(this.name);
      this.process = null;
      this.account.forgetTurn();
      this.others.forget();
      return null;
    }
  }

  private clock(): number {
    return Math.floor(this.fleet.timeline.now + this.fate.skew);
  }

  private async effect<T>(work: () => T | Promise<T>): Promise<T> {
    this.step();
    const result = await work();
    this.step();
    return result;
  }

  private step(): void {
    this.calls += 1;
    if (this.dead || this.calls === this.dieAt) this.die(`at call ${this.calls}`);
  }

  private die(how: string): never {
    // a dead process does nothing more, whatever catches what
    this.dead = true;
    throw new Died(how);
  }

  private start(): Host {
    const ports = portsOf(this.world, (work) => this.effect(work));
    const { story, server, timeline, truth } = this.fleet;
    const { world, link, name } = this;
    const clock = { now: () => this.clock(), sleep: (ms: number) => timeline.wait(ms) };
    const spec = (commit: string) => this.release(commit).specs.get(name);
    return {
      ...ports,
      name,
      clock,
      contact: remoteContact(clock, () => this.random.next()),
      mirror: {
        ...ports.mirror,
        fetch: () => link.request('list', () => this.follow(server.tip())),
        lastTip: async () => world.memory.applied?.commit ?? story.releases[0].commit,
      },
      audit: {
        ...ports.audit,
        append: (draft) => this.effect(() => this.append(draft)),
        last: async () => this.account.last,
      },
      words: this.others.words(),
      resumes: { given: async () => server.resumes },
      leases: () =>
        gitLeases({
          refs: link.leases((slot) => {
            if (slot.state === 'free') truth.gaveBack(name);
            else truth.leased(name, Date.parse(slot.until) - this.fate.skew);
          }),
          host: name,
          now: () => this.clock(),
          newId: () => this.newId(),
          remembered: () => Boolean(world.memory.lease),
          remember: async (held) => {
            await ports.memory.update((memory) => ({ ...memory, lease: held ? { fleetLock: null } : null }));
          },
        }),
      resolve: async (commit) => {
        const found = spec(commit);
        if (found === undefined) throw new Error(`${name} is not in ${commit}`);
        return found;
      },
      observe: async () => this.guest.observe(),
      probe: async () => this.guest.probes(),
      agent: () => this.guest.agent(),
      apply: async (actions, attempt) => {
        const outcomes: ActionOutcome[] = [];
        for (const action of actions) {
          await attempt.begin(action);
          const outcome = await this.guest.perform(action, this.others.halted);
          await attempt.end(outcome);
          outcomes.push(outcome);
        }
        return outcomes;
      },
      newId: () => this.newId(),
      gaveUp: new Map(),
    };
  }

  /** A host that a commit takes out of the fleet stays with what it had: it is about to be switched off. */
  private follow({ commit, specs, guest }: Release): string {
    // what it says from now on is about another change
    if (specs.has(this.name) && this.guest.failure?.fingerprint !== guest.fingerprint)
      this.guest.failure = null;
    return specs.has(this.name) ? commit : (this.world.memory.applied?.commit ?? commit);
  }

  private release(commit: string): Release {
    const found = this.fleet.story.releases.find((release) => release.commit === commit);
    if (found === undefined) throw new Error(`no commit ${commit}`);
    return found;
  }

  private newId(): string {
    this.ids += 1;
    return `${this.name}-${this.ids}`;
  }

  private append(draft: RecordDraft): AuditRecord {
    const { truth, tell } = this.fleet;
    if (this.account.last?.id !== draft.id) {
      if (draft.kind === 'halted') truth.halts += 1;
      tell(this.name, `${draft.kind}: ${draft.summary}`);
    }
    return this.account.append(draft);
  }
}
