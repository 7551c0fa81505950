/**
 * GitHub's API of self-hosted runners, as docs.github.com/en/rest/actions/self-hosted-runners describes it (version
 * 2022-11-28), with what is known of `busy` besides: it may be false for a minute after a job began and in mid-job, and DELETE goes by it.
 */
import type { CiLab, CiLabStart } from './ci-lab.ts';
import { type CiAnswer, type CiCall, NOT_FOUND, startCiServer, unknownParameter } from './http-server.ts';

const TOKEN = 'ghp_0123456789';
/** From a job's start until `busy` shows it, in milliseconds. */
const BUSY_LAG = 60_000;

export type GithubLab = CiLab & {
  /** What the runner really does, and since when; GitHub's own view lags behind. */
  job: { startedAt: number } | null;
  /** GitHub has lost sight of the job: `busy` is false in mid-job. */
  blind: boolean;
  labels: string[];
  registered: boolean;
  /** Other runners of the same owner, enough for several pages. */
  readonly others: number;
  /** A server of before the filter by name. */
  ignoresName: boolean;
};

export type GithubOptions = { readonly owner?: readonly [string, string]; readonly labels?: string };

export const startGithub = async (
  clock: Parameters<CiLabStart>[0],
  options: GithubOptions = {},
): Promise<GithubLab> => {
  const [kind, owner] = options.owner ?? ['organization', 'acme'];
  const base = { organization: ['orgs'], enterprise: ['enterprises'], repository: ['repos'] }[kind] ?? [];
  const prefix = [...base, ...owner.split('/'), 'actions', 'runners'];
  let killed = 0;

  const server = await startCiServer((call): CiAnswer => {
    if (!call.headers['user-agent'])
      return { status: 403, body: { message: 'Request forbidden by administrative rules' } };
    if (call.headers.authorization !== `Bearer ${TOKEN}`)
      return { status: 401, body: { message: 'Bad credentials' } };
    if (call.headers['x-github-api-version'] !== '2022-11-28')
      return { status: 400, body: { message: 'unsupported version' } };
    if (!prefix.every((part, index) => call.path[index] === part)) return NOT_FOUND;
    const [id, labels, label, more] = call.path.slice(prefix.length);
    if (id === undefined) return call.method === 'GET' ? list(call) : NOT_FOUND;
    if (id !== '23' || !lab.registered || more !== undefined) return NOT_FOUND;
    if (labels === undefined) return call.method === 'DELETE' ? remove(call) : one(call);
    if (labels !== 'labels') return NOT_FOUND;
    return changeLabels(call, label);
  });

  function busy(): boolean {
    return lab.job !== null && !lab.blind && clock.now() - lab.job.startedAt >= BUSY_LAG;
  }

  function runner() {
    const custom = lab.labels.map((name, index) => ({ id: 100 + index, name, type: 'custom' }));
    const labels = [
      { id: 1, name: 'self-hosted', type: 'read-only' },
      { id: 2, name: 'macOS', type: 'read-only' },
      ...custom,
    ];
    return {
      id: 23,
      name: 'builder3',
      os: 'macos',
      status: 'online',
      busy: busy(),
      ephemeral: false,
      labels,
    };
  }

  function list(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, ['name', 'per_page', 'page']);
    if (refused) return refused;
    const others = Array.from({ length: lab.others }, (_, index) => ({
      ...runner(),
      id: 1000 + index,
      name: `other${index}`,
    }));
    const all = [...others, ...(lab.registered ? [runner()] : [])];
    const name = lab.ignoresName ? undefined : call.query.get('name');
    const found = name === undefined ? all : all.filter((each) => each.name === name);
    const size = Math.min(100, Number(call.query.get('per_page') ?? 30));
    const page = Number(call.query.get('page') ?? 1);
    return {
      status: 200,
      body: { total_count: found.length, runners: found.slice((page - 1) * size, page * size) },
    };
  }

  function one(call: CiCall): CiAnswer {
    return call.method === 'GET' ? { status: 200, body: runner() } : NOT_FOUND;
  }

  function remove(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, []);
    if (refused) return refused;
    if (busy()) return { status: 422, body: { message: 'Runner "builder3" is still running a job' } };
    lab.registered = false;
    return { status: 204 };
  }

  function changeLabels(call: CiCall, label: string | undefined): CiAnswer {
    const refused = unknownParameter(call, [], call.method === 'POST' ? ['labels'] : []);
    if (refused) return refused;
    if (call.method === 'DELETE' && label !== undefined) {
      if (!lab.labels.includes(label)) return NOT_FOUND;
      lab.labels = lab.labels.filter((each) => each !== label);
    } else if (call.method === 'POST' && label === undefined && Array.isArray(call.body.labels)) {
      lab.labels = [...new Set([...lab.labels, ...call.body.labels.map(String)])];
    } else {
      return NOT_FOUND;
    }
    const { labels } = runner();
    return { status: 200, body: { total_count: labels.length, labels } };
  }

  const lab: GithubLab = {
    server,
    job: null,
    blind: false,
    labels: ['catalina', 'xcode-12'],
    registered: true,
    others: 0,
    ignoresName: false,
    spec: {
      system: 'github-actions',
      settings: {
        url: server.url,
        [kind]: owner,
        name: 'builder3',
        token: 'GITHUB_TOKEN',
        ...(options.labels === undefined ? {} : { labels: options.labels }),
      },
    },
    secrets: { GITHUB_TOKEN: TOKEN },
    // Jobs ask for `catalina`.
    assign: () => {
      if (!lab.registered || !lab.labels.includes('catalina') || lab.job !== null) return false;
      lab.job = { startedAt: clock.now() };
      return true;
    },
    finish: () => {
      lab.job = null;
    },
    working: () => lab.job !== null,
    killed: () => killed,
    assignable: () => lab.registered && lab.labels.includes('catalina'),
    takenOffByPerson: () => {
      lab.labels = [];
    },
    unregister: () => {
      lab.registered = false;
    },
    reregister: () => {
      lab.registered = true;
      lab.labels = ['catalina', 'xcode-12'];
      if (lab.job !== null) killed += 1;
      lab.job = null;
    },
  };
  return lab;
};
