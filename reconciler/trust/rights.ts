/** What an approver may do, what else a change takes, and the words for what is missing. Pure. */
import { ruleFor } from '../desired/trust-rules.ts';
import type { Authority } from './authority.ts';
import type { Proof } from './signer.ts';

export type Candidate = {
  readonly commit: string;
  readonly parents: readonly string[];
  /** ms since the epoch. */
  readonly committedAt: number;
  readonly message: string;
  readonly proof: Proof;
  /** Paths in the desired state (own-changes.ts); empty where no rule asks. */
  readonly ownPaths: readonly string[];
};

/** Whose word counts, and as of which commit. */
export type Voice = { readonly authority: Authority; readonly at: string };

/** A change that wants more signatures than it has. */
export type Demand = {
  readonly candidate: Candidate;
  readonly voice: Voice;
  readonly needed: number;
  /** Paths that it is about. */
  readonly paths: readonly string[];
};

export function demandsOf(candidate: Candidate, voice: Voice): readonly Demand[] {
  const byNumber = new Map<number, string[]>();
  for (const path of candidate.ownPaths) {
    const needed = ruleFor(voice.authority.rules, path)?.signatures ?? 1;
    if (needed > 1) byNumber.set(needed, [...(byNumber.get(needed) ?? []), path]);
  }
  return [...byNumber].map(([needed, paths]) => ({ candidate, voice, needed, paths }));
}

export function isForge(name: string, { authority }: Voice): boolean {
  return authority.rules.forges.has(name);
}

export function mayChange(name: string, path: string, { authority }: Voice): boolean {
  return ruleFor(authority.rules, path)?.approvers?.includes(name) ?? true;
}

export function whyNotByForge({ parents, ownPaths }: Candidate, name: string): string | null {
  if (parents.length < 2)
    return `is signed by the forge ${name}, whose signature counts for merges alone (a squash or a rebase in its web page is none)`;
  const [path] = ownPaths;
  if (path === undefined) return null;
  return `is a merge signed by the forge ${name} that changes ${path} itself: bring the branch up to date, so that it merges by itself`;
}

export function whyBarred(name: string, path: string, { authority }: Voice): string {
  const may = ruleFor(authority.rules, path)?.approvers ?? [];
  return `is signed by ${name} and changes ${path}, which only ${may.join(', ')} may`;
}

export function whyTooFew({ candidate, needed, paths, voice }: Demand, names: readonly string[]): string {
  const [path] = paths;
  const what = path === undefined ? 'is signed by a key that host.yaml says is revoked' : `changes ${path}`;
  const may = path === undefined ? null : ruleFor(voice.authority.rules, path)?.approvers;
  const who = may === null || may === undefined ? 'another approver' : `another of ${may.join(', ')}`;
  const has = names.length === 0 ? 'none' : `that of ${names.join(', ')}`;
  return (
    `${what}, which takes ${needed === 1 ? 'the signature of someone else' : `${needed} signatures`}, and has ${has}: have ${who} sign the ` +
    `merge that brings it in, or a commit after it with the line "Boxreeve-Approves: ${candidate.commit}"`
  );
}
