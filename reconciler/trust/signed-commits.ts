/**
 * Commits with what their signatures prove, read many at a time: one Git process for all of them, none for a signature. What is
 * known of a commit never changes, so it is kept.
 */
import { GitFailed } from '../errors.ts';
import { git } from '../git/git-command.ts';
import { checked } from '../git/history.ts';
import { parseCommitObject } from './commit-object.ts';
import { verifySshSignature } from './ssh-signature.ts';

/** What a signature says by itself: which key made it, not whether anyone trusts that key. */
export type Signature =
  | { readonly kind: 'none' }
  /** Not to be believed, whoever made it; `why` goes on after `commit 1234567`. */
  | { readonly kind: 'bad'; readonly why: string }
  | { readonly kind: 'ssh' /** `ssh-ed25519 AAAA…` */; readonly key: string }
  | { readonly kind: 'openpgp'; readonly armor: string; readonly payload: Buffer };

export type SignedCommit = {
  readonly commit: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** ms since the epoch; its maker's word. */
  readonly committedAt: number;
  readonly message: string;
  readonly signature: Signature;
};

export type SignedCommits = {
  /** In the order asked for. Throws GitFailed for one that is not here. */
  read(commits: readonly string[]): Promise<readonly SignedCommit[]>;
};

/** Enough for what a branch gains in weeks; a first look at a long history goes past it once. */
const MOST_KEPT = 4096;
/** Read at once: a commit is some hundred bytes. */
const BATCH = 2000;

export function openSignedCommits(gitDir: string): SignedCommits {
  const kept = new Map<string, SignedCommit>();
  return {
    read: async (commits) => {
      const found = new Map<string, SignedCommit>();
      const missing: string[] = [];
      for (const commit of commits) {
        const known = kept.get(commit);
        if (known === undefined) missing.push(checked(commit));
        else found.set(commit, known);
      }
      for (let at = 0; at < missing.length; at += BATCH) {
        for (const read of await readBatch(gitDir, missing.slice(at, at + BATCH))) {
          found.set(read.commit, read);
          if (kept.size >= MOST_KEPT) kept.clear();
          kept.set(read.commit, read);
        }
      }
      return commits.flatMap((commit) => found.get(commit) ?? []);
    },
  };
}

async function readBatch(gitDir: string, commits: readonly string[]): Promise<SignedCommit[]> {
  const output = await git(gitDir, ['cat-file', '--batch'], { input: `${commits.join('\n')}\n` });
  const read: SignedCommit[] = [];
  let at = 0;
  for (const commit of commits) {
    const end = output.indexOf('\n', at);
    const [id, type, size] = output.toString('latin1', at, end).split(' ');
    if (id !== commit || type !== 'commit' || size === undefined)
      throw new GitFailed(`commit ${commit} cannot be read`);
    const start = end + 1;
    read.push(signedCommit(commit, output.subarray(start, start + Number(size))));
    at = start + Number(size) + 1;
  }
  return read;
}

/** One commit, from its bytes. */
export function signedCommit(commit: string, bytes: Buffer): SignedCommit {
  const parsed = parseCommitObject(bytes);
  if (!parsed.ok)
    return {
      commit,
      tree: '',
      parents: [],
      committedAt: 0,
      message: '',
      signature: { kind: 'bad', why: parsed.why },
    };
  const { signature, payload, ...facts } = parsed.commit;
  return { commit, ...facts, signature: judge(signature, payload) };
}

function judge(armor: string | null, payload: Buffer): Signature {
  if (armor === null) return { kind: 'none' };
  if (armor.startsWith('-----BEGIN PGP SIGNATURE-----'))
    return { kind: 'openpgp', armor, payload: Buffer.from(payload) };
  if (!armor.startsWith('-----BEGIN SSH SIGNATURE-----'))
    return { kind: 'bad', why: 'has a signature of a kind that is not taken here' };
  const verdict = verifySshSignature(armor, payload, 'git');
  return verdict.ok ? { kind: 'ssh', key: verdict.key } : { kind: 'bad', why: verdict.why };
}
