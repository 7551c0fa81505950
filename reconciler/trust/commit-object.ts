/** A commit as Git stores it, its signature apart from what was signed. Pure. */

export type CommitObject = {
  readonly tree: string;
  readonly parents: readonly string[];
  /** When it says it was committed, ms since the epoch: its maker's word. */
  readonly committedAt: number;
  readonly message: string;
  /** As it stands in the header `gpgsig`, whatever kind it is; null: none. */
  readonly signature: string | null;
  /** What the signature is over: the commit without it. */
  readonly payload: Buffer;
};

export type ParsedCommit =
  | { readonly ok: true; readonly commit: CommitObject }
  | { readonly ok: false /** Goes on after `commit 1234567`. */; readonly why: string };

/** Git's header for the commits of each kind of repository: by SHA-1, by SHA-256. */
const SIGNATURE_HEADERS: ReadonlySet<string> = new Set(['gpgsig', 'gpgsig-sha256']);

/**
 * Stricter than Git: what could be read in two ways (two signatures, headers out of order, a NUL) is not read at all, so that
 * nobody can show Git one commit and us another.
 */
export function parseCommitObject(bytes: Buffer): ParsedCommit {
  const end = bytes.indexOf('\n\n');
  if (end < 0) return refuse('has no end of its header');
  if (bytes.includes(0)) return refuse('has a NUL in it');
  const headers = readHeaders(bytes.subarray(0, end + 1));
  if (headers === null) return refuse('has a header that cannot be read');
  const signatures = headers.filter(({ name }) => SIGNATURE_HEADERS.has(name));
  if (signatures.length > 1) return refuse('has more than one signature');
  const facts = readFacts(headers);
  if (facts === null) return refuse('has a header that Git does not write');
  const unsigned = headers.filter(({ name }) => !SIGNATURE_HEADERS.has(name)).map(({ raw }) => raw);
  return {
    ok: true,
    commit: {
      ...facts,
      message: bytes.subarray(end + 2).toString('utf8'),
      signature: signatures[0]?.value ?? null,
      payload: Buffer.concat([...unsigned, bytes.subarray(end + 1)]),
    },
  };
}

type Header = { readonly name: string; readonly value: string; readonly raw: Buffer };

/** Lines that begin with a space go on with the header before them. */
function readHeaders(bytes: Buffer): readonly Header[] | null {
  const headers: Header[] = [];
  for (let at = 0; at < bytes.length; ) {
    let end = bytes.indexOf('\n', at) + 1;
    while (end < bytes.length && bytes[end] === 0x20) end = bytes.indexOf('\n', end) + 1;
    const raw = bytes.subarray(at, end);
    const match = /^([a-z0-9-]+) ([\s\S]*)\n$/.exec(raw.toString('latin1'));
    const [, name, value] = match ?? [];
    if (name === undefined || value === undefined) return null;
    headers.push({ name, value: value.replaceAll('\n ', '\n'), raw });
    at = end;
  }
  return headers;
}

const ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const WHO = /^.* (\d{1,12}) [+-]\d{4}$/;
const LATEST = 8.64e15;

/** `tree`, any number of `parent`, `author`, `committer`, in this order and once each; then whatever else there is. */
function readFacts(
  headers: readonly Header[],
): Pick<CommitObject, 'tree' | 'parents' | 'committedAt'> | null {
  const [tree, ...rest] = headers;
  const first = rest.findIndex(({ name }) => name !== 'parent');
  if (tree?.name !== 'tree' || first < 0) return null;
  const parents = rest.slice(0, first).map(({ value }) => value);
  const [author, committer, ...more] = rest.slice(first);
  if (author?.name !== 'author' || committer?.name !== 'committer') return null;
  if (more.some(({ name }) => ['tree', 'parent', 'author', 'committer'].includes(name))) return null;
  const seconds = WHO.exec(committer.value)?.[1];
  if (seconds === undefined || ![tree.value, ...parents].every((id) => ID.test(id))) return null;
  if (new Set(parents).size !== parents.length) return null;
  return { tree: tree.value, parents, committedAt: Math.min(Number(seconds) * 1000, LATEST) };
}

function refuse(why: string): ParsedCommit {
  return { ok: false, why };
}
