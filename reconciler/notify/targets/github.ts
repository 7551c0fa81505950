/**
 * GitHub, services and Enterprise Server, `X-GitHub-Api-Version: 2022-11-28`.
 * Source: docs.github.com/rest, "Create a commit status", "List pull requests associated with a commit", "List / create / update an issue
 * comment". A token needs `statuses: write` and `pull_requests: write` (or `issues: write`), or the classic scope `repo`.
 *
 * - A description has at most 140 characters; a commit at most 1000 statuses of one context.
 * - Comments on a pull request are those of the issue of the same number, oldest first.
 */
import { type CiServer, pathOf } from '../../agents/ci-http.ts';
import { fieldsOf, listOf } from '../../agents/reply.ts';
import type { NotifyTarget } from '../../desired/spec.ts';
import { standingLine } from '../describe.ts';
import type { Target } from '../message.ts';
import type { Standing } from '../standing.ts';
import { type Forge, type ForgeComment, forgeTarget, type TargetParts } from './forge.ts';

type GithubTarget = Extract<NotifyTarget, { to: 'github' }>;

const LONGEST = 140;
const PAGE = 100;
/** Comments that are looked through, in pages. */
const MOST_PAGES = 20;

const STATES: Readonly<Record<Standing['state'], string>> = {
  nothing: 'success',
  done: 'success',
  'under-way': 'pending',
  halted: 'failure',
  // there is none for it, and it is no success
  overtaken: 'error',
};

export function githubTarget(parts: TargetParts, target: GithubTarget): Target {
  return forgeTarget(parts, {
    ...target,
    headers: (token) => ({
      authorization: `Bearer ${token}`,
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
      'user-agent': 'boxreeve',
    }),
    open: (server) => githubForge(server, target),
  });
}

function githubForge(server: CiServer, { repository, context }: GithubTarget): Forge {
  const [owner = '', name = ''] = repository.split('/');
  const repo = pathOf('repos', owner, name);
  const commentsOf = (number: number) => `${repo}${pathOf('issues', number, 'comments')}`;
  return {
    status: async (standing, signal) => {
      const path = `${repo}${pathOf('statuses', standing.commit)}`;
      const json = { state: STATES[standing.state], description: standingLine(standing, LONGEST), context };
      await server.call({ method: 'POST', path, json, expect: [201], signal });
    },
    pullRequests: async (commit, signal) => {
      const { body } = await server.call({ path: `${repo}${pathOf('commits', commit, 'pulls')}`, signal });
      const merged = listOf(body, 'pull request').filter((one) => one.has('merged_at'));
      return merged.map((one) => one.number('number')).slice(0, 1);
    },
    comments: async function* (number, signal): AsyncGenerator<ForgeComment> {
      for (let page = 1; page <= MOST_PAGES; page += 1) {
        const query = { per_page: String(PAGE), page: String(page) };
        const { body } = await server.call({ path: commentsOf(number), query, signal });
        const all = listOf(body, 'comment');
        for (const one of all) yield { id: one.number('id'), thread: null, text: textOf(one) };
        if (all.length < PAGE) return;
      }
    },
    add: async (number, text, signal) => {
      const request = {
        method: 'POST',
        path: commentsOf(number),
        json: { body: text },
        expect: [201],
      } as const;
      fieldsOf((await server.call({ ...request, signal })).body, 'comment').number('id');
    },
    change: async (_number, { id }, text, signal) => {
      const path = `${repo}${pathOf('issues', 'comments', id)}`;
      await server.call({ method: 'PATCH', path, json: { body: text }, signal });
    },
  };
}

function textOf(comment: ReturnType<typeof fieldsOf>): string {
  return comment.has('body') ? comment.text('body') : '';
}
