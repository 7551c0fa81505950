/**
 * Which commits a host may follow.
 *
 * - The tip is the last commit accepted, or descends from it. A branch that was rewound or rewritten is not followed.
 * - Where the fleet asks for signed commits, all commits between are judged (judge.ts), by what the commits before them say.
 * - At first contact the commit that host.yaml pins, or the newest one that the pinned key signed, stands for the last one accepted;
 *   without a pin, the tip is held against its own approvers.
 * - A key that host.yaml revokes counts at once: a commit accepted before is believed no more if it is such a key's.
 */
import { HOUR } from '../clock.ts';
import { InvalidDesiredState, UntrustedCommit } from '../errors.ts';
import { git, lines } from '../git/git-command.ts';
import { isAncestor } from '../git/history.ts';
import type { TrustCheck } from '../git/ports.ts';
import { type Authority, openAuthorities } from './authority.ts';
import { judge } from './judge.ts';
import { openOwnChanges } from './own-changes.ts';
import { openProofs } from './proofs.ts';
import { believedNoMore, notByPinnedKey, notFromPin, rewritten, tooMany, untrusted } from './refusals.ts';
import { signerIn } from './signer.ts';

export type TrustOptions = {
  readonly gitDir: string;
  /** Folder of the desired state. */
  readonly path: string;
  /** What host.yaml pins first contact to; null: nothing. */
  readonly firstCommit: string | null;
  readonly firstKey: string | null;
  /** Keys that count for nothing (trust/key-id.ts). */
  readonly revokedKeys: readonly string[];
  /** ms since the epoch. */
  readonly now: () => number;
};

/** Whoever can push could have a host read for ever; nobody brings as many in good faith. */
const MOST_AT_ONCE = 100_000;
const MOST_LISTS = 1000;
const NO_PATHS: readonly string[] = [];
/** A refusal is not thought over again at every poll: only when the branch moves, and now and then, as time passes. */
const THINK_AGAIN = HOUR;

export function openTrustCheck(options: TrustOptions): TrustCheck {
  const revoked = new Set(options.revokedKeys);
  const parts = {
    ...options,
    revoked,
    proofs: openProofs(options.gitDir),
    authorities: openAuthorities(options.gitDir, options.path),
    ownChanges: openOwnChanges(options.gitDir, options.path),
  };
  let last: { readonly about: string; readonly at: number; readonly refusal: UntrustedCommit } | null = null;
  return {
    check: async (tip, applied, newSince = null) => {
      if (tip === applied && revoked.size === 0) return;
      const about = `${tip} ${applied} ${newSince}`;
      const age = options.now() - (last?.at ?? 0);
      if (last?.about === about && age >= 0 && age < THINK_AGAIN) throw last.refusal;
      try {
        await check(parts, tip, applied, newSince);
      } catch (error) {
        if (error instanceof UntrustedCommit) last = { about, at: options.now(), refusal: error };
        throw error;
      }
    },
  };
}

type Parts = TrustOptions & {
  readonly revoked: ReadonlySet<string>;
  readonly proofs: ReturnType<typeof openProofs>;
  readonly authorities: ReturnType<typeof openAuthorities>;
  readonly ownChanges: ReturnType<typeof openOwnChanges>;
};

async function check(
  parts: Parts,
  tip: string,
  applied: string | null,
  newSince: number | null,
): Promise<void> {
  const base = applied === null ? await firstBase(parts, tip) : await believed(parts, applied);
  if (base === null) return checkFirst(parts, tip);
  if (tip === applied && base !== applied) throw believedNoMore(tip);
  if (tip === base) return;
  if (!(await isAncestor(parts.gitDir, base, tip)))
    throw applied === null ? notFromPin(tip, base) : rewritten(tip, base);
  await judgeRange(parts, base, tip, newSince);
}

/** The commit that stands for the last one accepted at first contact; null if nothing is pinned. */
async function firstBase(
  { gitDir, firstCommit, firstKey, proofs }: Parts,
  tip: string,
): Promise<string | null> {
  if (firstCommit !== null || firstKey === null) return firstCommit;
  const line = lines(await git(gitDir, ['rev-list', '--first-parent', tip]));
  for (let at = 0; at < line.length; at += LOOKED_AT_ONCE) {
    const read = await proofs.of(line.slice(at, at + LOOKED_AT_ONCE), []);
    const found = read.find(({ proof }) => proof.state === 'signed' && proof.key === firstKey);
    if (found !== undefined) return found.commit;
  }
  throw notByPinnedKey(tip);
}

/** Keys are looked for from the newest commit back: it is seldom far. */
const LOOKED_AT_ONCE = 500;

/** The commit gone by, or the newest before it that no revoked key signed. */
async function believed({ proofs, authorities, revoked }: Parts, applied: string): Promise<string> {
  for (let commit = applied; revoked.size > 0; ) {
    const [{ parents } = { parents: [] }] = await proofs.of([commit], []);
    const lists = [...(await authorities.at([commit, ...parents])).values()];
    const [read] = await proofs.of(
      [commit],
      lists.flatMap((list) => list?.openPgpKeys ?? []),
    );
    if (read?.proof.state !== 'signed' || !revoked.has(read.proof.key)) return commit;
    const [parent] = parents;
    if (parent === undefined) throw believedNoMore(applied);
    commit = parent;
  }
  return applied;
}

async function checkFirst(parts: Parts, tip: string): Promise<void> {
  const authority = await authorityAt(parts, tip);
  if (!authority.requiresSignatures) return;
  const [read] = await parts.proofs.of([tip], authority.openPgpKeys);
  if (read === undefined) return;
  const { proof, committedAt } = read;
  const revoked = proof.state === 'signed' && parts.revoked.has(proof.key);
  const signer = signerIn(authority, proof, { committedAt, parentsAt: 0, now: parts.now(), newSince: null });
  if (signer.ok && !revoked) return;
  throw untrusted(
    parts.path,
    tip,
    signer.ok ? 'is signed by a key that host.yaml says is revoked' : signer.why,
  );
}

/** Throws InvalidDesiredState if the commit that all hangs on says nothing readable. */
async function authorityAt({ authorities, path }: Parts, commit: string): Promise<Authority> {
  const authority = (await authorities.at([commit])).get(commit);
  if (authority) return authority;
  const place = { file: `${path}/trust` };
  const message = `cannot be told from ${commit.slice(0, 7)}: fleet.yaml or trust/rules.yaml there is unreadable`;
  throw new InvalidDesiredState([{ place, message: `whose commits count ${message}` }]);
}

async function judgeRange(parts: Parts, base: string, tip: string, newSince: number | null): Promise<void> {
  const range = lines(
    await git(parts.gitDir, ['rev-list', '--reverse', '--topo-order', '--parents', tip, `^${base}`]),
  ).map((line) => {
    const [commit = '', ...parents] = line.split(' ');
    return { commit, parents };
  });
  if (range.length > MOST_AT_ONCE) throw tooMany(tip, base, 'commits', range.length, MOST_AT_ONCE);
  const within = new Set(range.map(({ commit }) => commit));
  const outside = [...new Set([base, ...range.flatMap(({ parents }) => parents)])].filter(
    (id) => !within.has(id),
  );
  const ids = await parts.authorities.ids([...outside, ...within]);
  const lists = new Set(ids.values()).size;
  if (lists > MOST_LISTS) throw tooMany(tip, base, 'changes of trust', lists, MOST_LISTS);
  const authorities = await parts.authorities.load(ids);
  const all = [...authorities.values()].filter((authority) => authority !== null);
  const keys = all.flatMap(({ openPgpKeys }) => openPgpKeys);
  const proofs = await parts.proofs.of([...within], keys);
  const before = await parts.proofs.of(outside, []);
  const facts = {
    base,
    commits: proofs.map((read) => ({ ...read, ownPaths: NO_PATHS })),
    authorities,
    baseAuthority: await authorityAt(parts, base),
    committedAt: new Map(before.map(({ commit, committedAt }) => [commit, committedAt])),
    revoked: parts.revoked,
    now: parts.now(),
    newSince,
  };
  // what commits change is looked up only of those whose signatures are right: anyone can make it take long
  const judgement = judge(facts);
  if (!judgement.ok) throw untrusted(parts.path, judgement.commit, judgement.why);
  if (!all.some(({ rules }) => rules.rules.length + rules.forges.size > 0)) return;
  const own = await parts.ownChanges.of(range);
  const commits = proofs.map((read) => ({ ...read, ownPaths: own.get(read.commit) ?? NO_PATHS }));
  const byRules = judge({ ...facts, commits });
  if (!byRules.ok) throw untrusted(parts.path, byRules.commit, byRules.why);
}
