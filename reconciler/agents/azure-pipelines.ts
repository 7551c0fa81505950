/**
 * Azure Pipelines, services and server, `api-version=7.1`.
 * Source: MicrosoftDocs/vsts-rest-api-specs, specification/distributedTask/7.1/taskAgent.json (Agents_List, Agents_Update);
 * personal access token as basic auth, scope Agent Pools (read & manage).
 *
 * - Disabled on the server first: whatever the agent itself does may race (microsoft/azure-pipelines-agent #2085). A job that
 *   runs goes on.
 * - `maxParallelism` is sent as read: an update without it has reset it to 0 and broken agents (MethodsAndPractices/vsteam #203).
 * - `assignedRequest` is there from assignment on, before the agent has it, and is missing when there is none. An agent asks for
 *   its messages by a long poll of about 50 s; the two questions are further apart than that, since nothing says that
 *   disabling and assigning exclude each other.
 * - Configuring with `--replace` keeps the name but may change the id, and may keep `enabled`: always looked up by name.
 * - A bad token is answered with a sign-in page and status 203; throttling with 429, code TF400733.
 */
import { SECOND } from '../clock.ts';
import type { Activity, CiAgent, DrainResult, Standing } from './ci-agent.ts';
import { pathOf } from './ci-http.ts';
import { type Fields, fieldsOf } from './reply.ts';
import {
  activityOr,
  drainOr,
  runningFor,
  serverOf,
  setting,
  standingOr,
  untilTrue,
  type VendorParts,
} from './vendor.ts';

const API = { 'api-version': '7.1' } as const;
/** Longer than the agent's long poll for messages. */
const SETTLE = 60 * SECOND;
const TAKES_EFFECT = { withinMs: 30 * SECOND, everyMs: 2 * SECOND } as const;

export function azurePipelinesAgent(parts: VendorParts): CiAgent {
  const [organization, pool, name] = [
    setting(parts, 'organization'),
    setting(parts, 'pool'),
    setting(parts, 'name'),
  ];
  const server = serverOf(parts, 'https://dev.azure.com', async () => ({
    authorization: `Basic ${Buffer.from(`:${await parts.secret(setting(parts, 'token'))}`).toString('base64')}`,
  }));
  const pools = pathOf(organization, '_apis', 'distributedtask', 'pools');

  const poolId = async (signal?: AbortSignal): Promise<number> => {
    const { body } = await server.call({ path: pools, query: { poolName: pool, ...API }, signal });
    const found = fieldsOf(body, 'list of pools')
      .list('value')
      .filter((one) => sameName(one.text('name'), pool));
    // A pool that the token may not see is left out of the list: not found is not "nothing runs there".
    const [first] = found;
    if (first === undefined) throw new Error(`${organization} has no pool ${pool} that the token may see`);
    return first.number('id');
  };
  /** Entries of that name: mostly one; a stale one besides counts as well. */
  const agents = async (signal?: AbortSignal): Promise<readonly AgentEntry[]> => {
    const path = `${pools}${pathOf(await poolId(signal), 'agents')}`;
    const query = {
      agentName: name,
      includeAssignedRequest: 'true',
      includeLastCompletedRequest: 'true',
      ...API,
    };
    const { body } = await server.call({ path, query, signal });
    return fieldsOf(body, 'list of agents')
      .list('value')
      .filter((one) => sameName(one.text('name'), name))
      .map(entryOf(path));
  };
  const enable = async (entry: AgentEntry, enabled: boolean, signal?: AbortSignal) => {
    const { id, maxParallelism } = entry;
    const json = { id, name: entry.name, enabled, maxParallelism };
    await server.call({ method: 'PATCH', path: entry.path, query: API, json, signal });
  };
  const allAre = (enabled: boolean, signal?: AbortSignal) =>
    untilTrue(
      parts,
      async () => (await agents(signal)).every((one) => one.enabled === enabled),
      TAKES_EFFECT,
      signal,
    );

  return {
    settleMs: SETTLE,
    describe: () => `azure-pipelines agent ${name} in ${pool}`,
    drain: (signal) =>
      drainOr(async (): Promise<DrainResult> => {
        const found = await agents(signal);
        if (found.length === 0) return { state: 'absent', detail: `pool ${pool} has no agent ${name}` };
        const enabled = found.filter((one) => one.enabled);
        if (enabled.length === 0) return { state: 'already', detail: `agent ${name} is disabled in ${pool}` };
        for (const one of enabled) await enable(one, false, signal);
        if (await allAre(false, signal)) return { state: 'drained' };
        return {
          state: 'failed',
          detail: `agent ${name} was disabled, but ${server.host} still shows it enabled`,
        };
      }),
    activity: (signal) => activityOr(async () => activityOf(await agents(signal), parts.clock.now(), name)),
    standing: (signal) => standingOr(async () => standingOf(await agents(signal))),
    undrain: async (signal) => {
      const disabled = (await agents(signal)).filter((one) => !one.enabled);
      for (const one of disabled) await enable(one, true, signal);
      if (disabled.length > 0 && !(await allAre(true, signal))) {
        throw new Error(`agent ${name} was enabled, but ${server.host} still shows it disabled`);
      }
    },
  };
}

type AgentEntry = {
  readonly path: string;
  readonly id: number;
  readonly name: string;
  readonly enabled: boolean;
  readonly online: boolean;
  readonly maxParallelism: number;
  readonly assigned: Fields | null;
};

function entryOf(path: string): (agent: Fields) => AgentEntry {
  return (agent) => ({
    path: `${path}${pathOf(agent.number('id'))}`,
    id: agent.number('id'),
    name: agent.text('name'),
    enabled: agent.bool('enabled'),
    online: agent.text('status') === 'online',
    maxParallelism: agent.number('maxParallelism'),
    assigned: agent.has('assignedRequest') ? agent.object('assignedRequest') : null,
  });
}

function activityOf(found: readonly AgentEntry[], now: number, name: string): Activity {
  const assigned = found.flatMap((one) => one.assigned ?? [])[0];
  if (assigned !== undefined) return { state: 'busy', detail: jobTitle(assigned, now) };
  if (found.some((one) => one.enabled))
    return { state: 'unknown', detail: `agent ${name} was enabled again by someone else` };
  return { state: 'idle' };
}

/** `job 8812 (build 20220224.1) running for 23 min`. Assigned, not yet received: it counts all the same. */
function jobTitle(request: Fields, now: number): string {
  const id = request.number('requestId');
  const owner = request.has('owner') ? request.object('owner') : null;
  const build = owner?.has('name') ? ` (build ${owner.text('name')})` : '';
  if (!request.has('receiveTime')) return `job ${id}${build} assigned`;
  return `job ${id}${build}${runningFor(request.text('receiveTime'), now)}`;
}

function standingOf(found: readonly AgentEntry[]): Standing {
  if (found.length === 0) return { state: 'absent' };
  return {
    state: 'registered',
    online: found.some((one) => one.online),
    assignable: found.some((one) => one.enabled),
  };
}

/** Names of pools and agents are compared without case, as the service does. */
function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
