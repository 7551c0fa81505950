/**
 * GitHub's commit statuses, pull requests of a commit and issue comments, as docs.github.com/rest (2022-11-28) describes them: pages of
 * at most 100, 201 for what is made, a description of at most 140 characters.
 */
import { type CiAnswer, type CiCall, NOT_FOUND, startCiServer, unknownParameter } from '../ci/http-server.ts';
import { type ForgeLab, PULL_REQUEST } from './forge-lab.ts';

const TOKEN = 'ghp_0123456789abcdefghij';
const STATES = ['error', 'failure', 'pending', 'success'];

export async function startGithub(): Promise<ForgeLab> {
  const statuses = new Map<string, { state: string; description: string; context: string }[]>();
  const pulls = new Map<string, number>();
  const comments: { id: number; body: string }[] = [];
  let ids = 900;
  const newId = () => {
    ids += 1;
    return ids;
  };

  const server = await startCiServer((call): CiAnswer => {
    if (call.headers.authorization !== `Bearer ${TOKEN}`)
      return { status: 401, body: { message: 'Bad credentials' } };
    if (call.headers['x-github-api-version'] !== '2022-11-28' || call.headers['user-agent'] === undefined)
      return { status: 403, body: { message: 'Request forbidden by administrative rules' } };
    const [repos, owner, name, what, id, more] = call.path;
    if (repos !== 'repos' || owner !== 'acme' || name !== 'infra') return NOT_FOUND;
    if (what === 'statuses' && id !== undefined && call.method === 'POST') return addStatus(call, id);
    if (what === 'commits' && more === 'pulls' && id !== undefined) return pullsOf(call, id);
    if (what !== 'issues') return NOT_FOUND;
    if (id === 'comments') return call.method === 'PATCH' ? change(call, Number(more)) : NOT_FOUND;
    if (id !== String(PULL_REQUEST) || more !== 'comments') return NOT_FOUND;
    return call.method === 'POST' ? add(call) : list(call);
  });

  function addStatus(call: CiCall, commit: string): CiAnswer {
    const refused = unknownParameter(call, [], ['state', 'target_url', 'description', 'context']);
    if (refused) return refused;
    const { state, description, context } = call.body;
    if (typeof description !== 'string' || description.length > 140 || !STATES.includes(String(state)))
      return { status: 422, body: { message: 'Validation Failed' } };
    if (!/^[0-9a-f]{40}$/.test(commit))
      return { status: 422, body: { message: `No commit found for SHA: ${commit}` } };
    const entry = { state: String(state), description, context: String(context) };
    statuses.set(commit, [entry, ...(statuses.get(commit) ?? [])]);
    return { status: 201, body: { id: newId(), ...entry } };
  }

  function pullsOf(call: CiCall, commit: string): CiAnswer {
    const refused = unknownParameter(call, ['per_page', 'page']);
    if (refused) return refused;
    const number = pulls.get(commit);
    const open = { number: 7, state: 'open', merged_at: null };
    const merged =
      number === undefined ? [] : [{ number, state: 'closed', merged_at: '2026-11-25T11:00:00Z' }];
    return { status: 200, body: [open, ...merged] };
  }

  function list(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, ['since', 'per_page', 'page']);
    if (refused) return refused;
    const size = Number(call.query.get('per_page') ?? 30);
    const page = Number(call.query.get('page') ?? 1);
    return { status: 200, body: comments.slice((page - 1) * size, page * size) };
  }

  function add(call: CiCall): CiAnswer {
    const made = { id: newId(), body: String(call.body.body) };
    comments.push(made);
    return { status: 201, body: made };
  }

  function change(call: CiCall, id: number): CiAnswer {
    const found = comments.find((comment) => comment.id === id);
    if (found === undefined) return NOT_FOUND;
    found.body = String(call.body.body);
    return { status: 200, body: found };
  }

  return {
    server,
    token: TOKEN,
    target: {
      ...{ to: 'github', name: 'forge', url: server.url, repository: 'acme/infra' },
      ...{ token: 'FORGE_TOKEN', context: 'boxreeve/rollout' },
    },
    merged: (commit) => pulls.set(commit, PULL_REQUEST),
    says: (text) => comments.push({ id: newId(), body: text }),
    comments: () => comments.map(({ body }) => body),
    statuses: (commit) =>
      (statuses.get(commit) ?? []).flatMap(({ state, description, context }) =>
        context === 'boxreeve/rollout' ? `${state}: ${description}` : [],
      ),
  };
}
