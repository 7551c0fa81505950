/**
 * GitLab runners, `/api/v4`, `PRIVATE-TOKEN` with the scope `manage_runner`.
 * Source: docs.gitlab.com/api/runners (details, update, jobs, managers).
 *
 * - `paused` is the field since 14.8; `active` is deprecated. A paused runner is given nothing new, and finishes what it has.
 * - A runner asks for jobs by a long poll (up to 50 s where `apiCiLongPollingDuration` is set): one under way may still bring a job after the pause, so
 *   the two questions are further apart than that. Ending the runner in the guest without pausing it first can orphan such a
 *   job (gitlab-org/gitlab-runner #39847).
 * - `status=running` leaves out jobs that are being cancelled and still clean up on the runner (`canceling`, since 16.11): the
 *   newest jobs are looked at whatever their state.
 * - One id may stand for several machines (managers): pausing pauses all of them, and a job on any of them counts.
 * - 404 also means "not for this token", and is therefore no proof that there is no such runner.
 */
import { SECOND } from '../clock.ts';
import type { Activity, CiAgent, DrainResult, Standing } from './ci-agent.ts';
import { pathOf } from './ci-http.ts';
import { type Fields, fieldsOf, listOf } from './reply.ts';
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

const SETTLE = 60 * SECOND;
const TAKES_EFFECT = { withinMs: 20 * SECOND, everyMs: 2 * SECOND } as const;
/** Most pages of runners looked through for a name. */
const MOST_PAGES = 50;
/** States in which a job does nothing on a runner any more, or not yet. */
const AT_REST = [
  'success',
  'failed',
  'canceled',
  'skipped',
  'manual',
  'created',
  'pending',
  'scheduled',
  'waiting_for_resource',
];

export function gitlabRunnerAgent(parts: VendorParts): CiAgent {
  const { id: givenId, name } = parts.settings;
  const server = serverOf(parts, 'https://gitlab.com', async () => ({
    'private-token': await parts.secret(setting(parts, 'token')),
  }));
  const title = givenId === undefined ? (name ?? 'without id or name') : givenId;

  const path = async (signal?: AbortSignal): Promise<string> =>
    pathOf('api', 'v4', 'runners', givenId ?? (await findByName(signal)));
  const findByName = async (signal?: AbortSignal): Promise<number> => {
    if (name === undefined) throw new Error('agent.id or agent.name must be set');
    const found: number[] = [];
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const query = { per_page: '100', page: String(page) };
      const { body, headers } = await server.call({ path: pathOf('api', 'v4', 'runners'), query, signal });
      const runners = listOf(body, 'runner');
      found.push(
        ...runners
          .filter((one) => one.has('description') && one.text('description') === name)
          .map((one) => one.number('id')),
      );
      if (!headers.get('x-next-page')) break;
    }
    const [first, second] = found;
    if (first === undefined) throw new Error(`the token sees no runner described as ${name}`);
    if (second !== undefined)
      throw new Error(`runners ${found.join(' and ')} are both described as ${name}: set agent.id`);
    return first;
  };
  const paused = async (signal?: AbortSignal): Promise<Fields> => {
    return fieldsOf((await server.call({ path: await path(signal), signal })).body, 'runner');
  };
  const pause = async (value: boolean, signal?: AbortSignal): Promise<boolean> => {
    await server.call({ method: 'PUT', path: await path(signal), json: { paused: value }, signal });
    return untilTrue(
      parts,
      async () => (await paused(signal)).bool('paused') === value,
      TAKES_EFFECT,
      signal,
    );
  };
  const jobs = async (
    query: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<readonly Fields[]> => {
    const { body } = await server.call({
      path: `${await path(signal)}/jobs`,
      query: { ...query, per_page: '100' },
      signal,
    });
    return listOf(body, 'job');
  };

  return {
    settleMs: SETTLE,
    describe: () => `gitlab-runner ${title}`,
    drain: (signal) =>
      drainOr(async (): Promise<DrainResult> => {
        if ((await paused(signal)).bool('paused'))
          return { state: 'already', detail: `runner ${title} is paused` };
        if (await pause(true, signal)) return { state: 'drained' };
        return {
          state: 'failed',
          detail: `runner ${title} was paused, but ${server.host} still shows it active`,
        };
      }),
    activity: (signal) =>
      activityOr(async (): Promise<Activity> => {
        // The pages after the first need not be read: one running job is enough, and none on the first page is none at all.
        const running = await jobs({ status: 'running' }, signal);
        const newest = await jobs({ order_by: 'id', sort: 'desc' }, signal);
        const [job] = [...running, ...newest.filter((one) => !AT_REST.includes(one.text('status')))];
        if (job !== undefined) return { state: 'busy', detail: jobTitle(job, parts.clock.now()) };
        if ((await paused(signal)).bool('paused')) return { state: 'idle' };
        return { state: 'unknown', detail: `runner ${title} was resumed by someone else` };
      }),
    standing: (signal) =>
      standingOr(async (): Promise<Standing> => {
        const runner = await paused(signal);
        const online = runner.has('status') ? runner.text('status') === 'online' : null;
        return { state: 'registered', online, assignable: !runner.bool('paused') };
      }),
    undrain: async (signal) => {
      if (!(await paused(signal)).bool('paused')) return;
      if (!(await pause(false, signal)))
        throw new Error(`runner ${title} was resumed, but ${server.host} still shows it paused`);
    },
  };
}

/** `job 8812 (test) running for 23 min`. */
function jobTitle(job: Fields, now: number): string {
  const name = job.has('name') ? ` (${job.text('name')})` : '';
  const status = job.text('status');
  if (status !== 'running') return `job ${job.number('id')}${name} ${status}`;
  return `job ${job.number('id')}${name}${runningFor(job.has('started_at') ? job.text('started_at') : null, now)}`;
}
