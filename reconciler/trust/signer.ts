/** Who signed a commit, as far as someone's list of approvers says. Pure. */
import { DAY, iso } from '../clock.ts';
import { type AllowedSigner, allows } from './allowed-signers.ts';
import type { Authority } from './authority.ts';

/** What a signature proves by itself, once OpenPGP is checked too. */
export type Proof =
  | { readonly state: 'unsigned' }
  | { readonly state: 'bad' /** Goes on after `commit 1234567`. */; readonly why: string }
  | { readonly state: 'signed' /** By this key (trust/key-id.ts). */; readonly key: string };

/** When a signature was made is its maker's word; these are what it is held against. ms since the epoch. */
export type Times = {
  readonly committedAt: number;
  /** The latest of its parents' times. */
  readonly parentsAt: number;
  readonly now: number;
  /** The branch is known not to have had it before then; null if that is not known. */
  readonly newSince: number | null;
};

export type Signer =
  | { readonly ok: true; readonly name: string; readonly key: string }
  | { readonly ok: false; readonly why: string };

/** Clocks of people's machines may be wrong by as much. */
const CLOCK_SLACK = DAY;

/** Why there is none goes on after `commit 1234567`. */
export function signerIn(authority: Authority, proof: Proof, times: Times): Signer {
  if (proof.state === 'unsigned') return { ok: false, why: 'is not signed' };
  if (proof.state === 'bad') return { ok: false, why: proof.why };
  const lines = authority.signers.get(proof.key) ?? [];
  const line = lines.find((each) => validFor(each, times));
  const name = line?.principals[0];
  if (name !== undefined) return { ok: true, name, key: proof.key };
  const [other] = lines;
  return {
    ok: false,
    why: other === undefined ? 'is signed by a key that no approver has' : whyNot(other, times),
  };
}

/**
 * A key that has expired signs nothing new. Whoever still has it can write any time into a commit, but not one that comes before
 * the commits he builds on, nor one before which the branch was seen without it.
 */
function validFor(line: AllowedSigner, { committedAt, parentsAt, now, newSince }: Times): boolean {
  if (!allows(line, 'git', committedAt)) return false;
  if (line.validAfter !== null && now + CLOCK_SLACK < line.validAfter) return false;
  if (line.validBefore === null) return true;
  const earliest = Math.max(Math.min(parentsAt, now), newSince === null ? 0 : newSince - CLOCK_SLACK);
  return earliest < line.validBefore;
}

function whyNot(
  { principals, namespaces, validAfter, validBefore }: AllowedSigner,
  { committedAt }: Times,
): string {
  const [name = ''] = principals;
  if (namespaces !== null && !namespaces.includes('git'))
    return `is signed by ${name} with a key that is not for commits (namespaces has no "git")`;
  if (validAfter !== null && committedAt < validAfter)
    return `is signed by ${name} with a key that is valid from ${iso(validAfter)} on, and dated ${iso(committedAt)}`;
  if (validBefore !== null && committedAt >= validBefore)
    return `is signed by ${name} with a key that had expired (${iso(validBefore)})`;
  return `is signed by ${name} with a key that is not valid at this time, whatever the commit's own date says`;
}
