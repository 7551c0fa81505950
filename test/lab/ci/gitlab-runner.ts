/**
 * GitLab's Runners API, as docs.gitlab.com/api/runners describes it: details, update, jobs, the list of runners, pages of 20. A
 * runner's long poll may still bring a job after it was paused.
 */
import type { CiLab, CiLabStart } from './ci-lab.ts';
import { type CiAnswer, type CiCall, NOT_FOUND, startCiServer, unknownParameter } from './http-server.ts';

const TOKEN = 'glpat-0123456789';

type Job = { id: number; status: string; name: string; started_at: string | null };

export type GitlabLab = CiLab & {
  readonly jobs: Job[];
  readonly runner: { id: number; description: string; paused: boolean; status: string };
  /** Reads that still show the runner as it was before an update. */
  lag: number;
  /** A job by a long poll that was under way when the runner was paused. */
  assignByLongPoll(): void;
};

const UPDATE = [
  'active',
  'paused',
  'description',
  'tag_list',
  'run_untagged',
  'locked',
  'access_level',
  'maximum_timeout',
  'maintenance_note',
];

export const startGitlab = async (clock: Parameters<CiLabStart>[0]): Promise<GitlabLab> => {
  const runner = { id: 6, description: 'builder3', paused: false, status: 'online' };
  const others = Array.from({ length: 120 }, (_, index) => ({
    ...runner,
    id: 100 + index,
    description: `other${index}`,
  }));
  const jobs: Job[] = [
    { id: 8000, status: 'success', name: 'build', started_at: '2026-01-13T08:00:00.000Z' },
  ];
  let registered = true;
  let stale: { paused: boolean; reads: number } | null = null;

  const server = await startCiServer((call): CiAnswer => {
    if (call.headers['private-token'] !== TOKEN)
      return { status: 401, body: { message: '401 Unauthorized' } };
    const [api, version, runners, id, jobsOf, more] = call.path;
    if (api !== 'api' || version !== 'v4' || runners !== 'runners' || more !== undefined) return NOT_FOUND;
    if (id === undefined) return call.method === 'GET' ? list(call) : { status: 405 };
    if (id !== '6' || !registered) return { status: 404, body: { message: '404 Not found' } };
    if (jobsOf === 'jobs') return call.method === 'GET' ? listJobs(call) : { status: 405 };
    if (jobsOf !== undefined) return NOT_FOUND;
    if (call.method === 'GET') return unknownParameter(call, []) ?? { status: 200, body: shown() };
    return call.method === 'PUT' ? update(call) : { status: 405 };
  });

  function shown() {
    const lagging = stale !== null && stale.reads > 0;
    if (stale !== null && lagging) stale.reads -= 1;
    const paused = lagging && stale !== null ? stale.paused : runner.paused;
    return {
      ...runner,
      paused,
      active: !paused,
      is_shared: false,
      runner_type: 'project_type',
      tag_list: ['macos'],
    };
  }

  function paged(call: CiCall, all: readonly unknown[]): CiAnswer {
    const size = Math.min(100, Number(call.query.get('per_page') ?? 20));
    const page = Number(call.query.get('page') ?? 1);
    const next = page * size < all.length ? String(page + 1) : '';
    return { status: 200, headers: { 'x-next-page': next }, body: all.slice((page - 1) * size, page * size) };
  }

  function list(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, [
      'scope',
      'type',
      'status',
      'paused',
      'tag_list',
      'version_prefix',
      'page',
      'per_page',
    ]);
    return refused ?? paged(call, [...others, ...(registered ? [shown()] : [])]);
  }

  function listJobs(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, ['system_id', 'status', 'order_by', 'sort', 'page', 'per_page']);
    if (refused) return refused;
    const status = call.query.get('status');
    if (status && !['running', 'success', 'failed', 'canceled'].includes(status)) {
      return { status: 400, body: { error: 'status does not have a valid value' } };
    }
    const sorted = [...jobs].sort((a, b) => (call.query.get('sort') === 'asc' ? a.id - b.id : b.id - a.id));
    return paged(call, status ? sorted.filter((job) => job.status === status) : sorted);
  }

  function update(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, [], UPDATE);
    if (refused) return refused;
    stale = { paused: runner.paused, reads: lab.lag };
    if (typeof call.body.paused === 'boolean') runner.paused = call.body.paused;
    return { status: 200, body: { ...runner } };
  }

  const add = () =>
    jobs.push({ id: 8812, status: 'running', name: 'test', started_at: new Date(clock.now()).toISOString() });
  const working = () => jobs.some(({ status }) => status === 'running' || status === 'canceling');
  const lab: GitlabLab = {
    server,
    jobs,
    runner,
    lag: 0,
    spec: { system: 'gitlab-runner', settings: { url: server.url, id: '6', token: 'GITLAB_TOKEN' } },
    secrets: { GITLAB_TOKEN: TOKEN },
    assign: () => {
      if (runner.paused || !registered || working()) return false;
      add();
      return true;
    },
    assignByLongPoll: add,
    finish: () => {
      for (const job of jobs) job.status = 'success';
    },
    working,
    killed: () => 0,
    assignable: () => registered && !runner.paused,
    takenOffByPerson: () => {
      runner.paused = true;
    },
    unregister: () => {
      registered = false;
    },
    reregister: () => undefined,
  };
  return lab;
};
