/** All commits between the one gone by and a tip: what is known of them is gathered step by step, and judged (judge.ts). */
import { InvalidDesiredState } from '../errors.ts';
import { git, lines } from '../git/git-command.ts';
import type { Authorities, Authority, AuthorityIds } from './authority.ts';
import { type JudgeInput, type Judgement, judge } from './judge.ts';
import type { OwnChanges } from './own-changes.ts';
import type { Proofs } from './proofs.ts';
import { tooMany, untrusted } from './refusals.ts';

export type Parts = {
  readonly gitDir: string;
  /** Folder of the desired state. */
  readonly path: string;
  readonly revoked: ReadonlySet<string>;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly proofs: Proofs;
  readonly authorities: Authorities;
  readonly ownChanges: OwnChanges;
};

/** Whoever can push could have a host read for ever; nobody brings as many in good faith. */
const MOST_AT_ONCE = 100_000;
const MOST_LISTS = 1000;
const NO_PATHS: readonly string[] = [];

/**
 * Throws UntrustedCommit. What anyone can make take long is looked up only of commits whose signatures are right so far.
 *
 * @param newSince ms since the epoch before which the branch is known not to have had these commits; null: not known
 */
export async function judgeRange(
  parts: Parts,
  base: string,
  tip: string,
  newSince: number | null,
): Promise<void> {
  const range = await readRange(parts, base, tip);
  const within = new Set(range.map(({ commit }) => commit));
  const parents = range.flatMap((node) => node.parents);
  const outside = [...new Set([base, ...parents])].filter((id) => !within.has(id));
  const ids = await parts.authorities.ids([...outside, ...within]);
  const about = await factsOutside(parts, base, outside, newSince);
  // the first of them alone, up to one that says anything new of trust
  const begun =
    range.findIndex(({ commit }) => ids.get(commit) !== about.baseAuthority.id) + 1 || range.length;
  const first = await gather(parts, range.slice(0, begun), outside, ids);
  assertTrusted(parts, judge({ ...about, ...first, begun: true }));
  const lists = new Set(ids.values()).size;
  if (lists > MOST_LISTS) throw tooMany(tip, base, 'changes of trust', lists, MOST_LISTS);
  const all = begun === range.length ? first : await gather(parts, range, outside, ids);
  const facts = { ...about, ...all };
  assertTrusted(parts, judge(facts));
  if (![...facts.authorities.values()].some(hasRules)) return;
  const own = await parts.ownChanges.of(range);
  const commits = facts.commits.map((read) => ({ ...read, ownPaths: own.get(read.commit) ?? NO_PATHS }));
  assertTrusted(parts, judge({ ...facts, commits }));
}

type Node = { readonly commit: string; readonly parents: readonly string[] };

/** Parents before children. */
async function readRange({ gitDir }: Parts, base: string, tip: string): Promise<readonly Node[]> {
  const args = ['rev-list', '--reverse', '--topo-order', '--parents', tip, `^${base}`];
  const range = lines(await git(gitDir, args)).map((line) => {
    const [commit = '', ...parents] = line.split(' ');
    return { commit, parents };
  });
  if (range.length > MOST_AT_ONCE) throw tooMany(tip, base, 'commits', range.length, MOST_AT_ONCE);
  return range;
}

async function factsOutside(parts: Parts, base: string, outside: readonly string[], newSince: number | null) {
  const before = await parts.proofs.of(outside, []);
  return {
    base,
    baseAuthority: await authorityAt(parts, base),
    committedAt: new Map(before.map(({ commit, committedAt }) => [commit, committedAt])),
    revoked: parts.revoked,
    now: parts.now(),
    newSince,
  };
}

function assertTrusted({ path }: Parts, judgement: Judgement): void {
  if (!judgement.ok) throw untrusted(path, judgement.commit, judgement.why);
}

type Gathered = Pick<JudgeInput, 'authorities' | 'commits'>;

/** What these commits say of trust, and who signed them; not yet what they change. */
async function gather(
  parts: Parts,
  range: readonly Node[],
  outside: readonly string[],
  ids: AuthorityIds,
): Promise<Gathered> {
  const within = range.map(({ commit }) => commit);
  const asked = [...outside, ...within].map((commit) => [commit, ids.get(commit) ?? ''] as const);
  const authorities = await parts.authorities.load(new Map(asked));
  const keys = [...authorities.values()].flatMap((list) => list?.openPgpKeys ?? []);
  const proofs = await parts.proofs.of(within, keys);
  return { authorities, commits: proofs.map((read) => ({ ...read, ownPaths: NO_PATHS })) };
}

function hasRules(authority: Authority | null): boolean {
  return authority !== null && authority.rules.rules.length + authority.rules.forges.size > 0;
}

/** Throws InvalidDesiredState if the commit that all hangs on says nothing readable. */
export async function authorityAt({ authorities, path }: Parts, commit: string): Promise<Authority> {
  const authority = (await authorities.at([commit])).get(commit);
  if (authority) return authority;
  const place = { file: `${path}/trust` };
  const message = `cannot be told from ${commit.slice(0, 7)}: fleet.yaml or trust/rules.yaml there is unreadable`;
  throw new InvalidDesiredState([{ place, message: `whose commits count ${message}` }]);
}
