/** Whether a branch by which hosts agree may say so (docs/explanation/at-the-door.md, rule 4). Pure. */
import type { RefChange } from './push.ts';
import type { Reason } from './reason.ts';

export type AgreementFacts = {
  readonly change: RefChange;
  /** The host that pushes; null: no host, or the server does not say. */
  readonly pusher: string | null;
  /** Who says it; null: it does not say. */
  readonly host: string | null;
  /** Why it is not that host's word, which goes on after the commit; null: it is. */
  readonly problem: string | null;
};

export function judgeAgreement({ change, pusher, host, problem }: AgreementFacts): readonly Reason[] {
  const { ref, to } = change;
  const about = { kind: 'untrusted', ref, commit: to, place: null } as const;
  const advice = 'Only hosts write here, each for itself.';
  if (to === null) {
    const why = 'hosts agree by this branch: who deletes it gives away what one of them has';
    const how = 'If no host is at work, whoever keeps the server may delete it there.';
    return [{ ...about, problem: why, advice: how }];
  }
  if (problem !== null) return [{ ...about, problem: `${to.slice(0, 7)} ${problem}`, advice }];
  if (pusher === null || pusher === host) return [];
  return [{ ...about, problem: `the host ${pusher} pushes in the name of ${host}`, advice }];
}
