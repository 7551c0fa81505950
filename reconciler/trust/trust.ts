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
import { UntrustedCommit } from '../errors.ts';
import { git, lines } from '../git/git-command.ts';
import { isAncestor } from '../git/history.ts';
import type { TrustCheck } from '../git/ports.ts';
import { openAuthorities } from './authority.ts';
import { authorityAt, judgeRange, type Parts } from './judge-range.ts';
import { openOwnChanges } from './own-changes.ts';
import { openProofs } from './proofs.ts';
import { believedNoMore, notByPinnedKey, notFromPin, rewritten, untrusted } from './refusals.ts';
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

/** With what host.yaml pins. */
type FirstParts = Parts & Pick<TrustOptions, 'firstCommit' | 'firstKey'>;

async function check(
  parts: FirstParts,
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
  { gitDir, firstCommit, firstKey, proofs }: FirstParts,
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
