/**
 * GitLab, `api/v4`.
 * Source: docs.gitlab.com/api, "Set commit pipeline status", "List merge requests associated with a commit", "Notes". A token needs the
 * scope `api`, and at least the role Developer.
 *
 * - A description has at most 255 characters.
 * - Setting a status to the state that it has is answered with 400 "Cannot transition status via :run from :running", once its
 *   description has been changed (gitlab-org/gitlab, lib/api/commit_statuses.rb).
 */
import { CiCallFailed, type CiServer, pathOf } from '../../agents/ci-http.ts';
import { fieldsOf, listOf } from '../../agents/reply.ts';
import type { NotifyTarget } from '../../desired/spec.ts';
import { standingLine } from '../describe.ts';
import type { Target } from '../message.ts';
import type { Standing } from '../standing.ts';
import { type Forge, type ForgeComment, forgeTarget, type TargetParts } from './forge.ts';

type GitlabTarget = Extract<NotifyTarget, { to: 'gitlab' }>;

const LONGEST = 255;
const PAGE = 100;
/** Notes that are looked through, in pages. */
const MOST_PAGES = 20;

const STATES: Readonly<Record<Standing['state'], string>> = {
  nothing: 'success',
  done: 'success',
  'under-way': 'running',
  halted: 'failed',
  overtaken: 'canceled',
};

export function gitlabTarget(parts: TargetParts, target: GitlabTarget): Target {
  return forgeTarget(parts, {
    ...target,
    headers: (token) => ({ 'private-token': token }),
    open: (server) => gitlabForge(server, target),
  });
}

function gitlabForge(server: CiServer, { project, context }: GitlabTarget): Forge {
  const repo = pathOf('api', 'v4', 'projects', project);
  const notesOf = (number: number) => `${repo}${pathOf('merge_requests', number, 'notes')}`;
  return {
    status: async (standing, signal) => {
      const path = `${repo}${pathOf('statuses', standing.commit)}`;
      const json = {
        state: STATES[standing.state],
        name: context,
        description: standingLine(standing, LONGEST),
      };
      try {
        await server.call({ method: 'POST', path, json, expect: [201], signal });
      } catch (error) {
        if (!isInThatState(error)) throw error;
      }
    },
    pullRequests: async (commit, signal) => {
      const path = `${repo}${pathOf('repository', 'commits', commit, 'merge_requests')}`;
      const { body } = await server.call({ path, signal });
      const merged = listOf(body, 'merge request').filter((one) => one.text('state') === 'merged');
      return merged.map((one) => one.number('iid')).slice(0, 1);
    },
    comments: async function* (number, signal): AsyncGenerator<ForgeComment> {
      for (let page = 1; page <= MOST_PAGES; page += 1) {
        const query = { sort: 'asc', order_by: 'created_at', per_page: String(PAGE), page: String(page) };
        const { body } = await server.call({ path: notesOf(number), query, signal });
        const all = listOf(body, 'note');
        for (const one of all) yield { id: one.number('id'), thread: null, text: one.text('body') };
        if (all.length < PAGE) return;
      }
    },
    add: async (number, text, signal) => {
      const request = { method: 'POST', path: notesOf(number), json: { body: text }, expect: [201] } as const;
      fieldsOf((await server.call({ ...request, signal })).body, 'note').number('id');
    },
    change: async (number, { id }, text, signal) => {
      const path = `${notesOf(number)}${pathOf(id)}`;
      await server.call({ method: 'PUT', path, json: { body: text }, signal });
    },
  };
}

function isInThatState(error: unknown): boolean {
  return (
    error instanceof CiCallFailed &&
    error.status === 400 &&
    error.message.includes('Cannot transition status via')
  );
}
