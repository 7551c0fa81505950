/**
 * What approvers have forgiven, read from the branches that `boxreeve rollout resume` pushes beside the records.
 *
 * A commit is a word only if it holds nothing but the word: a commit that an approver signed for another purpose is none. Of a branch
 * so many commits are read, the newest: whoever can push could write on for ever, and what is not read lets nothing go on.
 */

import { git, gitRemote, lines } from '../git/git-command.ts';
import { checked, refValue } from '../git/history.ts';
import type { Mirror } from '../git/mirror.ts';
import { topFile } from '../git/top-file.ts';
import { openAuthorities } from '../trust/authority.ts';
import { openProofs, type Proven } from '../trust/proofs.ts';
import { believed, type GivenResume, type JudgedBy, type SignedWord } from './judge-resumes.ts';
import { LARGEST_RESUME, parseResume, RESUME_FILE, type ResumeWord, resumeBranch } from './resume-form.ts';

/** By guest: see `FleetFacts.changes`. */
export type Changes = ReadonlyMap<string, string>;

export type Resumes = {
  /**
   * What was forgiven of these changes, as the remote stood at the mirror's last fetch. Throws RemoteUnreachable if a branch that is new
   * there cannot be had.
   *
   * @param commit the one gone by: it says whose word counts
   */
  given(commit: string, changes: Changes): Promise<readonly GivenResume[]>;
  /** The same, of one change, with what is not believed, and what it is judged by; null: the commit says nothing readable of trust. */
  read(
    commit: string,
    guest: string,
    change: string,
  ): Promise<{ readonly words: readonly SignedWord[]; readonly judgedBy: JudgedBy } | null>;
};

export type ResumesParts = {
  readonly gitDir: string;
  /** Folder of the desired state. */
  readonly path: string;
  readonly mirror: Pick<Mirror, 'auditRefs' | 'auditRemote'>;
  readonly revokedKeys: readonly string[];
  /** ms since the epoch. */
  readonly now: () => number;
};

/** Of one branch. */
const MOST_READ = 200;

export function openResumes(parts: ResumesParts): Resumes {
  const { gitDir, path, mirror } = parts;
  const authorities = openAuthorities(gitDir, path);
  const proofs = openProofs(gitDir);
  const revoked = new Set(parts.revokedKeys);
  /** What a commit says never changes; null: it is no word. */
  const kept = new Map<string, ResumeWord | null>();

  async function read(commit: string, guest: string, change: string) {
    const authority = (await authorities.at([checked(commit)])).get(commit);
    if (!authority) return null;
    const judgedBy = { authority, at: commit, revoked, now: parts.now() };
    const branch = resumeBranch(guest, change);
    const tip = mirror.auditRefs().get(`refs/heads/${branch}`);
    if (tip === undefined) return { words: [], judgedBy };
    const chain = await chainOf(branch, checked(tip));
    const proven = await proofs.of(chain, authority.openPgpKeys);
    await readWords(parts, proven, kept);
    const words = proven.flatMap(({ commit: id, committedAt, proof }): SignedWord[] => {
      const word = kept.get(id);
      if (word?.guest !== guest || word.change !== change) return [];
      return [{ commit: id, committedAt, proof, word }];
    });
    return { words, judgedBy };
  }

  /** Newest first. */
  async function chainOf(branch: string, tip: string): Promise<readonly string[]> {
    await bring(parts, branch, tip);
    // the branch may have moved on since, and what was seen of it be gone: the next fetch sees what is there now
    if ((await refValue(gitDir, `${tip}^{commit}`)) === null) return [];
    return lines(await git(gitDir, ['rev-list', '--first-parent', `--max-count=${MOST_READ}`, tip]));
  }

  return {
    read,
    given: async (commit, changes) => {
      const found: GivenResume[] = [];
      for (const [guest, change] of changes) {
        const there = mirror.auditRefs().has(`refs/heads/${resumeBranch(guest, change)}`);
        const seen = there ? await read(commit, guest, change) : null;
        if (seen !== null) found.push(...believed(seen.words, seen.judgedBy));
      }
      return found;
    },
  };
}

/** A branch as the last fetch saw it, contents included. Nothing is asked if it is here. */
async function bring({ gitDir, mirror }: ResumesParts, branch: string, tip: string): Promise<void> {
  const local = `refs/${branch}`;
  if ((await refValue(gitDir, local)) === tip) return;
  const quiet = ['--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head', '--no-filter'];
  const what = [mirror.auditRemote(), `+refs/heads/${branch}:${local}`];
  await gitRemote(gitDir, ['-c', 'fetch.fsckObjects=true', 'fetch', ...quiet, ...what]);
}

const WORD = { name: RESUME_FILE, largest: LARGEST_RESUME, alone: true };

/** Reads what is not known yet. */
async function readWords(
  { gitDir }: ResumesParts,
  proven: readonly Proven[],
  kept: Map<string, ResumeWord | null>,
): Promise<void> {
  for (const { commit, tree } of proven) {
    if (kept.has(commit)) continue;
    const file = tree === '' ? null : await topFile(gitDir, checked(tree), WORD);
    kept.set(commit, file === null ? null : parseResume(file));
  }
}
