/** One host's branch read for a verification: what is wrong with it by itself, and what the others must be held against. */
import { openObjectReader } from '../git/stream-git.ts';
import { signedCommit } from '../trust/signed-commits.ts';
import type { HostCheckpoint } from './checkpoint.ts';
import type { HostKeys } from './host-keys.ts';
import { LARGEST_RECORD } from './parse-record.ts';
import type { Link } from './read-links.ts';
import type { SeenBranch } from './sightings.ts';
import type { HostInput } from './verify.ts';
import { type ChainVerdict, verifyChain } from './verify-chain.ts';
import { WentBy } from './went-by.ts';

export type HostReading = ChainVerdict &
  SeenBranch & {
    readonly keys: HostKeys;
    /** What was found good before and was not looked at again; null: everything was looked at. */
    readonly after: HostCheckpoint | null;
    readonly wentBy: WentBy;
    /** What its records saw last of each other host. */
    readonly latest: ReadonlyMap<string, string>;
  };

/** @param onRecord told each record in order; `latest` is what this host saw last of the others, for it to keep up */
export async function readHost(
  gitDir: string,
  { host, tip, keys }: HostInput,
  after: HostCheckpoint | null,
  owners: ReadonlyMap<string, string>,
  onRecord: (link: Link, vouched: boolean, latest: Map<string, string>) => void,
): Promise<HostReading> {
  const wentBy = new WentBy(host);
  const places = new Map<string, { place: number; at: number }>();
  const latest = new Map(Object.entries(after?.witnessed ?? {}));
  const common = { host, tip, keys, after, wentBy, latest, places, isSignedByHost: signedBy(gitDir, keys) };
  const unchanged = { checked: 0, standing: after?.standing ?? null, findings: [], unvouched: [] };
  if (tip === null || tip === after?.standing.commit)
    return { ...common, ...unchanged, tipTime: timeOf(unchanged) };
  const input = { gitDir, host, tip, after: after?.standing ?? null, keys, owners };
  const verdict = await verifyChain(input, (link, vouched) => {
    if (!link.content.ok) return;
    places.set(link.commit, { place: places.size, at: Date.parse(link.content.record.time) });
    wentBy.add(link.commit, link.content.record);
    onRecord(link, vouched, latest);
  });
  return { ...common, ...verdict, tipTime: timeOf(verdict) };
}

function timeOf({ standing }: Pick<ChainVerdict, 'standing'>): number | null {
  return standing === null ? null : Date.parse(standing.time);
}

function signedBy(gitDir: string, { keys }: HostKeys): (commit: string) => Promise<boolean> {
  return async (commit) => {
    const objects = openObjectReader(gitDir, LARGEST_RECORD);
    try {
      const found = (await objects.read([commit]).next()).value;
      if (found?.type !== 'commit' || found.content === null) return false;
      const { signature } = signedCommit(commit, found.content);
      return signature.kind === 'ssh' && keys.some(({ key }) => key === signature.key);
    } finally {
      await objects.close();
    }
  };
}
