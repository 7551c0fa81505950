/**
 * One host of the simulation: the real reconcile over modelled ports, in virtual time. Its process dies at calls that the seed
 * chooses; what is durable stays.
 */
import type { ActionOutcome } from '../../reconciler/apply/outcome.ts';
import { HOUR, iso, MINUTE, SECOND } from '../../reconciler/clock.ts';
import { RemoteUnreachable } from '../../reconciler/errors.ts';
import { endsMachines } from '../../reconciler/gate/gate.ts';
import type { Host } from '../../reconciler/host-ports.ts';
import type { Action } from '../../reconciler/plan/plan.ts';
import { type Report, reconcile } from '../../reconciler/reconcile.ts';
import { carryOut } from '../unit/plan/model-host.ts';
import { Died, portsOf, type World, worldOver } from '../unit/reconcile/model-world.ts';
import { type CiPool, ciPool } from './ci-pool.ts';
import { memoryJournal } from './memory-journal.ts';
import type { Random } from './random.ts';
import { type Fate, type Month, within } from './schedule.ts';

export const GUEST = 'azure-agent';

/** What went wrong; all of it must stay 0. */
export type Toll = { killed: number; outside: number };

/** How often something is thrown in that only a crash or a broken host would. */
const DIES = 0.1;
const BUILD_FAILS = 0.05;
/** As many calls as a run has that does much; most do little, so early ones are chosen more often. */
const CALLS = 90;

export type SimHost = {
  readonly world: World;
  readonly pool: CiPool;
  readonly toll: Toll;
  /** True time. */
  now(): number;
  /** What the host takes for the time. */
  clock(): number;
  passTo(instant: number): void;
  /** One run; null: the process died in it. */
  poll(): Promise<Report | null>;
};

export function simHost(month: Month, fate: Fate, random: Random, tell: (what: string) => void): SimHost {
  let now = month.begin;
  let process: Host | null = null;
  let [calls, dieAt] = [0, 0];
  let dead = false;
  const world = worldOver(memoryJournal());
  const toll: Toll = { killed: 0, outside: 0 };
  const calm = () => now >= month.calm;
  const facts = { random: random.fork(1), now: () => now, down: () => within(fate.outages, now), calm, tell };
  const pool = ciPool(facts);

  function clock(): number {
    const wrong = fate.skews.find(({ from, to }) => from <= now && now < to);
    return Math.floor(now + (wrong?.by ?? 0));
  }

  async function effect<T>(work: () => T | Promise<T>): Promise<T> {
    die();
    const result = await work();
    die();
    return result;
  }

  function die(): void {
    calls += 1;
    // a dead process does nothing more, whatever catches what
    if (dead || calls === dieAt) {
      dead = true;
      throw new Died(`at call ${dieAt}`);
    }
  }

  function passTo(instant: number): void {
    now = Math.max(now, instant);
    world.now = clock();
    pool.advance(now);
  }

  function perform(action: Action): ActionOutcome {
    const began = clock();
    if (endsMachines(action)) witness(action, began);
    const fails = !calm() && 'target' in action && random.chance(BUILD_FAILS);
    if (!fails) change(action);
    const took = durationOf(action);
    passTo(now + took);
    return outcomeOf(action, began, took, fails ? 'failed' : 'done');
  }

  /** Now and then a fetch goes on past the end of the window. */
  function durationOf({ kind }: Action): number {
    if (kind === 'fetch-box') return random.chance(0.2) ? random.between(HOUR, 6 * HOUR) : MINUTE;
    return kind === 'create-guest' || kind === 'rebuild-guest'
      ? random.between(5 * MINUTE, 40 * MINUTE)
      : random.between(SECOND, MINUTE);
  }

  /** The truth, which the reconciler can only ask about. */
  function witness(action: Action, began: number): void {
    pool.advance(now);
    const job = pool.job();
    if (job !== null) {
      toll.killed += 1;
      tell(`KILLED job ${job.id} by ${action.id}`);
    }
    if (action.disruptive && !isOpen(month.window, began)) {
      toll.outside += 1;
      tell(`OUTSIDE its window: ${action.id}`);
    }
  }

  function change(action: Action): void {
    tell(`${action.id}: ${action.reason}`);
    if (endsMachines(action)) pool.setRunning(false);
    const plan = { host: 'builder1', commit: world.tip, actions: [action], held: [], notes: [], spare: [] };
    world.seen = carryOut(plan, world.seen, clock());
    if ('target' in action) pool.setRunning(true);
  }

  function start(): Host {
    const ports = portsOf(world, effect);
    return {
      ...ports,
      clock: {
        now: clock,
        sleep: async (ms) => passTo(now + ms),
      },
      mirror: {
        ...ports.mirror,
        fetch: async () => {
          if (within(fate.offline, now)) throw new RemoteUnreachable('the remote is away');
          return world.tip;
        },
        lastTip: async () => world.memory.applied?.commit ?? null,
      },
      agent: () => ({
        ...pool.agent,
        drain: (signal) => effect(() => pool.agent.drain(signal)),
        undrain: (signal) => effect(() => pool.agent.undrain(signal)),
      }),
      apply: async (actions, attempt) => {
        const outcomes: ActionOutcome[] = [];
        const isDone = (id: string) =>
          outcomes.some((outcome) => outcome.action.id === id && outcome.result === 'done');
        for (const action of actions) {
          if (!action.needs.every(isDone)) {
            outcomes.push({ ...outcomeOf(action, clock(), 0, 'skipped'), startedAt: null });
            continue;
          }
          await attempt.begin(action);
          const outcome = await effect(() => perform(action));
          await attempt.end(outcome);
          outcomes.push(outcome);
        }
        return outcomes;
      },
      newId: () => `${world.chain.length}-${random.between(0, 2 ** 40)}`,
      gaveUp: new Map(),
    };
  }

  async function poll(): Promise<Report | null> {
    process ??= start();
    calls = 0;
    dead = false;
    dieAt = !calm() && random.chance(DIES) ? Math.ceil(CALLS ** random.next()) : 0;
    world.now = clock();
    try {
      return await reconcile(process, {
        trigger: 'poll',
        forceWindow: false,
        holdDrain: true,
        signal: NEVER,
      });
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      tell(`died ${error.message}`);
      process = null;
      return null;
    }
  }

  return { world, pool, toll, now: () => now, clock, passTo, poll };
}

const NEVER = new AbortController().signal;

function outcomeOf(
  action: Action,
  began: number,
  took: number,
  result: ActionOutcome['result'],
): ActionOutcome {
  return {
    action,
    result,
    startedAt: iso(began),
    durationMs: took,
    exitStatus: result === 'failed' ? 1 : 0,
    output: '',
    error: result === 'failed' ? 'the provider is away' : null,
    guestAtFault: false,
    probes: [],
  };
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the wall clock says, without the code that is being tried: windows here open every day. */
export function isOpen({ from, to, timezone: timeZone }: Month['window'], instant: number): boolean {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  formats.set(timeZone, format);
  const time = format.format(instant);
  return from < to ? from <= time && time < to : from <= time || time < to;
}

/** Longer than any wait for a call: a poll is no shorter. */
export const POLL = MINUTE;
export const LONGEST_DOWNTIME = 3 * HOUR;
