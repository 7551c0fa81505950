/**
 * Whether commits may follow the one a host goes by. Pure; the rules stand in docs/explanation/trust.md, by these numbers.
 *
 * 1. Where its parents ask for signatures, a commit must be signed by someone whom each of them lists, and who may change, by each
 *    one's rules, what the commit itself changes.
 * 2. A parent that is unreadable, lets nobody sign, or is older than the commit gone by and asks for less than it, has no say: the
 *    commit gone by has. Nor has one that a revoked key signed: its own parents have.
 * 3. A merge takes commits to where it merges: who signed them must be listed there too, or whoever merges must himself be allowed
 *    what they change.
 * 4. A forge may merge what is signed. It brings in nothing of its own, and answers for nobody.
 * 5. What takes several signatures has that of its commit, of the merge that brings it to the branch, and of commits that approve it by
 *    name.
 * 6. A commit that a revoked key signed takes the signature of someone else in the same way.
 */
import { ruleFor } from '../desired/trust-rules.ts';
import type { Authority } from './authority.ts';
import { openGraph } from './graph.ts';
import {
  type Candidate,
  type Demand,
  demandsOf,
  isForge,
  mayChange,
  type Voice,
  whyBarred,
  whyNotByForge,
  whyTooFew,
} from './rights.ts';
import { type Signer, signerIn } from './signer.ts';

export type Judgement =
  | { readonly ok: true }
  | { readonly ok: false; readonly commit: string; readonly why: string };

export type JudgeInput = {
  /** The commit gone by: believed. */
  readonly base: string;
  /** All that is in the tip and not in the base, parents before children. */
  readonly commits: readonly Candidate[];
  /** What these commits, the base and their parents say; null: nothing readable. */
  readonly authorities: ReadonlyMap<string, Authority | null>;
  readonly baseAuthority: Authority;
  /** Of the base and of parents outside, ms since the epoch. */
  readonly committedAt: ReadonlyMap<string, number>;
  /** Keys that count for nothing (trust/key-id.ts). */
  readonly revoked: ReadonlySet<string>;
  readonly now: number;
  readonly newSince: number | null;
  /** Commits are still to come: what may be made up for by one of them is not asked yet. */
  readonly begun?: boolean;
};

const HAVE_IT_SIGNED =
  'have it signed by an approver (a signed merge is enough only if every commit it brings is signed)';

class Refused extends Error {
  readonly commit: string;
  constructor(commit: string, why: string) {
    super(why);
    this.commit = commit;
  }
}

export function judge(input: JudgeInput): Judgement {
  try {
    judgeAll(input);
    return { ok: true };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, commit: error.commit, why: error.message };
    throw error;
  }
}

function judgeAll(input: JudgeInput): void {
  const graph = openGraph(input.commits, input.base);
  const candidates = new Map(input.commits.map((candidate) => [candidate.commit, candidate]));
  const demands: Demand[] = [];
  /** By commit, parents before children: none is asked for before it is there. */
  const heard = new Map<string, readonly Voice[]>();

  for (const candidate of input.commits) {
    const voices = voicesFor(candidate);
    heard.set(candidate.commit, voices);
    for (const voice of voices) demands.push(...approve(candidate, voice));
    if (candidate.parents.length > 1) demands.push(...judgeBrought(candidate));
  }
  if (input.begun !== true) for (const demand of demands) satisfy(demand);

  /** Rules 1 and 2. */
  function voicesFor({ parents }: Candidate): readonly Voice[] {
    const voices = (parents.length === 0 ? [input.base] : parents).flatMap(voicesAt);
    return [...new Map(voices.map((voice) => [voice.authority.id, voice])).values()];
  }

  function voicesAt(commit: string): readonly Voice[] {
    const base = { authority: input.baseAuthority, at: input.base };
    if (commit === input.base) return [base];
    const candidate = candidates.get(commit);
    if (candidate !== undefined && isRevoked(candidate)) return heard.get(commit) ?? [base];
    const authority = input.authorities.get(commit) ?? null;
    if (authority === null || (authority.requiresSignatures && authority.signers.size === 0)) return [base];
    const older = candidate === undefined && !authority.requiresSignatures;
    return older ? [base] : [{ authority, at: commit }];
  }

  /** Rules 1, 4 and 6. What else the commit needs; throws if it is refused. */
  function approve(candidate: Candidate, voice: Voice): readonly Demand[] {
    if (!voice.authority.requiresSignatures) return [];
    const { ownPaths: paths } = candidate;
    if (isRevoked(candidate)) return [{ candidate, voice, needed: 1, paths }];
    const signer = signerOf(candidate, voice);
    if (!signer.ok) throw refuse(candidate, `${signer.why}: ${HAVE_IT_SIGNED}`, voice);
    if (isForge(signer.name, voice)) {
      const why = whyNotByForge(candidate, signer.name);
      if (why !== null) throw refuse(candidate, why, voice);
      return [];
    }
    const barred = paths.find((path) => !mayChange(signer.name, path, voice));
    if (barred !== undefined) throw refuse(candidate, whyBarred(signer.name, barred, voice), voice);
    return demandsOf(candidate, voice);
  }

  /** Rule 3. */
  function judgeBrought(merge: Candidate): readonly Demand[] {
    const mainline = graph.mainline(merge.commit);
    const there = voicesAt(mainline);
    const found: Demand[] = [];
    for (const commit of graph.brought(merge.commit)) {
      const brought = candidates.get(commit);
      if (brought === undefined) continue;
      const judges = new Set(heard.get(commit)?.map(({ authority }) => authority.id));
      for (const voice of there) {
        if (judges.has(voice.authority.id) || !voice.authority.requiresSignatures) continue;
        if (!answersFor(merge, brought, voice)) found.push(...approve(brought, voice));
      }
    }
    return found;
  }

  function answersFor(merge: Candidate, brought: Candidate, voice: Voice): boolean {
    const signer = signerOf(merge, voice);
    if (!signer.ok || isRevoked(merge) || isForge(signer.name, voice)) return false;
    return brought.ownPaths.every((path) => {
      const rule = ruleFor(voice.authority.rules, path);
      return mayChange(signer.name, path, voice) && (rule?.signatures ?? 1) === 1;
    });
  }

  /** Rules 5 and 6. */
  function satisfy(demand: Demand): void {
    const { candidate, voice, needed, paths } = demand;
    const names = new Map<string, string>();
    const count = (by: Candidate) => {
      const signer = signerOf(by, voice);
      if (!signer.ok || isRevoked(by) || isForge(signer.name, voice)) return;
      if (!paths.every((path) => mayChange(signer.name, path, voice))) return;
      if (![...names.values()].includes(signer.key)) names.set(signer.name, signer.key);
    };
    count(candidate);
    for (const commit of graph.approvalsOf(candidate.commit)) {
      const by = candidates.get(commit);
      if (by !== undefined) count(by);
    }
    if (names.size < needed) throw refuse(candidate, whyTooFew(demand, [...names.keys()]), voice);
  }

  function signerOf(candidate: Candidate, { authority }: Voice): Signer {
    const { committedAt, parents } = candidate;
    const parentsAt = Math.max(0, ...parents.map(timeOf));
    return signerIn(authority, candidate.proof, {
      committedAt,
      parentsAt,
      now: input.now,
      newSince: input.newSince,
    });
  }

  function timeOf(commit: string): number {
    return candidates.get(commit)?.committedAt ?? input.committedAt.get(commit) ?? 0;
  }

  function isRevoked({ proof }: Candidate): boolean {
    return proof.state === 'signed' && input.revoked.has(proof.key);
  }
}

function refuse({ commit }: Candidate, why: string, voice: Voice): Refused {
  return new Refused(commit, `${why}; as of ${voice.at.slice(0, 7)}`);
}
