/**
 * Which words of `rollout resume` a host believes. Pure; by what the commit that it goes by says of trust.
 *
 * 1. Where the fleet asks for signed commits, the word is signed by an approver, no forge, who may change the guest himself.
 * 2. A change of the guest that takes several signatures takes as many different approvers to let it go on.
 * 3. A key that has expired lets nothing go on that failed afterwards, whatever date its owner writes.
 * 4. A key that host.yaml revokes counts for nothing.
 * 5. Where no signatures are asked for, whoever can push is believed.
 */
import { ruleFor } from '../desired/trust-rules.ts';
import type { Authority } from '../trust/authority.ts';
import { isForge, mayChange, whyBarred } from '../trust/rights.ts';
import { type Proof, signerIn } from '../trust/signer.ts';
import { failureKey, type Resume } from './progress.ts';
import type { ResumeWord } from './resume-form.ts';

/** A word, and who says that he gave it. */
export type SignedWord = {
  readonly commit: string;
  /** ms since the epoch; its maker's word. */
  readonly committedAt: number;
  readonly proof: Proof;
  readonly word: ResumeWord;
};

export type JudgedBy = {
  readonly authority: Authority;
  /** The commit that says so. */
  readonly at: string;
  /** Keys that count for nothing (trust/key-id.ts). */
  readonly revoked: ReadonlySet<string>;
  /** ms since the epoch. */
  readonly now: number;
};

/** Whose word it is. `name` is null where nobody has to sign. `why` goes on after `commit 1234567`. */
export type Giver =
  | { readonly ok: true; readonly name: string | null }
  | { readonly ok: false; readonly why: string };

/** A word that is believed, with those failures alone that enough approvers have forgiven. */
export type GivenResume = Resume & {
  readonly commit: string;
  /** null: nobody had to sign. */
  readonly by: string | null;
  readonly reason: string;
  /** ms since the epoch. */
  readonly at: number;
};

/** @param words all that were given of one change of one guest */
export function believed(words: readonly SignedWord[], judgedBy: JudgedBy): readonly GivenResume[] {
  const given = words.flatMap((signed) => {
    const giver = giverOf(signed, judgedBy);
    return giver.ok ? [{ ...signed, name: giver.name }] : [];
  });
  const forgivers = new Map<string, Set<string | null>>();
  for (const { name, word } of given)
    for (const failure of word.forgiven) {
      const key = failureKey(failure);
      forgivers.set(key, (forgivers.get(key) ?? new Set()).add(name));
    }
  return given.flatMap(({ commit, committedAt, name, word: { guest, change, forgiven, reason } }) => {
    const needed = approversNeeded(judgedBy.authority, guest);
    const enough = forgiven.filter((failure) => (forgivers.get(failureKey(failure))?.size ?? 0) >= needed);
    if (enough.length === 0) return [];
    return [{ guest, change, forgiven: enough, commit, by: name, reason, at: committedAt }];
  });
}

/** Rules 1, 3, 4 and 5. */
export function giverOf(
  { proof, committedAt, word: { guest, forgiven } }: Omit<SignedWord, 'commit'>,
  { authority, at, revoked, now }: JudgedBy,
): Giver {
  if (!authority.requiresSignatures) return { ok: true, name: null };
  // it builds on the failures that it forgives, as a commit does on its parents
  const parentsAt = Math.max(0, ...forgiven.map(({ since }) => Date.parse(since)));
  const signer = signerIn(authority, proof, { committedAt, parentsAt, now, newSince: null });
  if (!signer.ok) return signer;
  const { name, key } = signer;
  const voice = { authority, at };
  if (revoked.has(key)) return { ok: false, why: 'is signed by a key that host.yaml says is revoked' };
  if (isForge(name, voice))
    return { ok: false, why: `is signed by the forge ${name}, whose signature counts for merges alone` };
  const path = guestPath(guest);
  return mayChange(name, path, voice) ? { ok: true, name } : { ok: false, why: whyBarred(name, path, voice) };
}

/** Rule 2. */
export function approversNeeded(authority: Authority, guest: string): number {
  return authority.requiresSignatures ? (ruleFor(authority.rules, guestPath(guest))?.signatures ?? 1) : 1;
}

/** In the desired state: to let a change of a guest go on is to change it. */
function guestPath(guest: string): string {
  return `guests/${guest}/guest.yaml`;
}
