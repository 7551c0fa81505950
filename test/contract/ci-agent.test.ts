/** What every agent owes the protocol of drain.ts, against servers that behave as the vendors document. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Activity } from '../../reconciler/agents/ci-agent.ts';
import { makeAgent } from '../../reconciler/agents/make-agent.ts';
import { HOUR, MINUTE } from '../../reconciler/clock.ts';
import { clearGuests, type DrainContext } from '../../reconciler/gate/drain.ts';
import { putBack } from '../../reconciler/gate/put-back.ts';
import type { GuestMemory } from '../../reconciler/observed/memory.ts';
import { startAzurePipelines } from '../lab/ci/azure-pipelines.ts';
import { startBuildkite } from '../lab/ci/buildkite.ts';
import { type CiLab, type CiLabStart, virtualClock } from '../lab/ci/ci-lab.ts';
import { startGithub } from '../lab/ci/github-actions.ts';
import { startGitlab } from '../lab/ci/gitlab-runner.ts';
import { FAILURES, type Failure } from '../lab/ci/http-server.ts';
import { startJenkins } from '../lab/ci/jenkins.ts';

const VENDORS: readonly {
  readonly name: string;
  readonly start: CiLabStart;
  readonly absent: 'absent' | 'failed';
}[] = [
  { name: 'azure-pipelines', start: startAzurePipelines, absent: 'absent' },
  {
    name: 'github-actions',
    start: (clock) => startGithub(clock, { labels: 'catalina, xcode-12' }),
    absent: 'absent',
  },
  // 404 may mean "not for this token": no proof that there is no such runner.
  { name: 'gitlab-runner', start: startGitlab, absent: 'failed' },
  { name: 'buildkite', start: startBuildkite, absent: 'absent' },
  { name: 'jenkins', start: startJenkins, absent: 'absent' },
];

const open: CiLab[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((lab) => lab.server.close()));
});

async function scene(start: CiLabStart, hold = false) {
  const clock = virtualClock();
  const lab = await start(clock);
  open.push(lab);
  const warnings: string[] = [];
  const secrets = new Map(Object.entries(lab.secrets));
  const parts = {
    secret: async (name: string) => secrets.get(name) ?? '',
    redact: async (text: string) => text,
    log: { warn: (_: unknown, text?: string) => void warnings.push(text ?? '') },
    clock,
    waits: new Map<string, number>(),
  };
  const agent = makeAgent(lab.spec, parts);
  const memory: { drained: GuestMemory['drained'] } = { drained: null };
  const witness = async (): Promise<Activity> =>
    lab.working() ? { state: 'busy', detail: 'a worker runs in the guest' } : { state: 'idle' };
  const context: DrainContext = {
    clock,
    log: { info: () => undefined, warn: () => undefined },
    hold,
    agentFor: (spec) => makeAgent(spec, parts),
    remember: async (_guest, drained) => {
      memory.drained = drained;
    },
    gaveUp: new Map(),
    // Only GitHub cannot do without a look into the guest; the others have to hold without it.
    ...(lab.spec.system === 'github-actions' && { witness }),
  };
  const clear = async () => {
    const candidate = {
      guest: 'azure-agent',
      agent: lab.spec,
      timeoutMs: 6 * HOUR,
      window: null,
      proven: true,
    };
    return (await clearGuests([{ ...candidate, drained: memory.drained }], context)).get('azure-agent');
  };
  const release = async (awaitOnline = false) =>
    memory.drained === null
      ? null
      : putBack({ guest: 'azure-agent', drained: memory.drained }, context, awaitOnline);
  const setToken = (value: string) => {
    for (const name of secrets.keys()) secrets.set(name, value);
  };
  return { clock, lab, agent, memory, clear, release, setToken, warnings };
}

describe.each(VENDORS)('$name', ({ start, absent }) => {
  it('is drained, is seen to be, and drains again without harm', async () => {
    const { lab, agent } = await scene(start);
    expect(await agent.standing?.()).toMatchObject({ state: 'registered', assignable: true });
    expect(await agent.drain()).toEqual({ state: 'drained' });
    expect(lab.assignable()).toBe(false);
    expect(await agent.standing?.()).toMatchObject({ state: 'registered', assignable: false });
    expect(['drained', 'already']).toContain((await agent.drain()).state);
    expect(lab.assignable()).toBe(false);
    expect(await agent.activity()).toEqual({ state: 'idle' });
  });

  it('is put back, and putting back again changes nothing', async () => {
    const { lab, agent } = await scene(start);
    await agent.drain();
    await agent.undrain();
    expect(lab.assignable()).toBe(true);
    await agent.undrain();
    expect(lab.assignable()).toBe(true);
  });

  it('lets a job that runs go on, and says that it runs', async () => {
    const { clock, lab, agent } = await scene(start);
    lab.assign();
    clock.advance(23 * MINUTE);
    expect(await agent.drain()).toEqual({ state: 'drained' });
    expect(await agent.activity()).toMatchObject({ state: 'busy', detail: expect.stringMatching(/run/) });
    expect([lab.working(), lab.killed()]).toEqual([true, 0]);
    lab.finish();
    expect(await agent.activity()).toEqual({ state: 'idle' });
  });

  it('that a person took off is left off', async () => {
    const { lab, clear, release, memory } = await scene(start);
    lab.takenOffByPerson();
    expect(await clear()).toMatchObject({ state: 'clear', note: expect.stringContaining('by someone else') });
    expect(memory.drained).toMatchObject({ byOther: true });
    await release();
    expect(lab.assignable()).toBe(false);
  });

  it('that was taken off by us before a crash is put back after it', async () => {
    const { lab, agent, release, memory } = await scene(start);
    await agent.drain();
    memory.drained = { since: '2026-01-14T20:00:00.000Z', byOther: false, agent: lab.spec };
    await release();
    expect([lab.assignable(), memory.drained]).toEqual([true, null]);
  });

  it('of a guest built anew is back on its pool, under whatever id', async () => {
    const { lab, clear, release } = await scene(start, true);
    expect(await clear()).toEqual({ state: 'clear', note: null });
    lab.reregister();
    expect(await release(true)).toEqual({ state: 'done', note: null });
    expect(lab.assignable()).toBe(true);
  });

  it('that the system does not know is said to be so', async () => {
    const { lab, agent } = await scene(start);
    lab.unregister();
    expect(await agent.drain()).toMatchObject({ state: absent });
  });

  it('with a token that is not accepted cannot be told about', async () => {
    const { agent, setToken } = await scene(start);
    setToken('wrong-token');
    const detail = expect.stringMatching(/token is not accepted/);
    expect(await agent.drain()).toMatchObject({ state: 'failed', detail });
    expect(await agent.activity()).toMatchObject({ state: 'unknown', detail });
    expect(await agent.standing?.()).toMatchObject({ state: 'unknown' });
    await expect(agent.undrain()).rejects.toThrow('token is not accepted');
  });

  it('never quotes the token, also where it cannot be sent', async () => {
    const { agent, setToken, warnings } = await scene(start);
    for (const token of ['hush\nhush', 'hush', 'hüsh-hush', '']) {
      setToken(token);
      const said = JSON.stringify([await agent.drain(), await agent.activity(), warnings]);
      expect(said).not.toMatch(/h[uü]sh|aHVzaA|OmjD/);
      expect(said).toContain('token');
    }
  });

  it('whose server is away cannot be told about', async () => {
    const { lab, agent } = await scene(start);
    await lab.server.close();
    expect(await agent.activity()).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('cannot be asked'),
    });
  });

  it('is left alone for as long as the server asks', async () => {
    const { clock, lab, agent } = await scene(start);
    lab.server.failing = () => 'throttled';
    await agent.activity();
    const asked = lab.server.calls.length;
    lab.server.failing = () => null;
    expect(await agent.activity()).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('left alone until'),
    });
    expect(lab.server.calls.length).toBe(asked);
    clock.advance(31_000);
    await agent.drain();
    expect(await agent.activity()).toEqual({ state: 'idle' });
  });

  it.each(FAILURES)(
    'answering with %s to any one call does not get a running job killed',
    async (failure) => {
      const counting = await scene(start);
      await counting.clear();
      for (let failing = 0; failing < counting.lab.server.calls.length; failing += 1) {
        const { lab, clear, release, clock, memory } = await scene(start);
        lab.assign();
        clock.advance(2 * MINUTE);
        lab.server.failing = (call) => (call === failing ? failure : null);
        expect(await clear()).toMatchObject({ state: 'held' });
        expect(lab.killed()).toBe(0);
        // Whatever could not be put back at once is put back by the next run.
        lab.server.failing = () => null;
        clock.advance(HOUR);
        await release();
        expect([lab.assignable(), memory.drained]).toEqual([true, null]);
      }
    },
  );

  it.each(FAILURES)('that only ever answers with %s is never taken for idle', async (failure) => {
    const { lab, agent } = await scene(start);
    lab.server.failing = () => failure;
    expect((await agent.activity()).state).toBe('unknown');
    expect((await agent.drain()).state).toBe('failed');
  });

  it('that gives a job between any two calls, or while we wait, keeps it', async () => {
    const counting = await scene(start);
    await counting.clear();
    const calls = counting.lab.server.calls.length;
    expect(calls).toBeGreaterThan(3);
    for (let moment = 0; moment < calls + 4; moment += 1) {
      const { lab, clear, clock } = await scene(start);
      lab.server.meanwhile = (call) => {
        if (call === moment) lab.assign();
      };
      clock.during = () => {
        if (moment >= calls) lab.assign();
      };
      const answer = await clear();
      lab.assign();
      expect(answer?.state === 'clear' && lab.working()).toBe(false);
    }
  });

  it('whatever happens between any two calls: clear means that no job runs and none comes', async () => {
    const happening = fc.constantFrom<string>(
      'nothing',
      'nothing',
      'nothing',
      'assign',
      'finish',
      'fail',
      'person',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { minLength: 4, maxLength: 30 }),
        fc.constantFrom<Failure>(...FAILURES),
        fc.boolean(),
        async (happenings, failure, hold) => {
          const { lab, clear, release, clock, memory } = await scene(start, hold);
          let person = false;
          lab.server.meanwhile = (call) => {
            const what = happenings[call];
            if (what === 'assign') lab.assign();
            if (what === 'finish') lab.finish();
            if (what === 'person' && lab.assignable()) {
              lab.takenOffByPerson();
              person = true;
            }
          };
          lab.server.failing = (call) => (happenings[call] === 'fail' ? failure : null);
          for (let poll = 0; poll < 2; poll += 1) {
            const answer = await clear();
            lab.assign();
            expect(answer?.state === 'clear' && lab.working()).toBe(false);
            if (answer?.state === 'clear') break;
            clock.advance(2 * MINUTE);
          }
          lab.server.meanwhile = () => undefined;
          lab.server.failing = () => null;
          clock.advance(HOUR);
          await release();
          expect([lab.killed(), memory.drained]).toEqual([0, null]);
          if (!person) lab.reregister();
          if (!person) expect(lab.assignable()).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
