/**
 * Buildkite's Agents API, as buildkite.com/docs/apis/rest-api/agents and .../agent/self-hosted/pausing-and-resuming describe
 * it: only connected agents are listed, a pause ends by itself, `stop` cancels the job unless told otherwise.
 */
import type { CiLab, CiLabStart } from './ci-lab.ts';
import { type CiAnswer, type CiCall, NOT_FOUND, startCiServer, unknownParameter } from './http-server.ts';

const TOKEN = 'bkua_0123456789';
const DEFAULT_MINUTES = 5;
const MOST_MINUTES = 10_080;

type Agent = {
  id: string;
  name: string;
  connected: boolean;
  job: { id: string; name: string; state: string; started_at: string } | null;
  pause: { at: number; minutes: number; note: string } | null;
};

export type BuildkiteLab = CiLab & { readonly agents: Agent[] };

export const startBuildkite = async (clock: Parameters<CiLabStart>[0]): Promise<BuildkiteLab> => {
  const idle = { connected: true, job: null, pause: null };
  const agents: Agent[] = [
    { id: 'aaaa-1', name: 'builder1', ...idle },
    { id: 'bbbb-3', name: 'builder3', ...idle },
  ];
  let killed = 0;
  const pauseOf = (agent: Agent) => {
    if (agent.pause !== null && clock.now() >= agent.pause.at + agent.pause.minutes * 60_000)
      agent.pause = null;
    return agent.pause;
  };
  const ours = () => agents.find(({ name, connected }) => name === 'builder3' && connected);

  const server = await startCiServer((call): CiAnswer => {
    if (call.headers.authorization !== `Bearer ${TOKEN}`) {
      return {
        status: 401,
        body: { message: 'Authentication required. Please supply a valid API Access Token' },
      };
    }
    const [version, organizations, slug, list, id, verb, more] = call.path;
    if (version !== 'v2' || organizations !== 'organizations' || slug !== 'my-great-org' || list !== 'agents')
      return NOT_FOUND;
    if (more !== undefined) return NOT_FOUND;
    if (id === undefined) return call.method === 'GET' ? listAgents(call) : { status: 405 };
    const agent = agents.find((one) => one.id === id);
    if (agent === undefined) return NOT_FOUND;
    if (verb === undefined)
      return call.method === 'GET' ? { status: 200, body: shown(agent) } : { status: 405 };
    return call.method === 'PUT' ? act(agent, verb, call) : { status: 405 };
  });

  function shown(agent: Agent) {
    const pause = pauseOf(agent);
    return {
      id: agent.id,
      name: agent.name,
      connection_state: agent.connected ? 'connected' : 'disconnected',
      ...(agent.job && { job: agent.job }),
      last_job_finished_at: null,
      priority: null,
      paused: pause !== null,
      paused_at: pause && new Date(pause.at).toISOString(),
      paused_note: pause?.note ?? null,
      paused_timeout_in_minutes: pause?.minutes ?? null,
      meta_data: ['queue=macos'],
    };
  }

  function listAgents(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, ['name', 'hostname', 'version', 'page', 'per_page']);
    if (refused) return refused;
    const name = call.query.get('name');
    const found = agents.filter((one) => one.connected && (name === undefined || one.name === name));
    return { status: 200, body: found.map(shown) };
  }

  function act(agent: Agent, verb: string, call: CiCall): CiAnswer {
    const refused = unknownParameter(
      call,
      [],
      { pause: ['note', 'timeout_in_minutes'], stop: ['force'] }[verb] ?? [],
    );
    if (refused) return refused;
    if (verb === 'pause') return pause(agent, call.body);
    if (verb === 'resume') return resume(agent);
    if (verb !== 'stop') return NOT_FOUND;
    if (call.body.force !== false && agent.job !== null) {
      agent.job = null;
      killed += 1;
    }
    agent.connected = agent.job !== null;
    return { status: 204 };
  }

  function pause(
    agent: Agent,
    { note, timeout_in_minutes: minutes = DEFAULT_MINUTES }: CiCall['body'],
  ): CiAnswer {
    if (!agent.connected) return { status: 422, body: { message: 'Can only pause connected agents' } };
    if (pauseOf(agent) !== null) return { status: 422, body: { message: 'Agent is already paused' } };
    if (typeof minutes !== 'number' || minutes < 1 || minutes > MOST_MINUTES) {
      return { status: 422, body: { message: 'Timeout is out of range' } };
    }
    agent.pause = { at: clock.now(), minutes, note: typeof note === 'string' ? note : '' };
    return { status: 204 };
  }

  function resume(agent: Agent): CiAnswer {
    if (pauseOf(agent) === null) return { status: 422, body: { message: 'Agent is not paused' } };
    agent.pause = null;
    return { status: 204 };
  }

  return {
    server,
    agents,
    spec: {
      system: 'buildkite',
      settings: { url: server.url, organization: 'my-great-org', name: 'builder3', token: 'BUILDKITE_TOKEN' },
    },
    secrets: { BUILDKITE_TOKEN: TOKEN },
    assign: () => {
      const agent = ours();
      if (agent === undefined || pauseOf(agent) !== null || agent.job !== null) return false;
      agent.job = {
        id: 'cd16-8812',
        name: 'rspec',
        state: 'running',
        started_at: new Date(clock.now()).toISOString(),
      };
      return true;
    },
    finish: () => {
      for (const agent of agents) agent.job = null;
    },
    working: () => agents.some(({ name, job }) => name === 'builder3' && job !== null),
    killed: () => killed,
    assignable: () => {
      const agent = ours();
      return agent !== undefined && pauseOf(agent) === null;
    },
    takenOffByPerson: () => {
      const agent = ours();
      if (agent) agent.pause = { at: clock.now(), minutes: 600, note: 'disk is odd, Ann' };
    },
    unregister: () => {
      for (const agent of agents) if (agent.name === 'builder3') agent.connected = false;
    },
    reregister: () => {
      for (const agent of agents) if (agent.name === 'builder3') agent.connected = false;
      agents.push({ id: 'cccc-3', name: 'builder3', ...idle });
    },
  };
};
