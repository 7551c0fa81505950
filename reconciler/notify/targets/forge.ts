/**
 * What the three forges have in common: a status on the commit, and one comment on its pull request, written anew each time.
 *
 * The comment is found again by a mark that it begins with, which readers do not see. The mark is made with the token, so that nobody
 * can have written a comment beforehand that is taken for ours; of two that bear it (somebody copied it), the older one is ours.
 */
import { createHmac } from 'node:crypto';
import { CiCallFailed, type CiServer, ciServer } from '../../agents/ci-http.ts';
import { UnexpectedReply } from '../../agents/reply.ts';
import type { Clock } from '../../clock.ts';
import { SecretUnavailable } from '../../errors.ts';
import { createRedactor } from '../../secrets/redactor.ts';
import { standingMarkdown } from '../describe.ts';
import { type Message, NotDelivered, type Target } from '../message.ts';
import type { Standing } from '../standing.ts';

export type TargetParts = {
  /** Throws SecretUnavailable. */
  readonly secret: (name: string) => Promise<string>;
  readonly clock: Pick<Clock, 'now'>;
  readonly fetch: typeof fetch;
  /** By server, until when nothing may be sent. */
  readonly waits: Map<string, number>;
};

/** One forge, for one delivery. */
export interface Forge {
  /** Sets the status of a commit. */
  status(standing: Standing, signal: AbortSignal): Promise<void>;
  /** Pull requests that brought a commit to the branch; none, if it came without. */
  pullRequests(commit: string, signal: AbortSignal): Promise<readonly number[]>;
  /** Comments on one, oldest first. */
  comments(pullRequest: number, signal: AbortSignal): AsyncIterable<ForgeComment>;
  add(pullRequest: number, text: string, signal: AbortSignal): Promise<void>;
  change(pullRequest: number, comment: ForgeComment, text: string, signal: AbortSignal): Promise<void>;
}

/** `thread`: where the forge has such. */
export type ForgeComment = { readonly id: number; readonly thread: number | null; readonly text: string };

export type ForgeOptions = {
  readonly name: string;
  readonly url: string;
  /** Names of the secret, and of the status. */
  readonly token: string;
  readonly context: string;
  readonly headers: (token: string) => Readonly<Record<string, string>>;
  readonly open: (server: CiServer) => Forge;
};

export function forgeTarget(parts: TargetParts, options: ForgeOptions): Target {
  return {
    name: options.name,
    most: 1,
    standings: 'steps',
    wants: null,
    deliver: async (messages, signal) => {
      await delivered(parts, options.url, async () => {
        const token = await parts.secret(options.token);
        const forge = options.open(serverOf(parts, options, token));
        for (const message of messages)
          if (message.kind === 'standing') await tellForge(forge, message, markOf(token, options), signal);
      });
    },
  };
}

/** Turns what went wrong into what is to be done about it. */
export async function delivered(
  { waits }: TargetParts,
  url: string,
  work: () => Promise<void>,
  never: readonly number[] = [],
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof SecretUnavailable) throw new NotDelivered(error.message, 'later');
    if (error instanceof UnexpectedReply) throw new NotDelivered(error.message, 'this');
    if (!(error instanceof CiCallFailed)) throw error;
    const { status } = error;
    if (status !== null && never.includes(status)) throw new NotDelivered(error.message, 'never');
    const mayBeOnlyThis = status !== null && status >= 400 && status < 500 && !ABOUT_ALL.includes(status);
    const host = URL.canParse(url) ? new URL(url).host : url;
    throw new NotDelivered(error.message, mayBeOnlyThis ? 'this' : 'later', waits.get(host) ?? null);
  }
}

/** The token is not accepted, or we ask too often. */
const ABOUT_ALL = [401, 403, 408, 429];

function serverOf(
  { clock, fetch, waits }: TargetParts,
  { url, headers }: ForgeOptions,
  token: string,
): CiServer {
  const redactor = createRedactor([token]);
  return ciServer({ url, headers: async () => headers(token), redact: redactor.text, clock, fetch, waits });
}

async function tellForge(
  forge: Forge,
  { standing, outputs }: Extract<Message, { kind: 'standing' }>,
  mark: (pullRequest: number) => string,
  signal: AbortSignal,
): Promise<void> {
  await forge.status(standing, signal);
  if (standing.state === 'nothing') return;
  for (const pullRequest of await forge.pullRequests(standing.commit, signal)) {
    const begin = mark(pullRequest);
    const text = `${begin}\n${standingMarkdown(standing, outputs)}`;
    const ours = await find(forge.comments(pullRequest, signal), ({ text: there }) =>
      there.startsWith(begin),
    );
    if (ours === null) await forge.add(pullRequest, text, signal);
    else if (ours.text.trim() !== text.trim()) await forge.change(pullRequest, ours, text, signal);
  }
}

function markOf(token: string, { context }: ForgeOptions): (pullRequest: number) => string {
  return (pullRequest) => {
    const what = `boxreeve notifies of ${context} on ${pullRequest}`;
    return `<!-- boxreeve ${createHmac('sha256', token).update(what).digest('hex').slice(0, 32)} -->`;
  };
}

async function find<T>(all: AsyncIterable<T>, is: (one: T) => boolean): Promise<T | null> {
  for await (const one of all) if (is(one)) return one;
  return null;
}
