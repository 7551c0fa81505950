/**
 * The commits of an audit branch with the record that each adds: streamed, so that a hundred thousand need no more memory than a
 * few hundred, and by three Git processes, however many there are.
 */
import { GitFailed } from '../errors.ts';
import { git } from '../git/git-command.ts';
import { checked } from '../git/history.ts';
import { gitStream, type ObjectReader } from '../git/stream-git.ts';
import { type Signature, signedCommit } from '../trust/signed-commits.ts';
import { parseRecord, recordDigest } from './parse-record.ts';
import { recordPath } from './paths.ts';
import type { AuditRecord } from './record.ts';

export type Link = {
  readonly commit: string;
  readonly parents: readonly string[];
  readonly signature: Signature;
  readonly content:
    | { readonly ok: true; readonly record: AuditRecord; readonly digest: string }
    | { readonly ok: false; readonly why: string };
};

/** Asked for at once, so that Git is never waited for. */
const AHEAD = 500;

/**
 * The commits of `tip` that are not in `after` (null: all), from the oldest to the newest.
 *
 * @param objects reads commits and records; nothing else may read from it meanwhile, and its caller closes it
 */
export async function* readLinks(
  gitDir: string,
  objects: ObjectReader,
  host: string,
  tip: string,
  after: string | null,
): AsyncGenerator<Link> {
  const range = after === null ? [checked(tip)] : [checked(tip), `^${checked(after)}`];
  const commits = await git(gitDir, ['rev-list', '--reverse', '--topo-order', ...range]);
  if (commits.length === 0) return;
  let ahead: Change[] = [];
  for await (const change of changesOf(gitDir, commits)) {
    ahead.push(change);
    if (ahead.length < AHEAD) continue;
    yield* linksOf(objects, host, ahead);
    ahead = [];
  }
  yield* linksOf(objects, host, ahead);
}

/** One commit by itself. */
export async function readOneLink(
  gitDir: string,
  objects: ObjectReader,
  host: string,
  commit: string,
): Promise<Link> {
  const input = Buffer.from(`${checked(commit)}\n`);
  for await (const change of changesOf(gitDir, input))
    for await (const link of linksOf(objects, host, [change])) return link;
  throw new GitFailed(`commit ${commit} cannot be read`);
}

/** What a commit changes, as `git diff-tree` says it; more than two files are not listed, only counted. */
type Change = { readonly commit: string; readonly entries: string[]; files: number };

/** With `-z`: `<commit>\0`, then for each file `:<modes> <ids> <status>\0<path>\0`. Of a merge there are none. */
async function* changesOf(gitDir: string, commits: Buffer): AsyncGenerator<Change> {
  const args = ['diff-tree', '--stdin', '--always', '--root', '-r', '-z', '--no-renames'];
  let change: Change | null = null;
  let awaited: 'commit' | 'path' = 'commit';
  for await (const token of tokens(gitStream(gitDir, args, commits))) {
    if (change !== null && awaited === 'path') {
      if (change.entries.length < 2) change.entries.push(token);
      awaited = 'commit';
    } else if (change !== null && token.startsWith(':')) {
      change.files += 1;
      if (change.entries.length === 0) change.entries.push(token);
      awaited = 'path';
    } else {
      if (change !== null) yield change;
      change = { commit: checked(token), entries: [], files: 0 };
    }
  }
  if (change !== null) yield change;
}

async function* tokens(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of stream) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    let at = 0;
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0, at)) {
      yield rest.toString('utf8', at, end);
      at = end + 1;
    }
    rest = rest.subarray(at);
  }
}

async function* linksOf(
  objects: ObjectReader,
  host: string,
  changes: readonly Change[],
): AsyncGenerator<Link> {
  const asked = changes.map((change) => ({ change, added: addedRecord(change) }));
  const found = objects.read(
    asked.flatMap(({ change, added }) => ('blob' in added ? [change.commit, added.blob] : [change.commit])),
  );
  const next = async () => (await found.next()).value?.content ?? null;
  for (const { change, added } of asked) {
    const bytes = await next();
    const { parents, signature } = bytes === null ? UNREADABLE : signedCommit(change.commit, bytes);
    const content =
      'blob' in added
        ? await recordIn(await next(), added.path, host)
        : { ok: false as const, why: added.why };
    yield { commit: change.commit, parents, signature, content };
  }
}

/** A commit as large as that is none of a host's. */
const UNREADABLE = { parents: [], signature: { kind: 'bad', why: 'is too large to be read' } } as const;

/** A record's commit adds one plain file, and changes and removes nothing. */
function addedRecord({ files, entries }: Change): { blob: string; path: string } | { why: string } {
  const [change = '', path = ''] = entries;
  if (files !== 1) return { why: `changes ${files} files: a record adds one` };
  const [, mode, , blob = '', status] = change.split(' ');
  if (status !== 'A') return { why: `changes or removes ${path}: a record once written stays` };
  if (mode !== '100644') return { why: `adds ${path}, which is no plain file` };
  return { blob: checked(blob), path };
}

async function recordIn(bytes: Buffer | null, path: string, host: string): Promise<Link['content']> {
  if (bytes === null) return { ok: false, why: `adds ${path}, which is not here or too large for a record` };
  const parsed = await parseRecord(bytes);
  if (!parsed.ok) return { ok: false, why: `adds ${path}, which ${parsed.why}` };
  const { record } = parsed;
  if (record.host !== host) return { ok: false, why: `adds a record of ${record.host}` };
  const right = recordPath(host, record.time, record.id);
  if (path !== right) return { ok: false, why: `adds ${path}; this record belongs at ${right}` };
  return { ok: true, record, digest: recordDigest(bytes) };
}
