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
    authoredAt: instantOf(authoredAt),
    signedBy: verdict === 'G' && signer !== undefined && signer !== '' ? signer : null,
    pullRequest: pullRequestOf(subject),
  };
}

/** What Git shows for a date that it cannot read; so do we for those it can and nobody means (the year 10000). */
const NO_DATE = '1970-01-01T00:00:00.000Z';

/** Whoever makes a commit writes its date. */
function instantOf(text: string): string {
  const instant = /^\d{4}-/.test(text) ? new Date(text) : null;
  if (instant === null || Number.isNaN(instant.getTime())) return NO_DATE;
  const shown = instant.toISOString();
  return /^\d{4}-/.test(shown) ? shown : NO_DATE;
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
