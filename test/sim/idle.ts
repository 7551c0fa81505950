/**
 * The scenario `idle`: eight hosts for a month, each with one guest that a CI system gives jobs at random, a nightly recycle and
 * merges of changes; while APIs fail, processes die, clocks are wrong, the remote is away and people take agents off.
 *
 * A recycle must be done in a window with room: one during which the API answers, the clock is right, no process died, no build failed
 * and no box was fetched, that is not cut short by a change of the clock, and in which whatever job was running at the host's own minute ends early enough for a build.
 */
import type { ActionOutcome } from '../../reconciler/apply/outcome.ts';
import { DAY, HOUR, MINUTE } from '../../reconciler/clock.ts';
import type { HostSpec } from '../../reconciler/desired/spec.ts';
import { windowState } from '../../reconciler/gate/window.ts';
import { box, file, guest, host, observation, observed } from '../unit/plan/builders.ts';
import type { Random } from './random.ts';
import { type Fate, fateOf, HOSTS, type Month, monthOf, overlaps, within } from './schedule.ts';
import { GUEST, LONGEST_DOWNTIME, POLL, type SimHost, simHost } from './sim-host.ts';
import { NOTHING, sum, type Totals } from './totals.ts';

const EVERY = DAY;
const AGENT = { system: 'command', drain: ['drain'], idle: ['idle'], undrain: ['undrain'] } as const;
/** What a build and the wait for its window's end may take at most. */
const ENOUGH = 95 * MINUTE;

export async function idle(seed: Random, tell: (line: string) => void): Promise<Totals> {
  const month = monthOf(seed.fork(0));
  let totals = NOTHING;
  for (let index = 0; index < HOSTS; index += 1) {
    const random = seed.fork(100 + index);
    const fate = fateOf(month, random.fork(0));
    const name = `host${index + 1}`;
    const found = await live(month, fate, index / HOSTS, random, (at, what) =>
      tell(`${new Date(at).toISOString()} ${name} ${what}`),
    );
    totals = sum(totals, found);
  }
  return totals;
}

async function live(
  month: Month,
  fate: Fate,
  place: number,
  random: Random,
  tell: (at: number, what: string) => void,
): Promise<Totals> {
  const sim = simHost(month, fate, random.fork(1), (what) => tell(sim.now(), what));
  const { world } = sim;
  world.seen = observation({ guests: [observed()], boot: null });
  for (const [index] of [null, ...month.merges].entries())
    world.specs.set(commitOf(index), specOf(month, place, index));
  world.tip = commitOf(0);
  const nights = new Nights(month, fate, place, sim, (what) => tell(sim.now(), what));
  const person = new Person(fate, sim);
  while (sim.now() < month.end) {
    world.tip = commitOf(month.merges.filter((at) => at <= sim.now()).length);
    person.act();
    const began = sim.now();
    const report = await sim.poll();
    nights.look(began, report === null || report.outcomes.some(disturbs));
    const waiting =
      report === null || report.pending.some(({ gates }) => gates.every(({ kind }) => kind !== 'window'));
    const next =
      report === null
        ? sim.now() + random.between(1, LONGEST_DOWNTIME)
        : nextPoll(month, place, sim, waiting, random);
    for (const gate of report?.pending.flatMap(({ gates }) => gates) ?? [])
      tell(sim.now(), `waits: ${gate.detail}`);
    const drained = world.memory.guests[GUEST]?.drained;
    if (drained)
      tell(sim.now(), `noted: off since ${drained.since}${drained.byOther ? ', by someone else' : ''}`);
    tell(sim.now(), `next poll in ${Math.round((next - sim.now()) / MINUTE)} min`);
    sim.passTo(next);
  }
  const { drained, lost } = remains(month, fate, sim, tell);
  return {
    faults: {
      killed: sim.toll.killed,
      drained,
      lost,
      'recycles missed': nights.missed,
      'outside their window': sim.toll.outside,
    },
    done: { 'guests built': nights.rebuilt },
  };
}

function commitOf(index: number): string {
  return index.toString(16).padStart(40, '0');
}

function specOf(month: Month, place: number, index: number): HostSpec {
  const changed = guest({
    agent: AGENT,
    window: month.window,
    recycleEvery: EVERY,
    box: box(`1.${Math.floor(index / 3)}.0`),
    files: [file('Vagrantfile', 'v1'), file('init.sh', `v${index}`)],
  });
  return host([changed], { place, window: month.window });
}

/**
 * A person who takes the agent off and puts it back, once each. He leaves alone what we are about to use; whether he knows that or
 * not, it is the one race nobody can win.
 */
class Person {
  private wanted = true;
  private readonly fate: Fate;
  private readonly sim: SimHost;

  constructor(fate: Fate, sim: SimHost) {
    this.fate = fate;
    this.sim = sim;
  }

  act(): void {
    const { world, pool, now } = this.sim;
    const wanted = !within(this.fate.takenOff, now());
    const ours = world.memory.guests[GUEST]?.drained ?? null;
    if (wanted === this.wanted || (ours !== null && !ours.byOther)) return;
    this.wanted = wanted;
    pool.setByPerson(wanted);
  }
}

/** What may leave no room for a recycle: a change that is fetched goes first, and one that failed is tried again. */
function disturbs({ action, result }: ActionOutcome): boolean {
  return result !== 'done' || action.kind === 'fetch-box';
}

/** A minute after the last one, but for polls at which nothing could be different. */
function nextPoll(month: Month, place: number, sim: SimHost, waiting: boolean, random: Random): number {
  const now = sim.now();
  const jitter = random.between(0, POLL);
  if (waiting) return now + random.between(POLL, 12 * MINUTE);
  const clock = sim.clock();
  const state = windowState(month.window, clock);
  const wait = state.open
    ? Math.max(ownMinute(month, place, state.opensAtMs) - clock, 0) || 80 * MINUTE
    : (state.opensAtMs ?? clock) - clock;
  const merge = month.merges.find((at) => at > now) ?? month.end;
  return Math.min(now + Math.min(wait, 7 * HOUR), merge) + jitter + 1;
}

function ownMinute({ window }: Month, place: number, opensAt: number): number {
  const state = windowState(window, opensAt);
  return state.open ? opensAt + Math.floor(place * (state.closesAtMs - opensAt) * 0.75) : opensAt;
}

/** Watches that each window with room has a guest younger than a day at its end. */
class Nights {
  missed = 0;
  rebuilt = 0;
  private closesAt = 0;
  private own = 0;
  private room = false;
  private readonly seen = new Set<string>();
  private readonly month: Month;
  private readonly fate: Fate;
  private readonly place: number;
  private readonly sim: SimHost;
  private readonly tell: (what: string) => void;

  constructor(month: Month, fate: Fate, place: number, sim: SimHost, tell: (what: string) => void) {
    this.month = month;
    this.fate = fate;
    this.place = place;
    this.sim = sim;
    this.tell = tell;
  }

  /** After each poll. @param began when it did. @param trouble the process died, or something it tried failed */
  look(began: number, trouble: boolean): void {
    const { sim, month, fate } = this;
    const now = sim.now();
    const built = sim.world.seen.guests[0]?.builtFrom;
    if (built && !this.seen.has(built.machineId)) {
      this.seen.add(built.machineId);
      this.rebuilt += 1;
    }
    if (trouble && began < this.closesAt) this.room = false;
    if (now >= this.closesAt) {
      if (this.room && built && this.closesAt - Date.parse(built.at) > EVERY + HOUR) {
        this.missed += 1;
        this.tell(`MISSED a recycle: built at ${built.at}`);
      }
      this.room = false;
      const state = windowState(month.window, now);
      if (!state.open) return;
      this.closesAt = state.closesAtMs;
      this.own = ownMinute(month, this.place, state.opensAtMs);
      const night = { from: state.opensAtMs - HOUR, to: state.closesAtMs };
      const disturbed = [fate.outages, fate.skews].some((spans) => overlaps(spans, night));
      this.room = !disturbed && now < this.own + 5 * MINUTE && this.closesAt - this.own > ENOUGH;
    }
    if (trouble) this.room = false;
    const job = sim.pool.job();
    if (now >= this.own && job !== null && Math.max(job.until, now) > this.closesAt - ENOUGH)
      this.room = false;
    if (job !== null && job.until - now > 5 * HOUR) this.room = false;
  }
}

/**
 * `drained`: agents left off their pool by us, or put back although a person had taken them off. `lost`: attempts without exactly one
 * record, and changes that are not in force.
 */
type Remains = { readonly drained: number; readonly lost: number };

/** What must be so when nothing has gone wrong for two days. */
function remains(
  month: Month,
  fate: Fate,
  { world, pool, now }: SimHost,
  tell: (at: number, what: string) => void,
): Remains {
  let [drained, lost] = [0, 0];
  const complain = (what: string) => tell(now(), what);
  const offByPerson = within(fate.takenOff, now());
  if (pool.overruled() > 0) {
    drained += pool.overruled();
    complain('PUT BACK an agent that a person had taken off');
  }
  if (pool.enabled() === offByPerson || world.memory.guests[GUEST]?.drained) {
    drained += 1;
    complain('LEFT DRAINED, or put back in spite of a person');
  }
  const ids = world.chain.map(({ id }) => id);
  for (const id of new Set(world.attempts)) {
    if (ids.filter((other) => other === id).length === 1) continue;
    lost += 1;
    complain(`LOST: attempt ${id} has not one record`);
  }
  if (new Set(ids).size !== ids.length) {
    lost += 1;
    complain('LOST: a record is there twice');
  }
  const wanted = world.specs.get(commitOf(month.merges.length))?.guests[0]?.fingerprint;
  if (world.seen.guests[0]?.builtFrom?.spec.fingerprint !== wanted) {
    lost += 1;
    complain('LOST: the last change is not in force');
  }
  return { drained, lost };
}
