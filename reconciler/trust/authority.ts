/** What a commit says about whose commits may follow it. */
import { readApprovers } from '../desired/approvers.ts';
import { DesiredFiles } from '../desired/desired-files.ts';
import { requiresSignedCommits } from '../desired/fleet.ts';
import type { DesiredTree } from '../desired/tree.ts';
import { readTrustRules, type TrustRules } from '../desired/trust-rules.ts';
import { InvalidDesiredState } from '../errors.ts';
import { commitTree } from '../git/commit-tree.ts';
import { git, lines } from '../git/git-command.ts';
import type { AllowedSigner } from './allowed-signers.ts';
import type { OpenPgpKey } from './openpgp.ts';

export type Authority = {
  /** Equal for commits that say the same. */
  readonly id: string;
  /** Whether what follows must be signed at all. */
  readonly requiresSignatures: boolean;
  /** Lines of `trust/approvers` and keys of `trust/openpgp/`, by key. */
  readonly signers: ReadonlyMap<string, readonly AllowedSigner[]>;
  readonly openPgpKeys: readonly OpenPgpKey[];
  readonly rules: TrustRules;
};

export type Authorities = {
  /** What each commit says, by an id that is equal where they say the same: cheap, whatever they say. */
  ids(commits: readonly string[]): Promise<AuthorityIds>;
  /** null for a commit that says nothing readable of trust. Costs a look for each id that is new. */
  load(ids: AuthorityIds): Promise<ReadonlyMap<string, Authority | null>>;
  at(commits: readonly string[]): Promise<ReadonlyMap<string, Authority | null>>;
};

/** By commit. */
export type AuthorityIds = ReadonlyMap<string, string>;

/** Few: it changes seldom. */
const MOST_KEPT = 64;

/** @param path folder of the desired state */
export function openAuthorities(gitDir: string, path: string): Authorities {
  const kept = new Map<string, Authority | null>();

  async function loadOne(id: string, commit: string): Promise<Authority | null> {
    const known = kept.get(id);
    if (known !== undefined) return known;
    const read = await readAuthority(commitTree(gitDir, commit), path, id);
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(id, read);
    return read;
  }

  async function load(ids: AuthorityIds): Promise<ReadonlyMap<string, Authority | null>> {
    const byId = new Map<string, Authority | null>();
    const found = new Map<string, Authority | null>();
    for (const [commit, id] of ids) {
      const authority = byId.get(id) ?? (await loadOne(id, commit));
      byId.set(id, authority);
      found.set(commit, authority);
    }
    return found;
  }

  const ids = (commits: readonly string[]) => authorityIds(gitDir, path, commits);
  return { ids, load, at: async (commits) => load(await ids(commits)) };
}

/** By the ids of what it is made of, for thousands of commits in one Git process. */
async function authorityIds(gitDir: string, path: string, commits: readonly string[]): Promise<AuthorityIds> {
  const root = path === '' || path === '.' ? '' : `${path}/`;
  const input = commits
    .flatMap((commit) => [`${commit}:${root}fleet.yaml`, `${commit}:${root}trust`])
    .join('\n');
  const output = lines(
    await git(gitDir, ['cat-file', '--batch-check=%(objectname)'], { input: `${input}\n` }),
  );
  return new Map(
    commits.map((commit, index) => {
      const ids = output
        .slice(2 * index, 2 * index + 2)
        .map((line) => (line.endsWith(' missing') ? 'none' : line));
      return [commit, ids.join(' ')] as const;
    }),
  );
}

/** Whose word counts is never guessed: null if it cannot be told. */
async function readAuthority(tree: DesiredTree, path: string, id: string): Promise<Authority | null> {
  try {
    const requiresSignatures = await requiresSignedCommits(tree, path);
    const files = new DesiredFiles(tree, path);
    const approvers = await readApprovers(files);
    // a line that is wrong lets nobody sign; a rule that is wrong would let somebody
    const rules = await readTrustRules(files, approvers);
    if (rules === undefined) return null;
    const signers = new Map<string, AllowedSigner[]>();
    for (const signer of approvers.signers)
      signers.set(signer.key, [...(signers.get(signer.key) ?? []), signer]);
    return { id, requiresSignatures, signers, openPgpKeys: approvers.openPgpKeys, rules };
  } catch (error) {
    if (error instanceof InvalidDesiredState) return null;
    throw error;
  }
}
