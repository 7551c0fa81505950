/**
 * Azure Pipelines' agent pools, as MicrosoftDocs/vsts-rest-api-specs describes them (distributedTask/7.1/taskAgent.json:
 * Pools_Get Agent Pools, Agents_List, Agents_Update), with what is known of it besides: an update replaces the agent's fields, so
 * that `maxParallelism` left out becomes 0; a wrong token gets a sign-in page with status 203.
 */
import type { Clock } from '../../../reconciler/clock.ts';
import type { CiLab } from './ci-lab.ts';
import { type CiAnswer, type CiCall, NOT_FOUND, startCiServer, unknownParameter } from './http-server.ts';

const TOKEN = 'pat-0123456789abcdef';

type Agent = {
  id: number;
  name: string;
  enabled: boolean;
  status: 'online' | 'offline';
  maxParallelism: number;
  assignedRequest: { requestId: number; assignTime: string; receiveTime?: string } | null;
};

export type AzureLab = CiLab & {
  readonly agents: Agent[];
  /** Reads that still show an agent as it was before an update. */
  lag: number;
  /** Assigned but not yet received by the agent. */
  assignOnly(): void;
};

export const startAzurePipelines = async (clock: Pick<Clock, 'now'>): Promise<AzureLab> => {
  const agents: Agent[] = [
    { id: 11, name: 'builder1', enabled: true, status: 'online', maxParallelism: 1, assignedRequest: null },
    { id: 13, name: 'Builder3', enabled: true, status: 'online', maxParallelism: 1, assignedRequest: null },
  ];
  let stale: { readonly id: number; readonly enabled: boolean; reads: number } | null = null;
  const ours = () => agents.find(({ name }) => name === 'Builder3');

  const server = await startCiServer((call): CiAnswer => {
    const basic = Buffer.from(`:${TOKEN}`).toString('base64');
    if (call.headers.authorization !== `Basic ${basic}`) {
      return {
        status: 203,
        headers: { 'content-type': 'text/html' },
        body: '<html>Sign in to your account</html>',
      };
    }
    if (call.query.get('api-version') !== '7.1')
      return { status: 400, body: { message: 'api-version is required' } };
    const [organization, apis, area, pools, pool, list, id, more] = call.path;
    if (
      organization !== 'digitalasset' ||
      apis !== '_apis' ||
      area !== 'distributedtask' ||
      pools !== 'pools'
    )
      return NOT_FOUND;
    if (more !== undefined) return NOT_FOUND;
    if (pool === undefined && call.method === 'GET') return listPools(call);
    if (pool !== '7' || list !== 'agents') return NOT_FOUND;
    if (id === undefined && call.method === 'GET') return listAgents(call);
    const agent = agents.find((one) => String(one.id) === id);
    if (agent === undefined) return NOT_FOUND;
    return call.method === 'PATCH' ? update(agent, call) : { status: 405 };
  });

  function listPools(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, [
      'api-version',
      'poolName',
      'properties',
      'poolType',
      'actionFilter',
    ]);
    if (refused) return refused;
    const all = [
      { id: 7, name: 'macOS-pool' },
      { id: 8, name: 'Default' },
    ];
    const name = call.query.get('poolName')?.toLowerCase();
    const value = name === undefined ? all : all.filter((one) => one.name.toLowerCase() === name);
    return { status: 200, body: { count: value.length, value } };
  }

  function listAgents(call: CiCall): CiAnswer {
    const known = [
      'agentName',
      'includeCapabilities',
      'includeAssignedRequest',
      'includeLastCompletedRequest',
    ];
    const refused = unknownParameter(call, ['api-version', ...known, 'propertyFilters', 'demands']);
    if (refused) return refused;
    const name = call.query.get('agentName')?.toLowerCase();
    const value = agents
      .filter((one) => name === undefined || one.name.toLowerCase() === name)
      .map(({ assignedRequest, ...one }) => ({
        ...one,
        enabled: shownEnabled(one),
        version: '3.246.0',
        ...(assignedRequest && call.query.get('includeAssignedRequest') === 'true'
          ? { assignedRequest: { ...assignedRequest, owner: { id: 4711, name: '20260114.3' } } }
          : {}),
      }));
    return { status: 200, body: { count: value.length, value } };
  }

  function shownEnabled(agent: Omit<Agent, 'assignedRequest'>): boolean {
    if (stale === null || stale.id !== agent.id || stale.reads === 0) return agent.enabled;
    stale.reads -= 1;
    return stale.enabled;
  }

  function update(agent: Agent, call: CiCall): CiAnswer {
    const refused = unknownParameter(
      call,
      ['api-version'],
      ['id', 'name', 'enabled', 'maxParallelism', 'status', 'version'],
    );
    if (refused) return refused;
    const { id, enabled, maxParallelism } = call.body;
    if (id !== agent.id)
      return { status: 400, body: { message: 'the id of the body is not that of the path' } };
    stale = { id: agent.id, enabled: agent.enabled, reads: lab.lag };
    if (typeof enabled === 'boolean') agent.enabled = enabled;
    agent.maxParallelism = typeof maxParallelism === 'number' ? maxParallelism : 0;
    return { status: 200, body: { ...agent, assignedRequest: undefined } };
  }

  const now = () => new Date(clock.now()).toISOString();
  const lab: AzureLab = {
    server,
    agents,
    lag: 0,
    spec: {
      system: 'azure-pipelines',
      settings: {
        url: server.url,
        organization: 'digitalasset',
        pool: 'macOS-pool',
        name: 'builder3',
        token: 'AZURE_PAT',
      },
    },
    secrets: { AZURE_PAT: TOKEN },
    assign: () => {
      const agent = ours();
      if (!agent?.enabled || agent.assignedRequest !== null || agent.maxParallelism === 0) return false;
      agent.assignedRequest = { requestId: 8812, assignTime: now(), receiveTime: now() };
      return true;
    },
    assignOnly: () => {
      const agent = ours();
      if (agent) agent.assignedRequest = { requestId: 8812, assignTime: now() };
    },
    finish: () => {
      const agent = ours();
      if (agent) agent.assignedRequest = null;
    },
    working: () => ours()?.assignedRequest !== null && ours() !== undefined,
    killed: () => 0,
    assignable: () => ours()?.enabled === true && ours()?.maxParallelism !== 0,
    takenOffByPerson: () => {
      const agent = ours();
      if (agent) agent.enabled = false;
    },
    unregister: () => {
      agents.splice(1, 1);
    },
    // `--replace` deletes and adds: the id changes, `enabled` is kept as it was here.
    reregister: () => {
      const agent = ours();
      if (agent) Object.assign(agent, { id: 14, assignedRequest: null, status: 'online' });
    },
  };
  return lab;
};
