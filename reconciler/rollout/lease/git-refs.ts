/** The slots of leases as branches beside the records: `boxreeve/lease-<n>`, each one commit, replaced by compare-and-swap. */
import { LEASE_BRANCHES } from '../../git/agreed-branches.ts';
import { git, lines } from '../../git/git-command.ts';
import { STATE_LIMIT, type StateBranchParts, swapState } from '../../git/state-branch.ts';
import { FILE, fetchLeases, LEASES, leaseFile } from './branches.ts';
import type { LeaseRefs } from './git-leases.ts';
import { parseSlot, type Slot, type SlotSeen, slotBytes, slotNumber } from './slot.ts';

type LeaseBranchParts = StateBranchParts & {
  /** Where they lie in the mirror; absent: where they always do. */
  readonly into?: string;
};

export function leaseBranches(parts: LeaseBranchParts): LeaseRefs {
  /** What a commit says never changes. */
  const known = new Map<string, SlotSeen['slot']>();
  return {
    name: (slot) => `${LEASE_BRANCHES.slice('refs/heads/'.length)}${slot}`,
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
    swap: (slot, expected, next) =>
      swapState(parts, `${LEASE_BRANCHES}${slot}`, expected, {
        file: FILE,
        bytes: slotBytes(next),
        subject: subjectOf(slot, next),
      }),
  };
}

const MOST_KNOWN = 10_000;

/** Ids by slot. */
async function fetched({
  gitDir,
  remote,
  into = LEASES,
}: LeaseBranchParts): Promise<ReadonlyMap<number, string>> {
  const fetch = () => fetchLeases(gitDir, remote(), { timeout: STATE_LIMIT }, into);
  // a question that is lost now and then must not keep a slot for a whole poll
  await fetch().catch(fetch);
  const listed = await git(gitDir, ['for-each-ref', '--format=%(objectname) %(refname)', into]);
  const found = new Map<number, string>();
  for (const line of lines(listed)) {
    const [id = '', ref = ''] = line.split(' ');
    const slot = slotNumber(ref.slice(into.length));
    if (slot !== null) found.set(slot, id);
  }
  return found;
}

async function read(gitDir: string, commit: string): Promise<SlotSeen['slot']> {
  const file = await leaseFile(gitDir, commit);
  return file === null ? 'unreadable' : parseSlot(file);
}

function subjectOf(slot: number, next: Slot): string {
  const what =
    next.state === 'free' ? 'is given back' : `is taken for ${next.guests.join(', ')} until ${next.until}`;
  return `lease ${slot} ${what}`;
}
