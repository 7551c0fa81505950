/**
 * A branch that takes a halted change back, for people to merge: the guest's folder as it was in the commit that last worked here, and
 * its box in the catalogue. It is named for the change, so all hosts on which it failed propose the same one, and the first does.
 */
import { changeCatalogue } from '../boxes/build/change-catalogue.ts';
import { cataloguedBox } from '../desired/catalogued-box.ts';
import type { BoxSpec } from '../desired/spec.ts';
import type { DesiredTree, TreeEntry } from '../desired/tree.ts';
import { BoxreeveError, RemoteUnreachable } from '../errors.ts';
import type { GitMirror } from '../git/ports.ts';
import { commitProposal, proposedTip, pushProposal } from '../git/proposal.ts';
import type { CommitDraft, PutFile } from '../git/signed-commit.ts';
import { oneLine } from '../one-line.ts';
import type { Failure } from './progress.ts';

export type RevertWanted = {
  readonly guest: string;
  /** See `FleetFacts.changes`. */
  readonly change: string;
  /** The commit that this host goes by, in which it failed. */
  readonly commit: string;
  /** What last worked here; null: nothing did. */
  readonly worked: { readonly commit: string; readonly box: BoxSpec } | null;
  readonly failures: readonly Failure[];
};

export type RevertParts = {
  readonly gitDir: string;
  /** Folder of the desired state. */
  readonly path: string;
  readonly mirror: Pick<GitMirror, 'tree'>;
  readonly host: string;
  readonly signingKey: string;
  /** ms since the epoch. */
  readonly now: () => number;
};

export type Proposed =
  | {
      readonly state:
        | 'proposed' /** The branch was there: by another host, or by this one before. */
        | 'there';
    }
  /** Why goes on after `no branch … is proposed: `. */
  | { readonly state: 'none'; readonly why: string };

export function revertBranch(change: string): string {
  return `boxreeve/revert-${change.slice(0, 12)}`;
}

/** What came of it, in a sentence for the record. Never throws for what a person can mend: a record must not hang on it. */
export async function proposeRevert(
  parts: RevertParts,
  wanted: RevertWanted,
  signal?: AbortSignal,
): Promise<string> {
  const branch = revertBranch(wanted.change);
  const proposed = await propose(parts, branch, wanted, signal).catch((error: unknown): Proposed => {
    if (error instanceof BoxreeveError) return { state: 'none', why: oneLine(error.message) };
    throw error;
  });
  switch (proposed.state) {
    case 'proposed':
      return `the branch ${branch} takes the change of ${wanted.guest} back: merge it, or correct the change`;
    case 'there':
      return `a branch ${branch} that takes the change of ${wanted.guest} back is there already`;
    case 'none':
      return `no branch takes the change of ${wanted.guest} back: ${proposed.why}`;
  }
}

async function propose(
  parts: RevertParts,
  branch: string,
  wanted: RevertWanted,
  signal?: AbortSignal,
): Promise<Proposed> {
  const { gitDir } = parts;
  if (wanted.worked === null) return { state: 'none', why: 'nothing that worked is known on this host' };
  // a remote that is away is found out before anything is made
  if ((await proposedTip(gitDir, branch, signal)) !== null) return { state: 'there' };
  const draft = await draftOf(parts, wanted, wanted.worked);
  if ('why' in draft) return { state: 'none', why: draft.why };
  const commit = await commitProposal(gitDir, branch, draft);
  const there = await pushProposal(gitDir, branch, commit, signal).catch(async (error: unknown) => {
    if (!(error instanceof RemoteUnreachable)) throw error;
    // another host may have been faster, or the answer was lost
    const tip = await proposedTip(gitDir, branch, signal);
    if (tip === null) throw error;
    return tip;
  });
  return { state: there === commit ? 'proposed' : 'there' };
}

async function draftOf(
  { mirror, path, host, signingKey, now }: RevertParts,
  wanted: RevertWanted,
  worked: NonNullable<RevertWanted['worked']>,
): Promise<CommitDraft | { readonly why: string }> {
  const [before, after] = [mirror.tree(worked.commit), mirror.tree(wanted.commit)];
  const folder = path === '' || path === '.' ? `guests/${wanted.guest}` : `${path}/guests/${wanted.guest}`;
  const put = differences(await after.list(folder), await before.list(folder));
  if (put === null) return { why: `${folder} has more than files at ${worked.commit.slice(0, 7)}` };
  const files = await missingBox(after, path, worked.box);
  if (files === null)
    return {
      why: `boxes/${worked.box.name}.yaml has another file now for version ${worked.box.version}, which worked: put it right by hand`,
    };
  if (put.size + files.size === 0) return { why: `nothing of ${folder} differs from what worked` };
  const message = messageOf(wanted, worked, host, folder, [...files.keys()]);
  return { parent: wanted.commit, files, put, message, host, signingKey, at: now() };
}

/** What turns a folder into what it was; null: it had what is no file. */
function differences(
  now: readonly TreeEntry[],
  was: readonly TreeEntry[],
): ReadonlyMap<string, PutFile | null> | null {
  const put = new Map<string, PutFile | null>(now.map((entry) => [entry.path, null]));
  for (const { path, kind, oid } of was) {
    const mode = MODES[kind];
    if (mode === undefined) return null;
    const same = now.some((entry) => entry.path === path && entry.oid === oid && entry.kind === kind);
    if (same) put.delete(path);
    else put.set(path, { mode, oid });
  }
  return put;
}

const MODES: Partial<Record<TreeEntry['kind'], PutFile['mode']>> = {
  file: '100644',
  executable: '100755',
  symlink: '120000',
};

/** The catalogue with the box that worked, where it has it no more; null: it has another one of that version. */
async function missingBox(
  tree: DesiredTree,
  path: string,
  { sha256, name, version, provider, size, sources, chunks }: BoxSpec,
): Promise<ReadonlyMap<string, Buffer> | null> {
  const there = await cataloguedBox(tree, path, { name, version, provider }).catch((error: unknown) => {
    if (error instanceof BoxreeveError) return null;
    throw error;
  });
  if (there !== null) return there.sha256 === sha256 ? new Map() : null;
  const entry = { version, provider, sha256, size, sources, ...(chunks === undefined ? {} : { chunks }) };
  return changeCatalogue(tree, path, name, entry, null);
}

function messageOf(
  { guest, commit, failures }: RevertWanted,
  worked: NonNullable<RevertWanted['worked']>,
  host: string,
  folder: string,
  others: readonly string[],
): string {
  const failed = failures.map((failure) => `${failure.host}: ${oneLine(failure.detail)}`);
  const what = [folder, ...others].join(' and ');
  return [
    `Put ${guest} back to what worked`,
    '',
    `Its roll-out is halted. It failed on`,
    ...failed,
    '',
    `${what} as of ${worked.commit.slice(0, 12)}, which last worked on ${host}.`,
    '',
    `Boxreeve-Reverts: ${commit}`,
    '',
  ].join('\n');
}
