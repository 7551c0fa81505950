/**
 * Whether a host's account may go on so (docs/explanation/at-the-door.md, rule 1). Pure.
 */
import type { RefChange } from './push.ts';
import type { Reason } from './reason.ts';

export type AuditFacts = {
  readonly change: RefChange;
  /** Whose branch it is. */
  readonly host: string;
  /** The host that pushes; null: no host, or the server does not say. */
  readonly pusher: string | null;
  /** Whether the watched branch has this host, with a key. */
  readonly inFleet: boolean;
  /** Whether the new tip has the old one in its history. */
  readonly descends: boolean;
  /** What is wrong with the new records, as `audit verify` would say it. */
  readonly findings: readonly { readonly commit: string | null; readonly problem: string }[];
};

export function judgeAudit(facts: AuditFacts): readonly Reason[] {
  const { change, host, pusher, inFleet, descends, findings } = facts;
  const { ref, from, to } = change;
  const about = { kind: 'untrusted', ref, commit: to, place: null } as const;
  const reasons: Reason[] = [];
  if (pusher !== null && pusher !== host) {
    const problem = `the host ${pusher} pushes to the account of ${host}: a host writes its own and no other`;
    reasons.push({ ...about, problem, advice: `Look at ${pusher}: a host does not do this by itself.` });
  }
  if (to === null) {
    const problem = `this is the account of ${host}: it is never deleted`;
    const advice = 'Leave it, also if the host is gone: it says what the host did.';
    return [...reasons, { ...about, problem, advice }];
  }
  if (!inFleet) {
    const problem = `the fleet has no host ${host} with an auditKey, so nobody can sign for it`;
    return [
      ...reasons,
      { ...about, problem, advice: `Merge hosts/${host}.yaml first; then its host pushes again by itself.` },
    ];
  }
  if (!descends) {
    const problem = `${to.slice(0, 7)} does not go on from ${(from ?? '').slice(0, 7)}, which is there: a record once written stays`;
    const advice = `Compare the two. If a host wrote both, two go by the name ${host}, or one lost its state.`;
    return [...reasons, { ...about, problem, advice }];
  }
  const advice = `Only the host ${host} writes here, with its own key; look at it, and at who else has that key.`;
  return [...reasons, ...findings.map(({ commit, problem }) => ({ ...about, commit, problem, advice }))];
}
