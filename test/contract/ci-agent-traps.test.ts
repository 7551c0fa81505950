/** The traps of each CI system, one test each: what is known to have killed jobs, broken agents or left them off their pools. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Activity, CiAgent } from '../../reconciler/agents/ci-agent.ts';
import { makeAgent } from '../../reconciler/agents/make-agent.ts';
import { HOUR, MINUTE, SECOND } from '../../reconciler/clock.ts';
import type { AgentSpec } from '../../reconciler/desired/spec.ts';
import { clearGuests, type DrainContext } from '../../reconciler/gate/drain.ts';
import type { GuestMemory } from '../../reconciler/observed/memory.ts';
import { startAzurePipelines } from '../lab/ci/azure-pipelines.ts';
import { startBuildkite } from '../lab/ci/buildkite.ts';
import { type CiLab, type VirtualClock, virtualClock } from '../lab/ci/ci-lab.ts';
import { startGithub } from '../lab/ci/github-actions.ts';
import { startGitlab } from '../lab/ci/gitlab-runner.ts';
import { startJenkins } from '../lab/ci/jenkins.ts';

const open: CiLab[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((lab) => lab.server.close()));
});

async function scene<Lab extends CiLab>(start: (clock: VirtualClock) => Promise<Lab>) {
  const clock = virtualClock();
  const lab = await start(clock);
  open.push(lab);
  const agentFor = (spec: AgentSpec): CiAgent =>
    makeAgent(spec, {
      secret: async (name) => lab.secrets[name] ?? '',
      redact: async (text) => text,
      log: { warn: () => undefined },
      clock,
      waits: new Map(),
    });
  return {
    clock,
    lab,
    agent: agentFor(lab.spec),
    agentFor,
    clear: (witness?: () => Promise<Activity>) => clearing(lab, clock, agentFor, witness),
  };
}

async function clearing(
  lab: CiLab,
  clock: VirtualClock,
  agentFor: (spec: AgentSpec) => CiAgent,
  witness?: () => Promise<Activity>,
) {
  const memory: { drained: GuestMemory['drained'] } = { drained: null };
  const context: DrainContext = {
    clock,
    log: { info: () => undefined, warn: () => undefined },
    hold: false,
    agentFor,
    remember: async (_guest, drained) => {
      memory.drained = drained;
    },
    gaveUp: new Map(),
    ...(witness && { witness }),
  };
  const candidate = {
    guest: 'azure-agent',
    agent: lab.spec,
    timeoutMs: 6 * HOUR,
    window: null,
    proven: true,
    drained: null,
  };
  return (await clearGuests([candidate], context)).get('azure-agent');
}

const asks = (lab: CiLab, what: RegExp) => lab.server.calls.filter((call) => what.test(call));

describe('Azure Pipelines', () => {
  it('keeps maxParallelism when an agent is disabled and enabled, though an update without it resets it to 0', async () => {
    const { lab, agent } = await scene(startAzurePipelines);
    for (const one of lab.agents) one.maxParallelism = 3;
    await agent.drain();
    await agent.undrain();
    expect(lab.agents.map(({ maxParallelism }) => maxParallelism)).toEqual([3, 3]);
  });

  it('counts a job from its assignment on, before the agent has received it', async () => {
    const { lab, agent } = await scene(startAzurePipelines);
    lab.assignOnly();
    expect(await agent.activity()).toEqual({ state: 'busy', detail: 'job 8812 (build 20260114.3) assigned' });
  });

  it('says which job runs, for which build, and for how long', async () => {
    const { clock, lab, agent } = await scene(startAzurePipelines);
    lab.assign();
    clock.advance(23 * MINUTE);
    expect(await agent.activity()).toEqual({
      state: 'busy',
      detail: 'job 8812 (build 20260114.3) running for 23 min',
    });
  });

  it('waits until the service shows the agent disabled, and does not act where it never does', async () => {
    const slow = await scene(startAzurePipelines);
    slow.lab.lag = 3;
    expect(await slow.agent.drain()).toEqual({ state: 'drained' });
    const never = await scene(startAzurePipelines);
    never.lab.lag = 10_000;
    expect(await never.agent.drain()).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('still shows it enabled'),
    });
  });

  it('asks its two questions further apart than the agent takes to fetch its messages', async () => {
    const { agent } = await scene(startAzurePipelines);
    expect(agent.settleMs).toBeGreaterThan(50 * SECOND);
  });

  it('finds an agent under its new id after it was configured with --replace, and enables that', async () => {
    const { lab, agent } = await scene(startAzurePipelines);
    await agent.drain();
    lab.reregister();
    await agent.undrain();
    expect(lab.agents.find(({ id }) => id === 14)).toMatchObject({ enabled: true });
  });

  it('is not drained any more when somebody enables the agent while we wait', async () => {
    const { lab, agent } = await scene(startAzurePipelines);
    await agent.drain();
    for (const one of lab.agents) one.enabled = true;
    expect(await agent.activity()).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('enabled again'),
    });
  });

  it('does not take a pool that the token may not see for one without agents', async () => {
    const { lab, agentFor } = await scene(startAzurePipelines);
    if (lab.spec.system !== 'azure-pipelines') throw new Error('not the agent meant');
    const agent = agentFor({ ...lab.spec, settings: { ...lab.spec.settings, pool: 'hidden-pool' } });
    expect(await agent.drain()).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('no pool hidden-pool'),
    });
  });

  it('takes a sign-in page with status 203 for a token that is not accepted', async () => {
    const { lab, agent } = await scene(startAzurePipelines);
    lab.server.failing = () => 'sign-in page';
    expect(await agent.activity()).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('wants someone to sign in'),
    });
  });
});

describe('GitHub Actions', () => {
  const labelled = (clock: VirtualClock) => startGithub(clock, { labels: 'catalina' });
  const bare = (clock: VirtualClock) => startGithub(clock);

  it('that shows busy: false for the first minute of a job is asked for longer than that', async () => {
    const { clock, lab, clear } = await scene(bare);
    lab.assign();
    clock.advance(SECOND);
    expect(await clear()).toMatchObject({
      state: 'held',
      gate: { detail: expect.stringContaining('runs a job') },
    });
    expect(asks(lab, /^DELETE/)).toEqual([]);
  });

  it('that shows busy: false in mid-job, with DELETE succeeding, does not get the job killed: the guest is looked into before', async () => {
    const { clock, lab, clear } = await scene(bare);
    lab.assign();
    lab.blind = true;
    clock.advance(10 * MINUTE);
    const witness = async (): Promise<Activity> =>
      lab.working() ? { state: 'busy', detail: 'Runner.Worker runs in the guest' } : { state: 'idle' };
    expect(await clear(witness)).toMatchObject({ state: 'held' });
    expect([lab.registered, lab.working()]).toEqual([true, true]);
  });

  it('that gives a job between our last look and DELETE does not get it killed: the guest is looked into again after', async () => {
    const { lab, clear } = await scene(bare);
    lab.server.meanwhile = () => {
      if (lab.server.calls.at(-1)?.startsWith('DELETE')) lab.assign();
    };
    const witness = async (): Promise<Activity> =>
      lab.working() ? { state: 'busy', detail: 'Runner.Worker runs in the guest' } : { state: 'idle' };
    expect(await clear(witness)).toMatchObject({ state: 'held' });
    expect(lab.working()).toBe(true);
  });

  it('that answers 422 to DELETE runs a job, and is not asked again in a loop', async () => {
    const { clock, lab, clear } = await scene(bare);
    lab.server.meanwhile = () => {
      if (!lab.server.calls.at(-1)?.startsWith('DELETE')) return;
      lab.assign();
      clock.advance(2 * MINUTE);
    };
    expect(await clear()).toMatchObject({
      state: 'held',
      gate: { detail: expect.stringContaining('still runs a job') },
    });
    expect(asks(lab, /^DELETE/)).toHaveLength(1);
  });

  it('has the labels that jobs ask for taken off and put back, and no others', async () => {
    const { lab, agent } = await scene(labelled);
    await agent.drain();
    expect(lab.labels).toEqual(['xcode-12']);
    await agent.undrain();
    expect(lab.labels).toEqual(['xcode-12', 'catalina']);
  });

  it('loses the idle runner for good before its guest is ended', async () => {
    const { lab, clear } = await scene(labelled);
    expect(await clear(async () => ({ state: 'idle' }))).toEqual({ state: 'clear', note: null });
    expect(lab.registered).toBe(false);
  });

  it.each([
    ['repository', 'acme/app'],
    ['organization', 'acme'],
    ['enterprise', 'acme-inc'],
  ] as const)('is asked for a runner of a %s', async (kind, owner) => {
    const { agent } = await scene((clock) =>
      startGithub(clock, { owner: [kind, owner], labels: 'catalina' }),
    );
    expect(await agent.drain()).toEqual({ state: 'drained' });
    expect(agent.describe()).toBe(`github-actions runner builder3 of ${owner}`);
  });

  it('is read to its last page where a server does not know the filter by name', async () => {
    const { lab, agent } = await scene(bare);
    Object.assign(lab, { others: 250, ignoresName: true });
    lab.assign();
    lab.job = { startedAt: 0 };
    expect(await agent.activity()).toMatchObject({ state: 'busy' });
  });
});

describe('GitLab', () => {
  it('a job that a long poll brings after the pause is not killed', async () => {
    const { clock, lab, clear } = await scene(startGitlab);
    clock.during = (ms) => {
      if (ms > 50 * SECOND) lab.assignByLongPoll();
    };
    expect(await clear()).toMatchObject({
      state: 'held',
      gate: { detail: expect.stringContaining('job 8812 (test) running') },
    });
    expect(lab.runner.paused).toBe(false);
  });

  it('a job that is being cancelled still runs', async () => {
    const { lab, agent } = await scene(startGitlab);
    lab.jobs.push({ id: 8813, status: 'canceling', name: 'test', started_at: null });
    await agent.drain();
    expect(await agent.activity()).toEqual({ state: 'busy', detail: 'job 8813 (test) canceling' });
  });

  it('an old job that still runs is found behind any number of newer ones', async () => {
    const { lab, agent } = await scene(startGitlab);
    lab.jobs.push({ id: 1, status: 'running', name: 'soak', started_at: null });
    for (let id = 9000; id < 9300; id += 1)
      lab.jobs.push({ id, status: 'success', name: 'x', started_at: null });
    expect(await agent.activity()).toMatchObject({ state: 'busy', detail: 'job 1 (soak) running' });
  });

  it('a runner is found by its description on whatever page, and not at all where two share it', async () => {
    const { lab, agentFor } = await scene(startGitlab);
    const settings = { url: lab.server.url, token: 'GITLAB_TOKEN' };
    const named = agentFor({ system: 'gitlab-runner', settings: { ...settings, name: 'builder3' } });
    expect(await named.drain()).toEqual({ state: 'drained' });
    expect(lab.runner.paused).toBe(true);
    lab.runner.description = 'other7';
    const twice = agentFor({ system: 'gitlab-runner', settings: { ...settings, name: 'other7' } });
    expect(await twice.drain()).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('set agent.id'),
    });
  });

  it('the pause is waited for until the server shows it', async () => {
    const { lab, agent } = await scene(startGitlab);
    lab.lag = 3;
    expect(await agent.drain()).toEqual({ state: 'drained' });
  });
});

describe('Buildkite', () => {
  it('a pause that ran out while we acted is no pause: a job may have come', async () => {
    const { clock, lab, agent } = await scene(startBuildkite);
    await agent.drain();
    clock.advance(25 * HOUR);
    expect(await agent.activity()).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('not paused any more'),
    });
    lab.assign();
    expect(await agent.activity()).toMatchObject({ state: 'busy' });
  });

  it('a pause lasts far longer than the five minutes it has unless asked, and is renewed while a job is waited for', async () => {
    const { clock, lab, agent } = await scene(startBuildkite);
    lab.assign();
    for (let hours = 0; hours < 48; hours += 1) {
      expect(await agent.drain()).toEqual({ state: 'drained' });
      clock.advance(HOUR);
      expect(lab.assignable()).toBe(false);
    }
    lab.finish();
    expect(await agent.activity()).toEqual({ state: 'idle' });
    const { pause } = lab.agents.find(({ name }) => name === 'builder3') ?? {};
    expect((pause?.minutes ?? 0) * MINUTE - (clock.now() - (pause?.at ?? 0))).toBeGreaterThan(6 * HOUR);
  });

  it('agents are never stopped, since that cancels the job unless told otherwise', async () => {
    const { lab, agent, clear } = await scene(startBuildkite);
    lab.assign();
    await agent.drain();
    await clear();
    await agent.undrain();
    expect([asks(lab, /stop/), lab.working()]).toEqual([[], true]);
  });

  it('our own pause is known as ours, though nothing was noted of it', async () => {
    const { agent, lab } = await scene(startBuildkite);
    await agent.drain();
    expect(await agent.standing?.()).toMatchObject({ assignable: false, ours: true });
    expect(await agent.drain()).toEqual({ state: 'drained' });
    lab.agents.splice(0);
    expect(await agent.drain()).toMatchObject({ state: 'absent' });
  });

  it("a person's pause is neither prolonged nor ended", async () => {
    const { agent, lab } = await scene(startBuildkite);
    lab.takenOffByPerson();
    expect(await agent.drain()).toEqual({
      state: 'already',
      detail: 'agent builder3 is paused: disk is odd, Ann',
    });
    await agent.undrain();
    expect([lab.assignable(), asks(lab, /PUT/)]).toEqual([false, []]);
  });
});

describe('Jenkins', () => {
  it('the toggle is not sent twice, however often we drain', async () => {
    const { lab, agent } = await scene(startJenkins);
    for (let times = 0; times < 3; times += 1) expect(await agent.drain()).toEqual({ state: 'drained' });
    expect([lab.toggles, lab.off]).toEqual([1, 'boxreeve: taken off to be rebuilt']);
    for (let times = 0; times < 3; times += 1) await agent.undrain();
    expect([lab.toggles, lab.off]).toEqual([2, null]);
  });

  it('a toggle that got no answer but took effect is read back, not sent again', async () => {
    const { lab, agent } = await scene(startJenkins);
    lab.server.meanwhile = () => {
      if (!lab.server.calls.at(-1)?.startsWith('POST')) return;
      lab.off = 'boxreeve: taken off to be rebuilt';
    };
    lab.server.failing = () => (lab.server.calls.at(-1)?.startsWith('POST') ? 'reset' : null);
    expect(await agent.drain()).toEqual({ state: 'drained' });
    expect(asks(lab, /^POST/)).toHaveLength(1);
  });

  it('an agent that a person takes off at the same moment is brought online by our toggle: not drained, and not acted on', async () => {
    const { lab, agent } = await scene(startJenkins);
    lab.server.meanwhile = () => {
      if (lab.server.calls.at(-1)?.startsWith('POST')) lab.takenOffByPerson();
    };
    expect(await agent.drain()).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('did someone toggle it too?'),
    });
  });

  it("a person's cause is left alone", async () => {
    const { lab, agent } = await scene(startJenkins);
    lab.takenOffByPerson();
    expect(await agent.drain()).toEqual({
      state: 'already',
      detail: 'agent builder3 is marked offline: disk is odd, Ann',
    });
    await agent.undrain();
    expect([lab.off, lab.toggles]).toEqual(['disk is odd, Ann', 0]);
  });

  it('the part of a Pipeline that does not count as a build counts', async () => {
    const { lab, agent } = await scene(startJenkins);
    lab.build = { number: 12, oneOff: true };
    await agent.drain();
    expect(await agent.activity()).toEqual({ state: 'busy', detail: 'macos-build #12 running' });
  });

  it('an agent that the user may not see is not taken for one that does not exist', async () => {
    const { lab, agent } = await scene(startJenkins);
    lab.hidden = true;
    expect(await agent.drain()).toMatchObject({ state: 'failed', detail: expect.stringContaining('404') });
  });
});
