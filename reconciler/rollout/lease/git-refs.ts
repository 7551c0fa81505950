/** The slots of leases as branches beside the records: `boxreeve/lease-<n>`, each one commit, replaced by compare-and-swap. */
import { RemoteUnreachable } from '../../errors.ts';
import { git, gitRemote, lines } from '../../git/git-command.ts';
import { parseRemoteRefs } from '../../git/remote-refs.ts';
import { writeSignedCommit } from '../../git/signed-commit.ts';
import type { LeaseRefs } from './git-leases.ts';
import { parseSlot, type Slot, type SlotSeen, slotBytes } from './slot.ts';

export type LeaseBranchParts = {
  /** The host's mirror. */
  readonly gitDir: string;
  /** Name of the remote that hosts push to. */
  readonly remote: () => string;
  readonly host: string;
  /** Private key, absolute path. */
  readonly signingKey: string;
  /** ms since the epoch. */
  readonly now: () => number;
};

const BRANCHES = 'refs/heads/boxreeve/lease-';
/** Where they lie in the mirror. */
const LOCAL = 'refs/boxreeve/lease/';
const FILE = 'lease.json';
/** A slot says little; what is larger was not written by a host. Bytes. */
const LARGEST = 64 * 1024;
/** A lease is not worth waiting for long, ms: the next poll asks again. */
const LIMIT = 60_000;

export function leaseBranches(parts: LeaseBranchParts): LeaseRefs {
  /** What a commit says never changes. */
  const known = new Map<string, SlotSeen['slot']>();
  return {
    name: (slot) => `${BRANCHES.slice('refs/heads/'.length)}${slot}`,
    list: async () => {
      const there = await listed(parts);
      await learn(parts, there, known);
      return new Map([...there].map(([slot, id]) => [slot, { id, slot: known.get(id) ?? 'unreadable' }]));
    },
    swap: (slot, expected, next) => swap(parts, `${BRANCHES}${slot}`, expected, next),
  };
}

/** Ids by slot. */
async function listed({ gitDir, remote }: LeaseBranchParts): Promise<ReadonlyMap<number, string>> {
  const output = await gitRemote(gitDir, ['ls-remote', '--refs', remote(), `${BRANCHES}*`], {
    timeout: LIMIT,
  });
  const found = new Map<number, string>();
  for (const [ref, id] of parseRemoteRefs(output.toString('utf8'))) {
    const [, digits] = /^refs\/heads\/boxreeve\/lease-([1-9]\d{0,5})$/.exec(ref) ?? [];
    if (digits !== undefined) found.set(Number(digits), id);
  }
  return found;
}

/** Reads what is not known yet, fetched all at once. */
async function learn(
  { gitDir, remote }: LeaseBranchParts,
  there: ReadonlyMap<number, string>,
  known: Map<string, SlotSeen['slot']>,
): Promise<void> {
  const news = [...there].filter(([, id]) => !known.has(id));
  if (news.length === 0) return;
  if (known.size > MOST_KNOWN) known.clear();
  const specs = news.map(([slot]) => `+${BRANCHES}${slot}:${LOCAL}${slot}\n`).join('');
  const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-filter'];
  await gitRemote(gitDir, ['fetch', ...quiet, '--stdin', remote()], { input: specs, timeout: LIMIT });
  for (const [slot] of news) {
    // it may have moved on since it was listed: then it is read at the next turn
    const [id = ''] = lines(
      await git(gitDir, ['rev-parse', '--verify', '--quiet', `${LOCAL}${slot}^{commit}`], { allow: [1] }),
    );
    if (id !== '') known.set(id, await read(gitDir, id));
  }
}

const MOST_KNOWN = 10_000;

async function read(gitDir: string, commit: string): Promise<SlotSeen['slot']> {
  const [entry = ''] = lines(await git(gitDir, ['ls-tree', '-l', '--full-tree', commit, '--', FILE]));
  const [, blob, size] = /^100644 blob ([0-9a-f]+) +(\d+)\t/.exec(entry) ?? [];
  if (blob === undefined || Number(size) > LARGEST) return 'unreadable';
  return parseSlot(await git(gitDir, ['cat-file', 'blob', blob]));
}

async function swap(
  parts: LeaseBranchParts,
  branch: string,
  expected: string | null,
  next: Slot,
): Promise<string | null> {
  const { gitDir, remote } = parts;
  const commit = await write(parts, branch, next);
  const push = [
    'push',
    '--quiet',
    '--no-verify',
    '--no-signed',
    `--force-with-lease=${branch}:${expected ?? ''}`,
  ];
  try {
    await gitRemote(gitDir, [...push, remote(), `${commit}:${branch}`], { timeout: LIMIT });
    return commit;
  } catch (error) {
    if (!(error instanceof RemoteUnreachable)) throw error;
    // the answer may have been lost, and not the push
    const output = await gitRemote(gitDir, ['ls-remote', '--refs', remote(), branch], { timeout: LIMIT });
    const now = parseRemoteRefs(output.toString('utf8')).get(branch) ?? null;
    if (now === commit) return commit;
    if (now !== expected) return null;
    throw error;
  }
}

async function write(
  { gitDir, host, signingKey, now }: LeaseBranchParts,
  branch: string,
  slot: Slot,
): Promise<string> {
  const name = branch.slice(BRANCHES.length);
  const what =
    slot.state === 'free' ? 'is given back' : `is taken for ${slot.guests.join(', ')} until ${slot.until}`;
  return writeSignedCommit(gitDir, {
    parent: null,
    files: new Map([[FILE, slotBytes(slot)]]),
    message: `${host}: lease ${name} ${what}\n`,
    host,
    signingKey,
    at: now(),
  });
}
