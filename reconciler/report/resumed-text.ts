/** What `boxreeve rollout resume` did, for people and as a document. */
import type { Gave, Wanted } from '../rollout/give-resume.ts';

export type Resumed = Wanted & Gave;

export function resumeDocument(resumed: readonly Resumed[]) {
  return {
    resumed: resumed.map(({ guest, change, failures, reason, commit, branch, by, needed, enough }) => ({
      ...{ guest, change, reason, commit, branch, by, needed, enough },
      forgiven: failures.map(({ host, since, detail }) => ({ host, since, detail })),
    })),
  };
}

export function showResumed(resumed: readonly Resumed[]): string {
  return resumed
    .flatMap(({ guest, failures, branch, by, needed, enough }) => [
      enough
        ? `${guest}: its roll-out goes on when hosts see this`
        : `${guest}: your word is there; it takes ${needed} approvers (trust/rules.yaml), so let another run this as well`,
      ...failures.map(({ host, since, detail }) => `  forgiven  ${host}, failed since ${since}: ${detail}`),
      `  on        ${branch}${by === null ? '' : `, signed by ${by}`}`,
    ])
    .join('\n');
}
