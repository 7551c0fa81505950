/** Who made a commit and what it says, from `git log`. Pure. */
import type { CommitInfo } from './ports.ts';

/** Fields of the format below are parted by a byte that no commit message can hold. */
export const COMMIT_FORMAT = '%H%x00%an <%ae>%x00%aI%x00%G?%x00%GS%x00%s';

/**
 * Reads one commit in COMMIT_FORMAT. Git calls a signature by an unlisted key good too (`U`); only `G` names someone.
 */
export function parseCommit(output: string): CommitInfo | null {
  const [commit, author, authoredAt, verdict, signer, subject] = output.replace(/\n$/, '').split('\0');
  if (commit === undefined || author === undefined || authoredAt === undefined || subject === undefined)
    return null;
  return {
    commit,
    subject,
    author,
    authoredAt: new Date(authoredAt).toISOString(),
    signedBy: verdict === 'G' && signer !== undefined && signer !== '' ? signer : null,
    pullRequest: pullRequestOf(subject),
  };
}

/** As GitHub (`… (#13061)`, `Merge pull request #13061 …`), GitLab (`… (!13061)`) and Azure DevOps (`Merged PR 13061: …`) write it. */
const PULL_REQUEST: readonly RegExp[] = [
  /^Merge pull request #(\d{1,9})\b/,
  /^Merged PR (\d{1,9})\b/,
  /\([#!](\d{1,9})\)\s*$/,
];

export function pullRequestOf(subject: string): number | null {
  for (const form of PULL_REQUEST) {
    const found = form.exec(subject)?.[1];
    if (found !== undefined) return Number(found);
  }
  return null;
}
