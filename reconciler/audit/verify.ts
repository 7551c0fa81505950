/**
 * Checks the whole account, trusting nothing but the host keys that the watched branch has, or had.
 *
 * 1. Every commit of an audit branch is signed with a key of that very host (`host-keys.ts` has the rules).
 * 2. Its history is one line, from a first commit without parents.
 * 3. Each commit adds one record, in the host's own folder, and changes and removes nothing.
 * 4. Each record is valid, names the host, counts on from the one before and carries its digest.
 * 5. The commit it went by is, or was, on the watched branch; a refused one need not be.
 * 6. Its time can be: not before the previous one's, nor before the commit it went by was authored, nor long after others saw it.
 * 7. A guest is what the record before says, unless an action is recorded that changed it.
 * 8. What was seen of a branch before, by other hosts or by this machine, is still in it.
 */
import { openObjectReader } from '../git/stream-git.ts';
import { signedCommit } from '../trust/signed-commits.ts';
import type { Finding } from './finding.ts';
import type { HostKeys } from './host-keys.ts';
import type { Standing } from './judge-link.ts';
import { LARGEST_RECORD } from './parse-record.ts';
import { type Accusation, checkSightings, Sightings } from './sightings.ts';
import { type ChainVerdict, unvouchedFindings, verifyChain } from './verify-chain.ts';
import { checkWentBy, WentBy } from './went-by.ts';

export type HostAccount = {
  readonly host: string;
  readonly tip: string | null;
  /** How many records the branch has. */
  readonly records: number;
  /** How many of them were looked at now. */
  readonly checked: number;
  readonly findings: readonly Finding[];
};

export type HostInput = {
  readonly host: string;
  /** Of its audit branch; null if it has none. */
  readonly tip: string | null;
  readonly keys: HostKeys;
};

export type VerifyInput = {
  readonly gitDir: string;
  /** Tip of the watched branch. */
  readonly watched: string;
  readonly hosts: readonly HostInput[];
};

export async function verifyAudit(input: VerifyInput): Promise<readonly HostAccount[]> {
  const sightings = new Sightings();
  const owners = new Map(input.hosts.flatMap(({ host, keys }) => keys.keys.map(({ key }) => [key, host])));
  const chains: Chain[] = [];
  // one after the other: each keeps a processor busy, and holds some memory
  for (const host of input.hosts) chains.push(await readChain(input, host, owners, sightings));
  const accusations: Accusation[] = [];
  for (const chain of chains) {
    const branch = {
      ...chain,
      tipTime: chain.standing && Date.parse(chain.standing.time),
      isSignedByHost: signedBy(input.gitDir, chain.keys),
    };
    accusations.push(...(await checkSightings(input.gitDir, branch, sightings.of(chain.host))));
  }
  const strays = await checkWentBy(
    input.gitDir,
    input.watched,
    chains.map(({ wentBy }) => wentBy),
  );
  return chains.map(({ host, tip, checked, findings, unvouched }) => ({
    host,
    tip,
    records: checked,
    checked,
    findings: [
      ...findings,
      ...unvouchedFindings(host, unvouched),
      ...strays.filter((finding) => finding.host === host),
      ...accusations.flatMap(({ finding }) => (finding.host === host ? [finding] : [])),
    ],
  }));
}

type Chain = ChainVerdict &
  HostInput & { readonly wentBy: WentBy; readonly times: ReadonlyMap<string, number> };

async function readChain(
  { gitDir }: VerifyInput,
  input: HostInput,
  owners: ReadonlyMap<string, string>,
  sightings: Sightings,
): Promise<Chain> {
  const { host, tip, keys } = input;
  const wentBy = new WentBy(host);
  const times = new Map<string, number>();
  const latest = new Map<string, string>();
  const empty: ChainVerdict = { checked: 0, standing: null, findings: [], unvouched: [] };
  if (tip === null) return { ...empty, ...input, wentBy, times };
  const after: Standing | null = null;
  const verdict = await verifyChain({ gitDir, host, tip, after, keys, owners }, (link) => {
    if (!link.content.ok) return;
    times.set(link.commit, Date.parse(link.content.record.time));
    wentBy.add(link.commit, link.content.record);
    sightings.add(host, link, latest);
  });
  return { ...verdict, ...input, wentBy, times };
}

function signedBy(gitDir: string, { keys }: HostKeys): (commit: string) => Promise<boolean> {
  return async (commit) => {
    const objects = openObjectReader(gitDir, LARGEST_RECORD);
    try {
      for await (const object of objects.read([commit])) {
        if (object?.type !== 'commit' || object.content === null) return false;
        const { signature } = signedCommit(commit, object.content);
        return signature.kind === 'ssh' && keys.some(({ key }) => key === signature.key);
      }
      return false;
    } finally {
      await objects.close();
    }
  };
}
