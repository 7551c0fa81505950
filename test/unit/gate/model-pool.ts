/** A CI system of one agent, in memory: it hands out jobs between any two calls, for as long as the agent is on its pool. */
import type { Activity, CiAgent, DrainResult, Standing } from '../../../reconciler/agents/ci-agent.ts';

export type Pool = {
  enabled: boolean;
  present: boolean;
  job: string | null;
  /** Called before every call to the system: what happens between two of ours. */
  meanwhile: (call: string) => void;
  /** Calls that fail, by name. */
  down: Set<string>;
  readonly calls: string[];
  readonly agent: CiAgent;
};

export function modelPool(): Pool {
  const pool: Pool = {
    enabled: true,
    present: true,
    job: null,
    meanwhile: () => undefined,
    down: new Set(),
    calls: [],
    agent: {
      settleMs: 5000,
      describe: () => 'model agent builder3',
      drain: async (): Promise<DrainResult> => {
        if (!called('drain')) return { state: 'failed', detail: 'HTTP 503' };
        if (!pool.present) return { state: 'absent', detail: 'no agent builder3' };
        if (!pool.enabled) return { state: 'already', detail: 'disabled' };
        pool.enabled = false;
        return { state: 'drained' };
      },
      activity: async (): Promise<Activity> => {
        if (!called('activity')) return { state: 'unknown', detail: 'HTTP 503' };
        return pool.job === null ? { state: 'idle' } : { state: 'busy', detail: `${pool.job} running` };
      },
      standing: async (): Promise<Standing> => {
        if (!called('standing')) return { state: 'unknown', detail: 'HTTP 503' };
        if (!pool.present) return { state: 'absent' };
        return { state: 'registered', online: true, assignable: pool.enabled };
      },
      undrain: async () => {
        if (!called('undrain')) throw new Error('HTTP 503');
        pool.enabled = true;
      },
    },
  };
  function called(name: string): boolean {
    pool.meanwhile(name);
    pool.calls.push(name);
    return !pool.down.has(name);
  }
  return pool;
}

/** Hands out a job, if the agent is there to take it. */
export function assign(pool: Pool, job = 'job 8812'): void {
  if (pool.enabled && pool.present && pool.job === null) pool.job = job;
}
