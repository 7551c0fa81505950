import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noAgent } from '../../../reconciler/agents/none.ts';
import { HOUR, MINUTE } from '../../../reconciler/clock.ts';
import type { AgentSpec, WindowSpec } from '../../../reconciler/desired/spec.ts';
import { clearGuests, type DrainCandidate, type DrainContext } from '../../../reconciler/gate/drain.ts';
import { putBack } from '../../../reconciler/gate/put-back.ts';
import type { GuestMemory } from '../../../reconciler/observed/memory.ts';
import { assign, modelPool, type Pool } from './model-pool.ts';

const NIGHTLY: WindowSpec = {
  name: 'nightly',
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  from: '20:00',
  to: '05:00',
  timezone: 'Europe/Zurich',
};
const NIGHT = Date.parse('2026-01-14T20:04:00Z');
const AGENT: AgentSpec = { system: 'command', drain: ['d'], idle: ['i'], undrain: ['u'] };

function scene(
  pool: Pool,
  options: Partial<DrainCandidate> & { hold?: boolean; witness?: DrainContext['witness'] } = {},
) {
  const { hold = false, witness, ...change } = options;
  const memory: { drained: GuestMemory['drained'] } = { drained: change.drained ?? null };
  const time = { now: NIGHT };
  const context: DrainContext = {
    clock: {
      now: () => time.now,
      sleep: async (ms) => {
        time.now += ms;
        pool.meanwhile('sleep');
      },
    },
    log: { info: () => undefined, warn: () => undefined },
    hold,
    agentFor: (spec) => (spec.system === 'none' ? noAgent : pool.agent),
    remember: async (_guest, drained) => {
      pool.calls.push(drained === null ? 'forget' : 'note');
      memory.drained = drained;
    },
    gaveUp: new Map(),
    ...(witness && { witness }),
  };
  const clear = async () => {
    const candidate: DrainCandidate = {
      guest: 'azure-agent',
      agent: AGENT,
      timeoutMs: 6 * HOUR,
      window: NIGHTLY,
      proven: true,
      ...change,
      drained: memory.drained,
    };
    return (await clearGuests([candidate], context)).get('azure-agent');
  };
  const release = () =>
    memory.drained === null ? null : putBack({ guest: 'azure-agent', drained: memory.drained }, context);
  return { clear, release, memory, time, context };
}

describe('a system without a drain', () => {
  function withoutDrain() {
    const pool = modelPool();
    const gone: string[] = [];
    Object.assign(pool.agent, {
      deregister: async () => {
        gone.push('deregister');
        return { state: 'idle' };
      },
    });
    return { pool, gone };
  }

  it('takes the idle agent off for good before its guest is built anew', async () => {
    const { pool, gone } = withoutDrain();
    expect(await scene(pool).clear()).toMatchObject({ state: 'clear' });
    expect(gone).toEqual(['deregister']);
  });

  it('leaves it registered where the guest comes back as it is', async () => {
    const { pool, gone } = withoutDrain();
    expect(await scene(pool, { survives: true }).clear()).toMatchObject({ state: 'clear' });
    expect(gone).toEqual([]);
  });
});

describe('a change that interrupts jobs', () => {
  it('goes on all the same, with the agent off its pool, and says which job it ended and why', async () => {
    const pool = modelPool();
    pool.job = 'job 8812';
    const { clear, memory } = scene(pool, { interrupt: 'CVE-2026-1234' });
    expect(await clear()).toEqual({
      state: 'clear',
      note: 'JOB INTERRUPTED: model agent builder3: job 8812 running; because: CVE-2026-1234',
    });
    expect(pool.enabled).toBe(false);
    expect(memory.drained).not.toBeNull();
  });

  it('says nothing of the kind where no job runs', async () => {
    expect(await scene(modelPool(), { interrupt: 'CVE-2026-1234' }).clear()).toEqual({
      state: 'clear',
      note: null,
    });
  });

  it('does not wait for the next window after the job was waited for in vain', async () => {
    const pool = modelPool();
    pool.job = 'job 8812';
    const { clear, context } = scene(pool, { interrupt: 'CVE-2026-1234' });
    context.gaveUp.set('azure-agent', NIGHT + HOUR);
    expect(await clear()).toMatchObject({ state: 'clear' });
  });
});

describe('before a guest is disturbed', () => {
  it('the drain is noted durably, then made, and only then is it asked whether a job runs, twice', async () => {
    const pool = modelPool();
    const { clear } = scene(pool);
    expect(await clear()).toEqual({ state: 'clear', note: null });
    expect(pool.calls).toEqual(['standing', 'note', 'drain', 'activity', 'activity']);
    expect(pool.enabled).toBe(false);
  });

  it('a running job holds it, and a one-off sync puts the agent back at once', async () => {
    const pool = modelPool();
    pool.job = 'job 8812';
    const { clear, memory } = scene(pool);
    expect(await clear()).toMatchObject({ state: 'held', gate: { kind: 'job', since: null } });
    expect(pool.enabled).toBe(true);
    expect(memory.drained).toBeNull();
  });

  it('the daemon keeps it drained from poll to poll, and says since when and until when', async () => {
    const pool = modelPool();
    pool.job = 'job 8812 (build #4711)';
    const { clear, memory, time } = scene(pool, { hold: true });
    const first = await clear();
    expect(first).toMatchObject({
      gate: {
        detail: 'azure-agent: job 8812 (build #4711) running; drained 21:04; gives up 03:04 (Europe/Zurich)',
        since: '2026-01-14T20:04:00.000Z',
      },
    });
    expect(pool.enabled).toBe(false);
    time.now += 10 * MINUTE;
    pool.job = null;
    expect(await clear()).toEqual({ state: 'clear', note: null });
    expect(memory.drained?.since).toBe('2026-01-14T20:04:00.000Z');
  });

  it('the daemon gives up when the time for draining is over, puts the agent back, and leaves it until the next window', async () => {
    const pool = modelPool();
    pool.job = 'job 8812';
    const { clear, memory, time } = scene(pool, { hold: true });
    await clear();
    time.now += 6 * HOUR;
    expect(await clear()).toMatchObject({
      state: 'held',
      gate: { detail: expect.stringContaining('gave up') },
    });
    expect([pool.enabled, memory.drained]).toEqual([true, null]);
    pool.calls.length = 0;
    time.now += MINUTE;
    await clear();
    expect(pool.calls).toEqual([]);
    time.now = Date.parse('2026-01-15T19:00:00Z');
    pool.job = null;
    expect(await clear()).toEqual({ state: 'clear', note: null });
  });

  it('the wait is over when the window closes, however much time there was', async () => {
    const pool = modelPool();
    pool.job = 'job 8812';
    const { clear, time } = scene(pool, { hold: true, timeoutMs: 24 * HOUR });
    expect(await clear()).toMatchObject({ gate: { detail: expect.stringContaining('gives up 05:00') } });
    time.now = Date.parse('2026-01-15T04:00:00Z');
    await clear();
    expect(pool.enabled).toBe(false); // outside the window the limit alone counts; the reconciler asks no more, and puts back
  });

  it('an agent of which nobody can say how it stands is not touched: it may be off by someone else', async () => {
    const pool = modelPool();
    pool.down.add('standing');
    const { clear, memory } = scene(pool, { hold: true });
    expect(await clear()).toMatchObject({ state: 'held', gate: { since: null } });
    expect(pool.calls).toEqual(['standing']);
    expect(memory.drained).toBeNull();
  });

  it('an agent that its person has put back while we waited is ours to put back, also if the reply to the drain is lost', async () => {
    const pool = modelPool();
    const drained = { since: '2026-01-14T20:00:00.000Z', byOther: true, agent: AGENT };
    const { clear, release, memory } = scene(pool, { hold: true, drained });
    const drain = pool.agent.drain;
    Object.assign(pool.agent, {
      drain: async () => {
        await drain();
        return { state: 'failed', detail: 'the reply was lost' };
      },
    });
    expect(await clear()).toMatchObject({ state: 'held' });
    expect(pool.enabled).toBe(false);
    expect(memory.drained).toEqual({ ...drained, byOther: false });
    await release();
    expect(pool.enabled).toBe(true);
  });

  it('an agent that could not be put back after one wait is waited for as long as any in the next', async () => {
    const pool = modelPool();
    const { clear, release, memory, time } = scene(pool, { hold: true });
    await clear();
    pool.down.add('undrain');
    expect(await release()).toMatchObject({ state: 'failed' });
    pool.down.clear();
    time.now = NIGHT + 24 * HOUR;
    pool.job = 'job 8813';
    expect(await clear()).toMatchObject({
      state: 'held',
      gate: { detail: expect.stringContaining('gives up') },
    });
    expect(memory.drained?.since).toBe('2026-01-15T20:04:00.000Z');
    expect(memory.drained).not.toHaveProperty('over');
  });

  it('an agent that someone else took off stays off, and that is said', async () => {
    const pool = modelPool();
    pool.enabled = false;
    const { clear, release, memory } = scene(pool);
    const answer = await clear();
    expect(answer).toMatchObject({ state: 'clear', note: expect.stringContaining('by someone else') });
    expect(memory.drained?.byOther).toBe(true);
    expect(await release()).toMatchObject({ state: 'done', note: expect.stringContaining('left so') });
    expect([pool.enabled, memory.drained]).toEqual([false, null]);
  });

  it('an agent that a person takes off between our look and our drain stays off', async () => {
    const pool = modelPool();
    pool.meanwhile = (call) => {
      if (call === 'drain') pool.enabled = false;
    };
    const { clear, memory } = scene(pool);
    await clear();
    expect(memory.drained?.byOther).toBe(true);
  });

  it('an agent that we took off before a crash is ours to put back', async () => {
    const pool = modelPool();
    pool.enabled = false;
    const drained = { since: '2026-01-14T19:10:00.000Z', byOther: false, agent: AGENT };
    const { clear, release, memory } = scene(pool, { drained });
    expect(await clear()).toEqual({ state: 'clear', note: null });
    expect(memory.drained).toEqual(drained);
    await release();
    expect([pool.enabled, memory.drained]).toEqual([true, null]);
  });

  it('a drain noted for an agent of another name is ended before the new one begins', async () => {
    const pool = modelPool();
    pool.enabled = false;
    const agent: AgentSpec = { system: 'command', drain: ['old'], idle: ['old'], undrain: ['old'] };
    const { clear, memory } = scene(pool, {
      drained: { since: '2026-01-14T19:10:00.000Z', byOther: false, agent },
    });
    expect(await clear()).toEqual({ state: 'clear', note: null });
    expect(pool.calls.slice(0, 3)).toEqual(['undrain', 'forget', 'standing']);
    expect(memory.drained?.agent).toEqual(AGENT);
  });

  it('an agent nobody knows there is no hindrance, and leaves nothing to put back', async () => {
    const pool = modelPool();
    pool.present = false;
    const { clear, memory } = scene(pool);
    expect(await clear()).toMatchObject({ state: 'clear', note: expect.stringContaining('not known') });
    expect(memory.drained).toBeNull();
  });

  it.each(['drain', 'activity'])('a CI system that fails at %s counts as busy', async (call) => {
    const pool = modelPool();
    pool.down.add(call);
    const { clear, memory } = scene(pool);
    expect(await clear()).toMatchObject({
      state: 'held',
      gate: { detail: expect.stringContaining('HTTP 503') },
    });
    expect([pool.enabled, memory.drained]).toEqual([true, null]);
  });

  it('a job that the guest itself shows holds it, though the CI system says idle', async () => {
    const pool = modelPool();
    const { clear } = scene(pool, {
      witness: async () => ({ state: 'busy', detail: 'Agent.Worker runs in the guest' }),
    });
    expect(await clear()).toMatchObject({ gate: { detail: expect.stringContaining('Agent.Worker') } });
    expect(pool.enabled).toBe(true);
  });

  it('a machine that was never proven is held by a job that runs, but not by an agent that does not answer', async () => {
    const silent = modelPool();
    silent.down.add('activity');
    expect(await scene(silent, { proven: false }).clear()).toMatchObject({ state: 'clear' });
    const busy = modelPool();
    busy.job = 'job 8812';
    expect(await scene(busy, { proven: false }).clear()).toMatchObject({ state: 'held' });
  });

  it('a guest without an agent is clear', async () => {
    const pool = modelPool();
    expect(await scene(pool, { agent: { system: 'none' } }).clear()).toEqual({ state: 'clear', note: null });
    expect(pool.calls).toEqual([]);
  });

  it('an agent that cannot be put back stays noted, and is put back by the next run', async () => {
    const pool = modelPool();
    const { clear, release, memory } = scene(pool);
    await clear();
    pool.down.add('undrain');
    expect(await release()).toMatchObject({ state: 'failed' });
    expect(memory.drained).not.toBeNull();
    pool.down.clear();
    expect(await release()).toEqual({ state: 'done', note: null });
    expect([pool.enabled, memory.drained]).toEqual([true, null]);
  });

  it('whatever is assigned, ended, failing or disabled between any two calls, clear means that no job runs and none comes', async () => {
    const happening = fc.constantFrom('nothing', 'nothing', 'assign', 'end', 'down', 'up', 'disable');
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { minLength: 8, maxLength: 40 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 4 }),
        async (happenings, hold, polls) => {
          const pool = modelPool();
          const left = [...happenings];
          let person = false;
          pool.meanwhile = (call) => {
            const what = left.shift() ?? 'nothing';
            if (what === 'assign') assign(pool);
            if (what === 'end') pool.job = null;
            if (what === 'down') pool.down.add(call);
            if (what === 'up') pool.down.clear();
            if (what === 'disable' && pool.enabled) {
              pool.enabled = false;
              person = true;
            }
          };
          const { clear, release, memory, time } = scene(pool, { hold });
          for (let poll = 1; poll <= polls; poll += 1) {
            const answer = await clear();
            assign(pool, 'one more');
            if (answer?.state === 'clear') {
              expect(pool.job).toBeNull();
              break;
            }
            if (!hold && memory.drained === null && !person) expect(pool.enabled).toBe(true);
            time.now += MINUTE;
          }
          pool.meanwhile = () => undefined;
          pool.down.clear();
          await release();
          expect(memory.drained).toBeNull();
          if (!person) expect(pool.enabled).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
