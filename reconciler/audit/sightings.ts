/**
 * What was seen of a branch, by other hosts' records and by this machine before, held against what the branch has now.
 * A host whose key was stolen can be made to sign another history, but not what others saw of the first one.
 */
import { git, lines } from '../git/git-command.ts';
import { checked, isAncestor } from '../git/history.ts';
import { CLOCK_TOLERANCE, type Finding, type Problem, short } from './finding.ts';
import type { Link } from './read-links.ts';
import { existing } from './went-by.ts';

/** One commit of a branch, as somebody saw it. */
type Sighting =
  | {
      /** Commit of the record that names it. */
      readonly by: string;
      readonly witness: string;
      /** Of that record, ms since the epoch. */
      readonly at: number;
    }
  /** This machine. `at`: when it was verified, ms since the epoch; null: it is what this host wrote itself. */
  | { readonly witness: null; readonly why: string; readonly at: number | null };

/** What was seen of the branches: of several sightings of one commit by records, the earliest. */
export class Sightings {
  readonly #byHost = new Map<string, Map<string, Sighting>>();

  /** @param latest what this witness saw last of each host: the same again is nothing new */
  add(witness: string, { commit, content }: Link, latest: Map<string, string>): void {
    if (!content.ok) return;
    const at = Date.parse(content.record.time);
    for (const [host, seen] of Object.entries(content.record.witness)) {
      if (host === witness || latest.get(host) === seen) continue;
      latest.set(host, seen);
      const other = this.of(host).get(seen);
      if (other === undefined || (other.at !== null && at < other.at))
        this.#put(host, seen, { by: commit, witness, at });
    }
  }

  /** One that was taken note of in an earlier verification. */
  addLater(host: string, seen: string, sighting: Sighting): void {
    if (!this.of(host).has(seen)) this.#put(host, seen, sighting);
  }

  addOwn(host: string, seen: string, { why, at }: { why: string; at: number | null }): void {
    this.#put(host, seen, { witness: null, why, at });
  }

  of(host: string): ReadonlyMap<string, Sighting> {
    return this.#byHost.get(host) ?? new Map();
  }

  #put(host: string, seen: string, sighting: Sighting): void {
    const known = this.#byHost.get(host) ?? new Map<string, Sighting>();
    this.#byHost.set(host, known);
    known.set(seen, sighting);
  }
}

export type SeenBranch = {
  readonly host: string;
  /** null: there is no branch. */
  readonly tip: string | null;
  /** The records that were read now, by their commits: where they stand, counted up, and their times, ms since the epoch. */
  readonly places: ReadonlyMap<string, { readonly place: number; readonly at: number }>;
  /** Of the record at the tip, ms since the epoch; null: none. */
  readonly tipTime: number | null;
  /** Whether a commit that is not on the branch is signed by a key of this host. */
  readonly isSignedByHost: (commit: string) => Promise<boolean>;
};

/** A finding about the branch that was seen, with the witness whose word it is; null: this machine. */
export type Accusation = { readonly finding: Finding; readonly witness: string | null };

/** @param whole nothing is wrong with any branch by itself, so that no host's records are on the branch of another */
export async function checkSightings(
  gitDir: string,
  branches: readonly SeenBranch[],
  sightings: Sightings,
  whole: boolean,
): Promise<readonly Accusation[]> {
  // two Git processes for all branches, where that is enough
  const older = branches.flatMap(({ host, places }) =>
    [...sightings.of(host).keys()].filter((seen) => !places.has(seen)),
  );
  const tips = branches.flatMap(({ tip }) => tip ?? []);
  const allThere = older.length === 0 || (whole && (await outsideOf(gitDir, older, tips)).size === 0);
  const accusations: Accusation[] = [];
  for (const branch of branches)
    accusations.push(...(await checkBranch(gitDir, branch, sightings.of(branch.host), allThere)));
  return accusations;
}

async function checkBranch(
  gitDir: string,
  branch: SeenBranch,
  sightings: ReadonlyMap<string, Sighting>,
  allThere: boolean,
): Promise<readonly Accusation[]> {
  const { host, places } = branch;
  const accusations: Accusation[] = [];
  const elsewhere: [string, Sighting][] = [];
  for (const [seen, sighting] of sightings) {
    const at = places.get(seen)?.at;
    if (at === undefined) elsewhere.push([seen, sighting]);
    else accusations.push(...tooLate(host, seen, at, sighting));
  }
  if (allThere) return accusations;
  const seenElsewhere = elsewhere.map(([seen]) => seen);
  const missing = await outsideOf(gitDir, seenElsewhere, branch.tip === null ? [] : [branch.tip]);
  for (const [seen, sighting] of elsewhere) {
    const here = missing.get(seen);
    if (here === undefined) continue;
    const { kind, problem } = await whatBecameOf(gitDir, seen, here, sighting, branch);
    accusations.push({
      witness: sighting.witness,
      finding: { kind, host, commit: seen, problem: `${problem}: ${words(sighting)}` },
    });
  }
  return accusations;
}

function words(sighting: Sighting): string {
  return sighting.witness === null
    ? sighting.why
    : `${sighting.witness} saw it there (${short(sighting.by)})`;
}

/** A record cannot be younger than the one that names it. */
function tooLate(host: string, seen: string, at: number, sighting: Sighting): readonly Accusation[] {
  const { witness } = sighting;
  if (witness === null || at <= sighting.at + CLOCK_TOLERANCE) return [];
  const problem =
    `is dated ${new Date(at).toISOString()}, long after ${witness} had seen it ` +
    `(${short(sighting.by)}, ${new Date(sighting.at).toISOString()})`;
  return [{ witness, finding: { kind: 'clock', host, commit: seen, problem } }];
}

/** Of `commits`, those that none of `tips` contains, and whether each is here at all. */
export async function outsideOf(
  gitDir: string,
  commits: readonly string[],
  tips: readonly string[],
): Promise<ReadonlyMap<string, 'here' | 'gone'>> {
  const here = new Set(await existing(gitDir, commits));
  const outside = new Map<string, 'here' | 'gone'>();
  for (const commit of commits) if (!here.has(commit)) outside.set(commit, 'gone');
  if (here.size === 0) return outside;
  const input = `${[...here, ...tips.map((tip) => `^${checked(tip)}`)].join('\n')}\n`;
  for (const commit of lines(await git(gitDir, ['rev-list', '--stdin'], { input }))) {
    // by their dates Git may take one for outside that is not: it is asked again, about that one alone
    if (here.has(commit) && !(await isInAny(gitDir, commit, tips))) outside.set(commit, 'here');
  }
  return outside;
}

async function isInAny(gitDir: string, commit: string, tips: readonly string[]): Promise<boolean> {
  for (const tip of tips) if (await isAncestor(gitDir, commit, tip)) return true;
  return false;
}

/** Cut short, forked or written anew: by where the commit stands if it is here, else by when it was seen. */
async function whatBecameOf(
  gitDir: string,
  seen: string,
  here: 'here' | 'gone',
  sighting: Sighting,
  { tip, tipTime, isSignedByHost }: SeenBranch,
): Promise<Problem> {
  if (tip === null) return { kind: 'truncated', problem: 'is gone with the whole branch' };
  const cut: Problem = {
    kind: 'truncated',
    problem: `is not in the branch any more, which ends at ${short(tip)} before it`,
  };
  if (here === 'here') {
    if (await isAncestor(gitDir, tip, seen)) return cut;
    const isVerified = sighting.witness === null && sighting.at !== null;
    if (!isVerified && (await isSignedByHost(seen)))
      return {
        kind: 'fork',
        problem:
          'is on another line than the branch, and signed by the same host: two records claim one number',
      };
  } else if (tipTime !== null && sighting.at !== null && tipTime <= sighting.at) return cut;
  return {
    kind: 'rewritten',
    problem: 'is not in the branch any more, which has other records in its place',
  };
}
