/**
 * Azure DevOps' commit statuses, pull request query and threads, as MicrosoftDocs/vsts-rest-api-specs (git/7.1/git.json) describes them.
 * What is made is answered with 200 or 201; a token that is not accepted with a sign-in page and status 203.
 */
import { type CiAnswer, type CiCall, NOT_FOUND, startCiServer, unknownParameter } from '../ci/http-server.ts';
import { type ForgeLab, PULL_REQUEST } from './forge-lab.ts';

const TOKEN = 'azdopat0123456789abcdefghij';
const STATES = ['notSet', 'pending', 'succeeded', 'failed', 'error', 'notApplicable'];

type Thread = { id: number; status: string; comments: { id: number; content: string }[] };

export async function startAzureDevops(): Promise<ForgeLab> {
  const statuses = new Map<string, { state: string; description: string; context: unknown }[]>();
  const merged = new Map<string, number>();
  // made by the system itself, as there is one wherever somebody voted
  const threads: Thread[] = [{ id: 1, status: 'unknown', comments: [{ id: 1, content: 'Ada voted 10' }] }];
  let ids = 100;
  const newId = () => {
    ids += 1;
    return ids;
  };

  const server = await startCiServer((call): CiAnswer => {
    const basic = Buffer.from(`:${TOKEN}`).toString('base64');
    if (call.headers.authorization !== `Basic ${basic}`)
      return {
        status: 203,
        headers: { 'content-type': 'text/html' },
        body: '<html>Sign in to your account</html>',
      };
    if (call.query.get('api-version') !== '7.1')
      return { status: 400, body: { message: 'api-version is required' } };
    const [organization, project, apis, area, repositories, repository, what, id, list, ...rest] = call.path;
    if (organization !== 'acme' || project !== 'Build farm' || apis !== '_apis' || area !== 'git')
      return NOT_FOUND;
    if (repositories !== 'repositories' || repository !== 'infra') return NOT_FOUND;
    if (what === 'commits' && id !== undefined && list === 'statuses' && call.method === 'POST')
      return addStatus(call, id);
    if (what === 'pullrequestquery' && id === undefined && call.method === 'POST') return query(call);
    if (what !== 'pullRequests' || id !== String(PULL_REQUEST) || list !== 'threads') return NOT_FOUND;
    const [thread, comments, comment] = rest;
    if (thread === undefined) return call.method === 'POST' ? add(call) : listThreads(call);
    return comments === 'comments' && call.method === 'PATCH'
      ? change(call, Number(thread), Number(comment))
      : NOT_FOUND;
  });

  function addStatus(call: CiCall, commit: string): CiAnswer {
    const refused = unknownParameter(call, ['api-version'], ['state', 'description', 'context', 'targetUrl']);
    if (refused) return refused;
    const { state, description, context } = call.body;
    if (!STATES.includes(String(state)) || typeof context !== 'object')
      return { status: 400, body: { message: 'TF401019: the status is not valid' } };
    const entry = { state: String(state), description: String(description), context };
    statuses.set(commit, [entry, ...(statuses.get(commit) ?? [])]);
    return { status: 201, body: { id: newId(), ...entry } };
  }

  function query(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, ['api-version'], ['queries']);
    if (refused) return refused;
    const asked: unknown = call.body.queries;
    const results = (Array.isArray(asked) ? asked : []).map((each: { type?: unknown; items?: unknown }) => {
      const items = each.type === 'lastMergeCommit' && Array.isArray(each.items) ? each.items : [];
      return Object.fromEntries(
        items.flatMap((item) => {
          const number = merged.get(String(item));
          return number === undefined
            ? []
            : [[String(item), [{ pullRequestId: number, status: 'completed' }]]];
        }),
      );
    });
    return { status: 200, body: { queries: asked, results } };
  }

  function listThreads(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, ['api-version', '$iteration', '$baseIteration']);
    return refused ?? { status: 200, body: { count: threads.length, value: threads } };
  }

  function add(call: CiCall): CiAnswer {
    const refused = unknownParameter(
      call,
      ['api-version'],
      ['comments', 'status', 'properties', 'threadContext'],
    );
    if (refused) return refused;
    const given: unknown = call.body.comments;
    const [first] = Array.isArray(given) ? given : [];
    const thread = {
      ...{ id: newId(), status: String(call.body.status) },
      comments: [{ id: 1, content: String(first?.content) }],
    };
    threads.push(thread);
    return { status: 200, body: thread };
  }

  function change(call: CiCall, thread: number, id: number): CiAnswer {
    const refused = unknownParameter(call, ['api-version'], ['content', 'commentType']);
    if (refused) return refused;
    const found = threads.find((each) => each.id === thread)?.comments.find((each) => each.id === id);
    if (found === undefined) return NOT_FOUND;
    found.content = String(call.body.content);
    return { status: 200, body: found };
  }

  return {
    server,
    token: TOKEN,
    target: {
      ...{ to: 'azure-devops', name: 'forge', url: server.url, organization: 'acme', project: 'Build farm' },
      ...{ repository: 'infra', token: 'FORGE_TOKEN', context: 'boxreeve/rollout' },
    },
    merged: (commit) => merged.set(commit, PULL_REQUEST),
    says: (text) => threads.push({ id: newId(), status: 'active', comments: [{ id: 1, content: text }] }),
    comments: () => threads.slice(1).flatMap(({ comments }) => comments.map(({ content }) => content)),
    statuses: (commit) =>
      (statuses.get(commit) ?? []).flatMap(({ state, description, context }) =>
        JSON.stringify(context) === '{"genre":"boxreeve","name":"rollout"}' ? `${state}: ${description}` : [],
      ),
  };
}
