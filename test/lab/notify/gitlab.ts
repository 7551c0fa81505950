/**
 * GitLab's commit statuses, merge requests of a commit and notes, as docs.gitlab.com/api describes them: pages of 20, the newest note
 * first unless asked otherwise, and 400 for a status that is set to the state it has, after its description was changed.
 */
import { type CiAnswer, type CiCall, NOT_FOUND, startCiServer, unknownParameter } from '../ci/http-server.ts';
import { type ForgeLab, PULL_REQUEST } from './forge-lab.ts';

const TOKEN = 'glpat-0123456789abcdefghij';
const STATES = ['pending', 'running', 'success', 'failed', 'canceled'];
const OPEN = ['pending', 'running'];

type Status = { state: string; name: string; description: string };

export async function startGitlab(): Promise<ForgeLab> {
  const statuses = new Map<string, Status[]>();
  const requests = new Map<string, number>();
  const notes: { id: number; body: string }[] = [];
  let ids = 300;
  const newId = () => {
    ids += 1;
    return ids;
  };

  const server = await startCiServer((call): CiAnswer => {
    if (call.headers['private-token'] !== TOKEN)
      return { status: 401, body: { message: '401 Unauthorized' } };
    const [api, version, projects, project, ...rest] = call.path;
    if (api !== 'api' || version !== 'v4' || projects !== 'projects' || project !== 'acme/infra')
      return { status: 404, body: { message: '404 Project Not Found' } };
    const [what, id, list, note] = rest;
    if (what === 'statuses' && id !== undefined && call.method === 'POST') return setStatus(call, id);
    if (what === 'repository' && id === 'commits' && rest[3] === 'merge_requests')
      return unknownParameter(call, ['state']) ?? { status: 200, body: requestsOf(rest[2] ?? '') };
    if (what !== 'merge_requests' || id !== String(PULL_REQUEST) || list !== 'notes') return NOT_FOUND;
    if (note !== undefined) return call.method === 'PUT' ? change(call, Number(note)) : NOT_FOUND;
    return call.method === 'POST' ? add(call) : listNotes(call);
  });

  function setStatus(call: CiCall, commit: string): CiAnswer {
    const known = ['state', 'ref', 'name', 'context', 'target_url', 'description', 'coverage', 'pipeline_id'];
    const refused = unknownParameter(call, [], known);
    if (refused) return refused;
    const [state, name, description] = [call.body.state, call.body.name, call.body.description].map(String);
    if (state === undefined || name === undefined || description === undefined || !STATES.includes(state))
      return { status: 400, body: { error: 'state does not have a valid value' } };
    if (description.length > 255) return { status: 400, body: { message: { description: ['is too long'] } } };
    const all = statuses.get(commit) ?? [];
    const open = all.find((each) => each.name === name && OPEN.includes(each.state));
    if (open === undefined) statuses.set(commit, [{ state, name, description }, ...all]);
    else {
      open.description = description;
      if (open.state === state) return { status: 400, body: { message: cannot(state) } };
      open.state = state;
    }
    return { status: 201, body: { id: newId(), status: state, name, description } };
  }

  function requestsOf(commit: string) {
    const iid = requests.get(commit);
    const open = { id: 5001, iid: 7, state: 'opened' };
    return iid === undefined ? [open] : [open, { id: 5002, iid, state: 'merged' }];
  }

  function listNotes(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, ['sort', 'order_by', 'per_page', 'page']);
    if (refused) return refused;
    const size = Number(call.query.get('per_page') ?? 20);
    const page = Number(call.query.get('page') ?? 1);
    const all = call.query.get('sort') === 'asc' ? notes : notes.toReversed();
    return { status: 200, body: all.slice((page - 1) * size, page * size) };
  }

  function add(call: CiCall): CiAnswer {
    const made = { id: newId(), body: String(call.body.body) };
    notes.push(made);
    return { status: 201, body: made };
  }

  function change(call: CiCall, id: number): CiAnswer {
    const found = notes.find((each) => each.id === id);
    if (found === undefined) return NOT_FOUND;
    found.body = String(call.body.body);
    return { status: 200, body: found };
  }

  return {
    server,
    token: TOKEN,
    target: {
      ...{ to: 'gitlab', name: 'forge', url: server.url, project: 'acme/infra' },
      ...{ token: 'FORGE_TOKEN', context: 'boxreeve/rollout' },
    },
    merged: (commit) => requests.set(commit, PULL_REQUEST),
    says: (text) => notes.push({ id: newId(), body: text }),
    comments: () => notes.map(({ body }) => body),
    statuses: (commit) =>
      (statuses.get(commit) ?? []).flatMap(({ state, description, name }) =>
        name === 'boxreeve/rollout' ? `${state}: ${description}` : [],
      ),
  };
}

function cannot(state: string): string {
  const event = state === 'running' ? 'run' : 'enqueue';
  return `Cannot transition status via :${event} from :${state} (Reason(s): Status cannot transition via "${event}")`;
}
