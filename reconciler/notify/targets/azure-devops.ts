/**
 * Azure DevOps, services and server, `api-version=7.1`.
 * Source: MicrosoftDocs/vsts-rest-api-specs, specification/git/7.1/git.json (Statuses_Create, Pull Request Query_Get, Pull Request
 * Threads_List and _Create, Pull Request Thread Comments_Update); personal access token as basic auth, scopes Code (status) and
 * Pull Request Threads (read & write).
 *
 * - A comment is the first one of a thread. The thread is closed, so that no policy waits for somebody to resolve it.
 */
import { type CiServer, pathOf } from '../../agents/ci-http.ts';
import { type Fields, fieldsOf } from '../../agents/reply.ts';
import type { NotifyTarget } from '../../desired/spec.ts';
import { standingLine } from '../describe.ts';
import type { Target } from '../message.ts';
import type { Standing } from '../standing.ts';
import { type Forge, type ForgeComment, forgeTarget, type TargetParts } from './forge.ts';

type AzureTarget = Extract<NotifyTarget, { to: 'azure-devops' }>;

const API = { 'api-version': '7.1' } as const;
const LONGEST = 255;

const STATES: Readonly<Record<Standing['state'], string>> = {
  nothing: 'notApplicable',
  done: 'succeeded',
  'under-way': 'pending',
  halted: 'failed',
  overtaken: 'notApplicable',
};

export function azureDevopsTarget(parts: TargetParts, target: AzureTarget): Target {
  return forgeTarget(parts, {
    ...target,
    headers: (token) => ({ authorization: `Basic ${Buffer.from(`:${token}`).toString('base64')}` }),
    open: (server) => azureForge(server, target),
  });
}

function azureForge(server: CiServer, { organization, project, repository, context }: AzureTarget): Forge {
  const repo = pathOf(organization, project, '_apis', 'git', 'repositories', repository);
  const threadsOf = (number: number) => `${repo}${pathOf('pullRequests', number, 'threads')}`;
  return {
    status: async (standing, signal) => {
      const path = `${repo}${pathOf('commits', standing.commit, 'statuses')}`;
      const json = {
        state: STATES[standing.state],
        description: standingLine(standing, LONGEST),
        context: contextOf(context),
      };
      await server.call({ method: 'POST', path, query: API, json, expect: [200, 201], signal });
    },
    pullRequests: async (commit, signal) => {
      const path = `${repo}/pullrequestquery`;
      const json = { queries: [{ items: [commit], type: 'lastMergeCommit' }] };
      const { body } = await server.call({ method: 'POST', path, query: API, json, signal });
      const [found] = fieldsOf(body, 'answer about pull requests').list('results');
      if (found === undefined || !found.has(commit)) return [];
      return found
        .list(commit)
        .map((one) => one.number('pullRequestId'))
        .slice(0, 1);
    },
    comments: async function* (number, signal): AsyncGenerator<ForgeComment> {
      const { body } = await server.call({ path: threadsOf(number), query: API, signal });
      const threads = fieldsOf(body, 'list of threads').list('value');
      for (const thread of threads.toSorted((one, other) => one.number('id') - other.number('id'))) {
        const first = thread.has('comments') ? thread.list('comments')[0] : undefined;
        if (first !== undefined) yield commentOf(thread, first);
      }
    },
    add: async (number, text, signal) => {
      const json = {
        comments: [{ parentCommentId: 0, content: text, commentType: 'text' }],
        status: 'closed',
      };
      await server.call({ method: 'POST', path: threadsOf(number), query: API, json, signal });
    },
    change: async (number, { id, thread }, text, signal) => {
      const path = `${threadsOf(number)}${pathOf(thread ?? 0, 'comments', id)}`;
      await server.call({ method: 'PATCH', path, query: API, json: { content: text }, signal });
    },
  };
}

/** A status is called by a genre and a name: `boxreeve/rollout` is the name `rollout` of the genre `boxreeve`. */
function contextOf(context: string): { readonly genre: string; readonly name: string } {
  const at = context.lastIndexOf('/');
  return at <= 0
    ? { genre: 'boxreeve', name: context }
    : { genre: context.slice(0, at), name: context.slice(at + 1) };
}

function commentOf(thread: Fields, comment: Fields): ForgeComment {
  const text = comment.has('content') ? comment.text('content') : '';
  return { id: comment.number('id'), thread: thread.number('id'), text };
}
