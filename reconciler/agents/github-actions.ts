/**
 * GitHub Actions, self-hosted runners of a repository, an organisation or an enterprise; `X-GitHub-Api-Version: 2022-11-28`.
 * Source: docs.github.com/en/rest/actions/self-hosted-runners.
 *
 * There is no way to disable a runner, and `busy` cannot be relied on: it was false for 25 to 60 s after a job's start and even
 * in mid-job, with DELETE succeeding (github-aws-runners/terraform-aws-github-runner #5085: 22 jobs killed in 3 days; #5228; mended by a
 * window of confirmed idleness, #5397). actions/actions-runner-controller relied on DELETE alone and killed jobs too (#1125). So:
 *
 * 1. Where `labels` names the labels that jobs ask for, the drain takes these off the runner: no job that asks for one comes
 *    any more. Undraining puts them back. Without `labels` there is nothing to drain with.
 * 2. `busy` has to be false four times over two minutes.
 * 3. The guest itself must show no `Runner.Worker` (see worker-process.ts).
 * 4. Then DELETE, once: 422 means that a job runs, and is not tried again in a loop (it burns the rate limit,
 *    actions-runner-controller #1204). Deregistered, the runner can be given nothing.
 * 5. The guest is looked into once more before it is ended.
 *
 * What remains at risk: where the guest cannot be looked into, a job that GitHub itself does not know to be running. Ephemeral
 * runners, which take one job and are gone, come through the same steps; mostly they are found gone.
 */
import { SECOND } from '../clock.ts';
import type { Activity, CiAgent, DrainResult, Standing } from './ci-agent.ts';
import { CiCallFailed, pathOf } from './ci-http.ts';
import { type Fields, fieldsOf } from './reply.ts';
import { activityOr, drainOr, serverOf, setting, standingOr, type VendorParts } from './vendor.ts';

const ASKS = 4;
const SETTLE = 40 * SECOND;
const MOST_PAGES = 100;

export function githubActionsAgent(parts: VendorParts): CiAgent {
  const name = setting(parts, 'name');
  const labels = (parts.settings.labels ?? '').split(',').flatMap((label) => label.trim() || []);
  const owner = ownerOf(parts.settings);
  const path = `${owner.path}/actions/runners`;
  const server = serverOf(parts, 'https://api.github.com', async () => ({
    authorization: `Bearer ${await parts.secret(setting(parts, 'token'))}`,
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
    'user-agent': 'boxreeve',
  }));

  /** The filter by name is newer than some servers: all pages are read, and names compared here. */
  const runner = async (signal?: AbortSignal): Promise<Runner | null> => {
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const { body } = await server.call({
        path,
        query: { name, per_page: '100', page: String(page) },
        signal,
      });
      const runners = fieldsOf(body, 'list of runners').list('runners');
      const found = runners.find((one) => one.text('name').toLowerCase() === name.toLowerCase());
      if (found !== undefined) return runnerOf(found, labels);
      if (runners.length < 100) return null;
    }
    throw new Error(`${owner.title} has more runners than are looked through`);
  };

  const drain = async (signal?: AbortSignal): Promise<DrainResult> => {
    const before = await runner(signal);
    if (before === null) return { state: 'absent', detail: `${owner.title} has no runner ${name}` };
    if (labels.length === 0) return { state: 'drained' };
    if (before.labels.length === 0)
      return { state: 'already', detail: `runner ${name} has none of ${labels.join(', ')}` };
    for (const label of before.labels) {
      const one = `${path}${pathOf(before.id, 'labels', label)}`;
      await server.call({ method: 'DELETE', path: one, expect: [200, 404], signal });
    }
    const after = await runner(signal);
    if (after === null || after.labels.length === 0) return { state: 'drained' };
    return { state: 'failed', detail: `runner ${name} still has ${after.labels.join(', ')}` };
  };

  const deregister = async (signal?: AbortSignal): Promise<Activity> => {
    const found = await runner(signal);
    if (found === null) return { state: 'idle' };
    if (found.busy) return { state: 'busy', detail: `runner ${name} runs a job` };
    try {
      await server.call({ method: 'DELETE', path: `${path}${pathOf(found.id)}`, expect: [204, 404], signal });
      return { state: 'idle' };
    } catch (error) {
      if (!(error instanceof CiCallFailed) || error.status !== 422) throw error;
      return { state: 'busy', detail: `runner ${name} still runs a job` };
    }
  };

  return {
    settleMs: SETTLE,
    asks: ASKS,
    describe: () => `github-actions runner ${name} of ${owner.title}`,
    drain: (signal) => drainOr(() => drain(signal)),
    activity: (signal) => activityOr(async () => activityOf(await runner(signal), name)),
    standing: (signal) => standingOr(async () => standingOf(await runner(signal), labels)),
    deregister: (signal) => activityOr(() => deregister(signal)),
    undrain: async (signal) => {
      const found = await runner(signal);
      const missing = labels.filter((label) => found?.labels.includes(label) === false);
      if (found === null || missing.length === 0) return;
      const json = { labels: missing };
      await server.call({ method: 'POST', path: `${path}${pathOf(found.id, 'labels')}`, json, signal });
      const after = await runner(signal);
      if (after !== null && after.labels.length < labels.length) {
        throw new Error(
          `runner ${name} was given ${missing.join(', ')}, but ${server.host} does not show it so`,
        );
      }
    },
  };
}

type Runner = {
  readonly id: number;
  readonly online: boolean;
  readonly busy: boolean;
  /** Of the labels that jobs ask for, those it has. */
  readonly labels: readonly string[];
};

function runnerOf(runner: Fields, labels: readonly string[]): Runner {
  const present = runner.list('labels').map((label) => label.text('name').toLowerCase());
  return {
    id: runner.number('id'),
    online: runner.text('status') === 'online',
    busy: runner.bool('busy'),
    labels: labels.filter((label) => present.includes(label.toLowerCase())),
  };
}

function ownerOf(settings: Readonly<Record<string, string>>): {
  readonly path: string;
  readonly title: string;
} {
  const { repository, organization, enterprise } = settings;
  const given = [repository, organization, enterprise].filter((one) => one !== undefined);
  const [title] = given;
  if (title === undefined || given.length > 1) {
    throw new Error('one of agent.repository, agent.organization and agent.enterprise must be set');
  }
  if (repository === undefined)
    return { title, path: pathOf(organization === undefined ? 'enterprises' : 'orgs', title) };
  const [login = '', repo = '', more] = repository.split('/');
  if (repo === '' || more !== undefined) throw new Error(`agent.repository ${repository} is not owner/name`);
  return { title, path: pathOf('repos', login, repo) };
}

/** Gone from the list: an ephemeral runner that has had its job, or one taken off by step 4. */
function activityOf(runner: Runner | null, name: string): Activity {
  if (runner === null) return { state: 'idle' };
  return runner.busy ? { state: 'busy', detail: `runner ${name} runs a job` } : { state: 'idle' };
}

function standingOf(runner: Runner | null, labels: readonly string[]): Standing {
  if (runner === null) return { state: 'absent' };
  return {
    state: 'registered',
    online: runner.online,
    assignable: labels.length === 0 || runner.labels.length > 0,
  };
}
