/** The slots of leases as branches beside the records: `boxreeve/lease-<n>`, each one commit, replaced by compare-and-swap. */
import { RemoteUnreachable } from '../../errors.ts';
import { git, gitRemote, lines } from '../../git/git-command.ts';
import { remoteTip } from '../../git/remote-tip.ts';
import { writeSignedCommit } from '../../git/signed-commit.ts';
import { BRANCHES, FILE, fetchLeases, LEASES, leaseFile } from './branches.ts';
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

/** A lease is not worth waiting for long, ms: the next poll asks again. */
const LIMIT = 60_000;

export function leaseBranches(parts: LeaseBranchParts): LeaseRefs {
  /** What a commit says never changes. */
  const known = new Map<string, SlotSeen['slot']>();
  return {
    name: (slot) => `${BRANCHES.slice('refs/heads/'.length)}${slot}`,
    list: async () => {
      const there = await fetched(parts);
      if (known.size > MOST_KNOWN) known.clear();
      const seen = new Map<number, SlotSeen>();
      for (const [slot, id] of there) {
        const content = known.get(id) ?? (await read(parts.gitDir, id));
        known.set(id, content);
        seen.set(slot, { id, slot: content });
      }
      return seen;
    },
    swap: (slot, expected, next) => swap(parts, `${BRANCHES}${slot}`, expected, next),
  };
}

const MOST_KNOWN = 10_000;

/** Ids by slot. */
async function fetched({ gitDir, remote }: LeaseBranchParts): Promise<ReadonlyMap<number, string>> {
  const fetch = () => fetchLeases(gitDir, remote(), { timeout: LIMIT });
  // a question that is lost now and then must not keep a slot for a whole poll
  await fetch().catch(fetch);
  const listed = await git(gitDir, ['for-each-ref', '--format=%(objectname) %(refname)', LEASES]);
  const found = new Map<number, string>();
  for (const line of lines(listed)) {
    const [id = '', ref = ''] = line.split(' ');
    const digits = ref.slice(LEASES.length);
    if (/^[1-9]\d{0,5}$/.test(digits)) found.set(Number(digits), id);
  }
  return found;
}

async function read(gitDir: string, commit: string): Promise<SlotSeen['slot']> {
  const file = await leaseFile(gitDir, commit);
  return file === null ? 'unreadable' : parseSlot(file);
}

async function swap(
  parts: LeaseBranchParts,
  branch: string,
  expected: string | null,
  next: Slot,
): Promise<string | null> {
  const { gitDir, remote } = parts;
  const commit = await write(parts, branch, next);
  const lease = `--force-with-lease=${branch}:${expected ?? ''}`;
  const push = ['push', '--quiet', '--no-verify', '--no-signed', lease, remote(), `${commit}:${branch}`];
  for (let attempt = 1; ; attempt += 1) {
    try {
      await gitRemote(gitDir, push, { timeout: LIMIT });
      return commit;
    } catch (error) {
      if (!(error instanceof RemoteUnreachable)) throw error;
      // the answer may have been lost, and not the push
      const now = await remoteTip(gitDir, remote(), branch, { timeout: LIMIT });
      if (now === commit) return commit;
      if (now !== expected) return null;
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** How often something is tried that was lost on the way. */
const ATTEMPTS = 2;

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
