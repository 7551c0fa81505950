/**
 * How far a stolen key's records were witnessed in time: by another host's signed record, made in that host's own chain before
 * it first went by a commit that contains the revocation. The clock of the one who signs says nothing.
 */
import { git, lines } from '../git/git-command.ts';
import { checked } from '../git/history.ts';
import type { HostKeys } from './host-keys.ts';
import type { Link } from './read-links.ts';
import type { Unvouched } from './verify-chain.ts';

type Revocation = {
  readonly host: string;
  /** Of the key that was revoked, in HostKeys. */
  readonly rank: number;
  /** Commits of the watched branch that contain it. */
  readonly known: ReadonlySet<string>;
  /** What each other host saw last of this one in time. */
  readonly seen: Map<string, string>;
  /** Hosts that have followed it by now. */
  readonly followed: Set<string>;
};

export class WitnessBounds {
  readonly #revocations: readonly Revocation[];
  private constructor(revocations: readonly Revocation[]) {
    this.#revocations = revocations;
  }

  /** Of the revocations that name no last record. */
  static async open(
    gitDir: string,
    watched: string,
    hosts: readonly { readonly host: string; readonly keys: HostKeys }[],
  ): Promise<WitnessBounds> {
    const revocations: Revocation[] = [];
    for (const { host, keys } of hosts)
      for (const [rank, { revoked }] of keys.keys.entries())
        if (revoked !== null && revoked.lastRecord === null)
          revocations.push({
            host,
            rank,
            known: await containing(gitDir, revoked.commit, watched),
            seen: new Map(),
            followed: new Set(),
          });
    return new WitnessBounds(revocations);
  }

  /** A record of `witness`, in its order. @param vouched whether a key that is good beyond doubt signed it */
  add(witness: string, { content }: Link, vouched: boolean): void {
    if (!content.ok || this.#revocations.length === 0) return;
    const desired = content.record.desired?.commit;
    for (const { host, known, seen, followed } of this.#revocations) {
      if (host === witness || followed.has(witness)) continue;
      if (desired !== undefined && known.has(desired)) followed.add(witness);
      const { witness: saw } = content.record;
      const tip = Object.hasOwn(saw, host) ? saw[host] : undefined;
      if (vouched && tip !== undefined && !followed.has(witness)) seen.set(witness, tip);
    }
  }

  /** Records that nothing vouches for still. @param placeOf where on the branch a commit stands, counted up */
  remaining(
    host: string,
    unvouched: readonly Unvouched[],
    placeOf: (commit: string) => number | undefined,
  ): readonly Unvouched[] {
    const bounds = new Map<number, number>();
    for (const { host: whose, rank, seen } of this.#revocations) {
      if (whose !== host) continue;
      const places = [...seen.values()].map((commit) => placeOf(commit) ?? -1);
      bounds.set(rank, Math.max(-1, ...places));
    }
    return unvouched.filter(
      ({ commit, rank, state }) => state !== 'revoked' || (placeOf(commit) ?? 0) > (bounds.get(rank) ?? -1),
    );
  }
}

async function containing(gitDir: string, commit: string, watched: string): Promise<ReadonlySet<string>> {
  const range = [checked(watched), `^${checked(commit)}`];
  return new Set([commit, ...lines(await git(gitDir, ['rev-list', '--ancestry-path', ...range]))]);
}
