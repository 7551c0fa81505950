/** What a ref is to the fleet, by its name alone. Pure. */
import { LEASE_BRANCHES as LEASE, NOTIFIER_BRANCH } from '../git/agreed-branches.ts';
import { slotNumber } from '../rollout/lease/slot.ts';

export type RefRole =
  /** The branch that hosts follow. */
  | { readonly role: 'watched' }
  /** The account of a host; whether the fleet has such a host is another question. */
  | { readonly role: 'audit'; readonly host: string }
  /** By which hosts agree: a lease, or who notifies. */
  | { readonly role: 'agreement' }
  /** A name by which someone, or a file system, could take this ref for another. `why` goes on after the name. */
  | { readonly role: 'hiding'; readonly why: string }
  /** Anything else: branches of pull requests, tags. */
  | { readonly role: 'other' };

export type Naming = {
  /** The watched branch, without `refs/heads/`. */
  readonly watched: string;
  /** `audit.branch` of the fleet, with `{host}` in it. */
  readonly pattern: string;
  /** The fleet's hosts, where the pattern alone cannot tell an audit branch from another (`isOpen`). */
  readonly hosts: ReadonlySet<string>;
};

const BRANCHES = 'refs/heads/';
const HOST = '{host}';
const HOST_NAME = /^(?!.*\.\.)(?!.*(?:\.|\.lock)$)[a-z0-9][a-z0-9._-]{0,62}$/;

/** @param ref its full name, as Git writes it */
export function roleOf(ref: string, naming: Naming): RefRole {
  if (ref.startsWith('refs/replace/'))
    return { role: 'hiding', why: 'would show whoever reads the repository one object in place of another' };
  if (ref === BRANCHES + naming.watched) return { role: 'watched' };
  const host = ref.startsWith(BRANCHES) ? hostOf(ref.slice(BRANCHES.length), naming) : null;
  if (host !== null) return { role: 'audit', host };
  if (isAgreement(ref)) return { role: 'agreement' };
  for (const name of calledBy(ref)) {
    const why = hides(fold(name).split('/'), naming);
    if (why !== null) return { role: 'hiding', why };
  }
  return { role: 'other' };
}

function isAgreement(ref: string): boolean {
  return ref === NOTIFIER_BRANCH || (ref.startsWith(LEASE) && slotNumber(ref.slice(LEASE.length)) !== null);
}

/** As `desired-state/schema/terms.json` has it. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text);
}

/** Whether the name of any branch could be that of a host's: `{host}`, `{host}/audit`. */
export function isOpen(pattern: string): boolean {
  return pattern.split('/')[0] === HOST;
}

/** The host whose audit branch has this name; null if it is no host's. */
function hostOf(branch: string, { pattern, hosts }: Naming): string | null {
  const at = pattern.indexOf(HOST);
  const [before, after] = [pattern.slice(0, at), pattern.slice(at + HOST.length)];
  if (!branch.startsWith(before) || !branch.endsWith(after)) return null;
  const host = branch.slice(before.length, branch.length - after.length);
  if (!isHostName(host)) return null;
  return isOpen(pattern) && !hosts.has(host) ? null : host;
}

/** What Git may take this ref for when someone types a name (gitrevisions(7)): it looks for `refs/tags/main` before `refs/heads/main`. */
function calledBy(ref: string): readonly string[] {
  return ['refs/', 'refs/tags/', BRANCHES]
    .filter((prefix) => ref.startsWith(prefix))
    .map((prefix) => ref.slice(prefix.length));
}

/** How a name, folded and taken apart, comes near one that counts; null if it does not. */
function hides(name: readonly string[], { watched, pattern, hosts }: Naming): string | null {
  const toWatched = nearness(name, fold(watched).split('/'), (is, due) => is === due);
  if (toWatched !== null) return sentence(toWatched, `the branch ${watched}, which hosts follow`);
  const toAudit = nearness(name, pattern.split('/'), (is, due) => fits(is, due, isOpen(pattern), hosts));
  return toAudit === null ? null : sentence(toAudit, `an audit branch (${pattern})`);
}

type Nearness = 'same' | 'in the way';

/** Git keeps no branch below another: what a name goes on from, and what goes on from it, are in its way. */
function nearness(
  name: readonly string[],
  due: readonly string[],
  same: (is: string, due: string) => boolean,
): Nearness | null {
  const shared = Math.min(name.length, due.length);
  for (let at = 0; at < shared; at += 1) if (!same(name[at] ?? '', due[at] ?? '')) return null;
  return name.length === due.length ? 'same' : 'in the way';
}

function sentence(nearness: Nearness, what: string): string {
  return nearness === 'same'
    ? `could be taken for ${what}`
    : `stands in the way of ${what}: Git keeps no branch below another`;
}

/** One part of a path against one of the pattern's. */
function fits(is: string, due: string, open: boolean, hosts: ReadonlySet<string>): boolean {
  const at = due.indexOf(HOST);
  if (at < 0) return is === fold(due);
  if (open) return hosts.has(is);
  const [before, after] = [fold(due.slice(0, at)), fold(due.slice(at + HOST.length))];
  return is.length > before.length + after.length && is.startsWith(before) && is.endsWith(after);
}

/** What a file system that knows no case, and an eye, take for one: what is not seen is left out. */
function fold(name: string): string {
  return name
    .normalize('NFKC')
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase();
}
