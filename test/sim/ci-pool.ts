/**
 * A CI system with one agent, in virtual time: it hands out jobs whenever the agent is on its pool and idle, also between any two
 * of our calls; its calls fail, alone or for hours, and a call that failed may have taken effect.
 */
import type { Activity, CiAgent } from '../../reconciler/agents/ci-agent.ts';
import { HOUR, MINUTE, SECOND } from '../../reconciler/clock.ts';
import type { Random } from './random.ts';

export type Job = { readonly id: number; readonly from: number; readonly until: number };

export type CiPool = {
  readonly agent: CiAgent;
  /** Brings it up to this instant. */
  advance(to: number): void;
  job(): Job | null;
  enabled(): boolean;
  /** A person takes the agent off, or puts it back. */
  setByPerson(enabled: boolean): void;
  /** How often we put back what a person had taken off. */
  overruled(): number;
  /** Whether the guest is there to take jobs. */
  setRunning(running: boolean): void;
};

export type CiFacts = {
  readonly random: Random;
  /** Instant, in true time. */
  readonly now: () => number;
  /** The API cannot be reached. */
  readonly down: () => boolean;
  /** No jobs come any more, and no call fails. */
  readonly calm: () => boolean;
  readonly tell: (what: string) => void;
};

/** How long after its assignment a job can still go unseen; less than the time between two questions. */
const UNSEEN = 4 * SECOND;
const SETTLE = 5 * SECOND;

export function ciPool({ random, now, down, calm, tell }: CiFacts): CiPool {
  let enabled = true;
  let offByPerson = false;
  let overruled = 0;
  let running = false;
  let job: Job | null = null;
  let jobs = 0;
  let next = 0;
  const busyness = random.pick([20 * MINUTE, 90 * MINUTE, 6 * HOUR]);

  function begin(at: number): void {
    jobs += 1;
    const length = random.chance(0.05) ? random.between(3 * HOUR, 14 * HOUR) : random.wait(20 * MINUTE);
    job = { id: jobs, from: at, until: at + MINUTE + length };
  }

  function advance(to: number): void {
    for (;;) {
      if (job !== null) {
        if (job.until > to) return;
        next = job.until + random.wait(busyness);
        job = null;
      }
      if (!enabled || !running || calm() || next > to) return;
      begin(next);
    }
  }

  /** What happens before each of our calls, and whether that call fails. */
  function met(): 'fails' | 'fails after its effect' | 'works' {
    advance(now());
    const free = job === null && enabled && running && !calm();
    if (free && random.chance(0.1)) begin(now());
    if (!down() && (calm() || !random.chance(0.03))) return 'works';
    return random.chance(0.5) ? 'fails' : 'fails after its effect';
  }

  function set(to: boolean): void {
    enabled = to;
    next = Math.max(next, now() + random.wait(busyness));
  }

  return {
    advance,
    job: () => job,
    enabled: () => enabled,
    setByPerson: (to) => {
      offByPerson = !to;
      tell(to ? 'a person puts the agent back' : 'a person takes the agent off');
      set(to);
    },
    overruled: () => overruled,
    setRunning: (to) => {
      running = to;
      if (!to) job = null;
      next = Math.max(next, now() + random.wait(busyness));
    },
    agent: {
      settleMs: SETTLE,
      describe: () => 'simulated agent',
      standing: async () => {
        if (met() !== 'works') return { state: 'unknown', detail: 'HTTP 503' };
        return { state: 'registered', online: running, assignable: enabled };
      },
      drain: async () => {
        const how = met();
        const was = enabled;
        if (how !== 'fails') set(false);
        if (how !== 'works') return { state: 'failed', detail: 'HTTP 503' };
        return was ? { state: 'drained' } : { state: 'already', detail: 'disabled' };
      },
      activity: async (): Promise<Activity> => {
        if (met() !== 'works') return { state: 'unknown', detail: 'HTTP 503' };
        const seen = job !== null && now() >= job.from + UNSEEN;
        return seen ? { state: 'busy', detail: `job ${job?.id}` } : { state: 'idle' };
      },
      undrain: async () => {
        const how = met();
        if (how !== 'fails') {
          if (offByPerson) {
            overruled += 1;
            tell('PUT BACK what a person had taken off');
          }
          set(true);
        }
        if (how !== 'works') throw new Error('HTTP 503');
      },
    },
  };
}
