/** The branch `boxreeve/notifier` beside the records: who notifies, and how far he is. One commit, replaced by compare-and-swap. */
import { NOTIFIER_BRANCH } from '../git/agreed-branches.ts';
import { refValue } from '../git/history.ts';
import { fetchState, STATE_LIMIT, type StateBranchParts, swapState } from '../git/state-branch.ts';
import { topFile } from '../git/top-file.ts';
import { type NotifierSeen, type NotifierState, parseState, stateBytes } from './claim.ts';
import type { NotifierRef } from './round.ts';

/** Where it lies in the mirror. */
const HERE = 'refs/boxreeve/notifier';
const FILE = 'notifier.json';
/** For each host of a fleet it has a line or two. Bytes. */
const LARGEST = 16 * 1024 * 1024;

export function notifierBranch(parts: StateBranchParts): NotifierRef {
  /** As it was read or put there last. */
  let known: NotifierSeen | null = null;
  return {
    read: async () => {
      known = await fetched(parts, known);
      return known;
    },
    swap: async (expected, next) => {
      const draft = { file: FILE, bytes: stateBytes(next), subject: subjectOf(next) };
      const id = await swapState(parts, NOTIFIER_BRANCH, expected, draft);
      if (id !== null) known = { id, state: next };
      return id;
    },
  };
}

async function fetched(parts: StateBranchParts, known: NotifierSeen | null): Promise<NotifierSeen | null> {
  // with an asterisk, as a branch that is not there is no error then
  const fetch = () =>
    fetchState(parts.gitDir, parts.remote(), `+${NOTIFIER_BRANCH}*:${HERE}*`, { timeout: STATE_LIMIT });
  // a question that is lost now and then must not end the round
  await fetch().catch(fetch);
  const id = await refValue(parts.gitDir, HERE);
  if (id === null || id === known?.id) return id === null ? null : known;
  const file = await topFile(parts.gitDir, id, { name: FILE, largest: LARGEST, alone: false });
  return { id, state: file === null ? 'unreadable' : parseState(file) };
}

function subjectOf({ claim }: NotifierState): string {
  return claim.state === 'free' ? 'no longer notifies' : `notifies until ${claim.until}`;
}
