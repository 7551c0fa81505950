/**
 * The commits of an audit branch with the record that each adds: streamed, so that a hundred thousand need no more memory than a
 * few hundred, and by three Git processes, however many there are.
 */
import { GitFailed } from '../errors.ts';
import { git } from '../git/git-command.ts';
import { checked } from '../git/history.ts';
import { rawChanges } from '../git/raw-changes.ts';
import type { ObjectReader } from '../git/stream-git.ts';
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
const AHEAD = 64;

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

/** What a commit changes: the first file of it, as `git diff-tree` says it, and how many there are. */
type Change = { readonly commit: string; files: number; entry: string; path: string };

async function* changesOf(gitDir: string, commits: Buffer): AsyncGenerator<Change> {
  let change: Change | null = null;
  for await (const { commit, entry, path } of rawChanges(gitDir, commits, [])) {
    if (entry === null) {
      if (change !== null) yield change;
      change = { commit, files: 0, entry: '', path: '' };
    } else if (change !== null) {
      change.files += 1;
      if (change.files === 1) Object.assign(change, { entry, path });
    }
  }
  if (change !== null) yield change;
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
function addedRecord({ files, entry, path }: Change): { blob: string; path: string } | { why: string } {
  if (files !== 1) return { why: `changes ${files} files: a record adds one` };
  const [, mode, , blob = '', status] = entry.split(' ');
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
