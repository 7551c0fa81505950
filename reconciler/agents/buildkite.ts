/**
 * Buildkite, REST API v2, token with `read_agents` and `write_agents`.
 * Source: buildkite.com/docs/apis/rest-api/agents, buildkite.com/docs/agent/self-hosted/pausing-and-resuming.
 *
 * - Pausing: nothing new is dispatched, the job under way goes on. **A pause ends by itself**: after 5 minutes unless another time is
 *   given, and after 10 080 at most; pausing a paused agent is refused (422), so it cannot be prolonged. Ours is long, is
 *   checked for what is left of it before each question, and renewed by resuming and pausing anew, after which it is asked again.
 * - `stop` is not used: unless told otherwise it cancels the job.
 * - Agents are found by name. The list shows connected agents only; one that was told to stop and still finishes a job may be
 *   missing from it, which the look into the guest finds.
 * - A guest built anew registers a new agent of the same name, not paused; the old one, gone, stays paused and does not matter.
 */
import { HOUR, MINUTE, SECOND } from '../clock.ts';
import type { Activity, CiAgent, DrainResult, Standing } from './ci-agent.ts';
import { pathOf } from './ci-http.ts';
import { type Fields, listOf } from './reply.ts';
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

const SETTLE = 20 * SECOND;
const TAKES_EFFECT = { withinMs: 20 * SECOND, everyMs: 2 * SECOND } as const;
/** Marks a pause as ours. */
const NOTE = 'boxreeve: taken off to be rebuilt';
/** Long enough to wait for a job and to rebuild a guest; after a crash for good, the agent is back within a day. */
const PAUSE_MINUTES = 24 * 60;
/** A pause with less than this left is renewed before anything relies on it. */
const MUST_LAST = 8 * HOUR;
const MOST_PAGES = 50;

export function buildkiteAgent(parts: VendorParts): CiAgent {
  const [organization, name] = [setting(parts, 'organization'), setting(parts, 'name')];
  const server = serverOf(parts, 'https://api.buildkite.com', async () => ({
    authorization: `Bearer ${await parts.secret(setting(parts, 'token'))}`,
  }));
  const path = pathOf('v2', 'organizations', organization, 'agents');

  const agents = async (signal?: AbortSignal): Promise<readonly AgentEntry[]> => {
    const found: AgentEntry[] = [];
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const { body, headers } = await server.call({
        path,
        query: { name, per_page: '100', page: String(page) },
        signal,
      });
      found.push(
        ...listOf(body, 'agent')
          .filter((one) => one.text('name') === name)
          .map(entryOf),
      );
      if (!/rel="next"/.test(headers.get('link') ?? '')) return found;
    }
    throw new Error(`${organization} has more agents called ${name} than are looked through`);
  };
  const act = async (one: AgentEntry, verb: 'pause' | 'resume', signal?: AbortSignal) => {
    const json = verb === 'pause' ? { note: NOTE, timeout_in_minutes: PAUSE_MINUTES } : undefined;
    // 422: paused by someone in the meantime, or resumed by itself. What is in force is read back afterwards.
    await server.call({
      method: 'PUT',
      path: `${path}${pathOf(one.id, verb)}`,
      json,
      expect: [200, 204, 422],
      signal,
    });
  };
  const all = (state: (one: AgentEntry) => boolean, signal?: AbortSignal) =>
    untilTrue(parts, async () => (await agents(signal)).every(state), TAKES_EFFECT, signal);
  const lasts = (one: AgentEntry) => one.pause !== null && one.pause.endsAt - parts.clock.now() >= MUST_LAST;

  const drain = async (signal?: AbortSignal): Promise<DrainResult> => {
    const found = await agents(signal);
    if (found.length === 0)
      return { state: 'absent', detail: `${organization} has no connected agent ${name}` };
    const running = found.filter((one) => one.pause === null);
    const foreign = found.find((one) => one.pause !== null && !one.pause.ours);
    if (running.length === 0 && foreign !== undefined) {
      return { state: 'already', detail: `agent ${name} is paused: ${foreign.pause?.note || 'no note'}` };
    }
    for (const one of found.filter((each) => each.pause?.ours && !lasts(each)))
      await act(one, 'resume', signal);
    for (const one of found.filter((each) => each.pause === null || (each.pause.ours && !lasts(each))))
      await act(one, 'pause', signal);
    if (await all((one) => one.pause !== null && (!one.pause.ours || lasts(one)), signal))
      return { state: 'drained' };
    return { state: 'failed', detail: `agent ${name} was paused, but ${server.host} does not show it so` };
  };

  return {
    settleMs: SETTLE,
    describe: () => `buildkite agent ${name} of ${organization}`,
    drain: (signal) => drainOr(() => drain(signal)),
    activity: (signal) => activityOr(async () => activityOf(await agents(signal), name, parts.clock.now())),
    standing: (signal) => standingOr(async () => standingOf(await agents(signal))),
    undrain: async (signal) => {
      const ours = (await agents(signal)).filter((one) => one.pause?.ours);
      for (const one of ours) await act(one, 'resume', signal);
      if (ours.length > 0 && !(await all((one) => one.pause?.ours !== true, signal))) {
        throw new Error(`agent ${name} was resumed, but ${server.host} still shows it paused`);
      }
    },
  };
}

type AgentEntry = {
  readonly id: string;
  readonly job: Fields | null;
  readonly pause: { readonly ours: boolean; readonly note: string; readonly endsAt: number } | null;
};

function entryOf(agent: Fields): AgentEntry {
  return { id: agent.text('id'), job: agent.has('job') ? agent.object('job') : null, pause: pauseOf(agent) };
}

function pauseOf(agent: Fields): AgentEntry['pause'] {
  if (!agent.bool('paused')) return null;
  const note = agent.has('paused_note') ? agent.text('paused_note') : '';
  const minutes = agent.has('paused_timeout_in_minutes') ? agent.number('paused_timeout_in_minutes') : 0;
  const since = agent.has('paused_at') ? Date.parse(agent.text('paused_at')) : Number.NaN;
  return {
    ours: note.startsWith('boxreeve'),
    note,
    endsAt: Number.isNaN(since) ? 0 : since + minutes * MINUTE,
  };
}

function activityOf(found: readonly AgentEntry[], name: string, now: number): Activity {
  const job = found.flatMap((one) => one.job ?? [])[0];
  if (job !== undefined) {
    const title = job.has('name') ? ` (${job.text('name')})` : '';
    const since = job.has('started_at') ? job.text('started_at') : null;
    return { state: 'busy', detail: `job ${job.text('id')}${title}${runningFor(since, now)}` };
  }
  if (found.every((one) => one.pause !== null)) return { state: 'idle' };
  return { state: 'unknown', detail: `agent ${name} is not paused any more` };
}

function standingOf(found: readonly AgentEntry[]): Standing {
  if (found.length === 0) return { state: 'absent' };
  return {
    state: 'registered',
    online: true,
    assignable: found.some((one) => one.pause === null),
    ours: found.some((one) => one.pause?.ours),
  };
}
