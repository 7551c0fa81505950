/** What a refused push is to be taken for, by what Git says of it. Pure. */

/**
 * `busy`: the server was at the same branch for another, or at its own housekeeping, and takes the same push a moment later.
 * `overtaken`: the branch was not where it was thought to be; only a look at it says what that means. `other`: anything else.
 */
export type PushRefusal = 'busy' | 'overtaken' | 'other';

/** @param said standard error of `git push`, in English */
export function refusalOf(said: string): PushRefusal {
  // what hooks and servers print besides begins with `remote:`, and may say anything
  const reasons = said.split('\n').flatMap((line) => REFUSED.exec(line)?.[1] ?? []);
  if (reasons.length === 0) return 'other';
  if (reasons.every((reason) => BUSY.test(reason))) return 'busy';
  return reasons.every((reason) => BUSY.test(reason) || OVERTAKEN.test(reason)) ? 'overtaken' : 'other';
}

/** ` ! [remote rejected] <from> -> <to> (<reason>)`; a reason of several lines has its end on another. */
const REFUSED = /^ ! \[(?:remote )?rejected\] .*? -> \S+ \((.+?)\)?$/;
/**
 * By receive-pack, whatever keeps it from moving a ref: `failed to update ref` before Git 2.50, which says why only in words for
 * people. Servers of other makes pass on what the ref's lock said.
 */
const BUSY =
  /^(?:cannot lock ref|failed to update ref|failed to lock|incorrect old value provided|reference already exists)/;
/** By the pushing Git itself, from what the server told it before. */
const OVERTAKEN = /^(?:fetch first|non-fast-forward|stale info)/;
