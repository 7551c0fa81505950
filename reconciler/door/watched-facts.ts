/** What must be known to judge a push to the watched branch. */
import { validateAll } from '../desired/validate.ts';
import { type Complaint, InvalidDesiredState, UntrustedCommit } from '../errors.ts';
import { commitTree } from '../git/commit-tree.ts';
import { isAncestor, refValue } from '../git/history.ts';
import { openTrustCheck } from '../trust/trust.ts';
import type { Door } from './admit.ts';
import { forkPoint } from './fork-point.ts';
import type { WatchedFacts } from './judge-watched.ts';
import type { RefChange } from './push.ts';

export async function watchedFacts(
  door: Door,
  change: RefChange,
  pusher: string | null,
): Promise<WatchedFacts> {
  const { gitDir } = door;
  const { from, to } = change;
  const facts = { change, pusher, descends: true, untrusted: null, complaints: [] };
  if (to === null) return facts;
  // what is only proposed goes on from where it parted from the branch, and whoever merges it brings both together
  const base = from !== null && door.proposed ? await forkPoint(gitDir, from, to) : from;
  const descends = base === null ? from === null : await isAncestor(gitDir, base, to);
  const judged = descends ? await trustIn(door, to, base) : { untrusted: null, complaints: [] };
  const mistakes = await mistakesIn(door, base, to);
  return { ...facts, descends, untrusted: judged.untrusted, complaints: [...judged.complaints, ...mistakes] };
}

/** As a host judges that stands at `base`. */
async function trustIn(
  { gitDir, path, newSince }: Door,
  tip: string,
  base: string | null,
): Promise<Pick<WatchedFacts, 'untrusted' | 'complaints'>> {
  const trust = openTrustCheck({
    gitDir,
    path,
    firstCommit: null,
    firstKey: null,
    revokedKeys: [],
    now: Date.now,
  });
  try {
    await trust.check(tip, base, newSince);
  } catch (error) {
    if (error instanceof UntrustedCommit) return { untrusted: error, complaints: [] };
    // where nothing readable says whose commits count, there is nobody to let this one in
    if (error instanceof InvalidDesiredState)
      return { untrusted: null, complaints: error.complaints.map(there) };
    throw error;
  }
  return { untrusted: null, complaints: [] };
}

function there({ place, message }: Complaint): Complaint {
  return {
    place,
    message: `${message} (so it stands on the branch: someone with access to the server must mend it there)`,
  };
}

/** None where the push leaves the desired state as it was: what others did wrong before is not this push's doing. */
async function mistakesIn(
  { gitDir, path }: Door,
  base: string | null,
  tip: string,
): Promise<readonly Complaint[]> {
  const inside = path === '.' ? '' : path;
  const [before, after] = await Promise.all([
    base === null ? null : refValue(gitDir, `${base}:${inside}`),
    refValue(gitDir, `${tip}:${inside}`),
  ]);
  if (before !== null && before === after) return [];
  return (await validateAll(commitTree(gitDir, tip), path)).complaints;
}
