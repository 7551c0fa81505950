/**
 * The archive as the remote has it, and whether it can be gone by.
 *
 * 1. Where the fleet asks for signed commits, an approver signed its newest commit, by what the watched branch says now.
 * 2. That commit has a table and nothing else, and every record that the table names is in its history.
 * 3. It goes on from the archive that was gone by before on this machine.
 *
 * One that cannot be gone by says nothing: a host's branch that is gone is gone. What it says of records is never believed for itself,
 * since each is signed by its host; it only says where to find them.
 */
import { git } from '../../git/git-command.ts';
import { isAncestor, refValue } from '../../git/history.ts';
import { topFile } from '../../git/top-file.ts';
import { openAuthorities } from '../../trust/authority.ts';
import { openProofs } from '../../trust/proofs.ts';
import { isForge } from '../../trust/rights.ts';
import { signerIn } from '../../trust/signer.ts';
import { outsideOf } from '../sightings.ts';
import { ARCHIVE_FILE, type ArchiveTable, LARGEST_ARCHIVE, parseArchive } from './archive-form.ts';

export type ArchiveParts = {
  readonly gitDir: string;
  /** Folder of the desired state. */
  readonly path: string;
  /** Tip of the watched branch: it says who are approvers. */
  readonly watched: string;
  /** Name of the Git remote that hosts push to. */
  readonly remote: string;
  /** Keys that count for nothing (trust/key-id.ts). */
  readonly revokedKeys: readonly string[];
  /** ms since the epoch. */
  readonly now: number;
  /** A commit of the archive to go by whoever signed it, by the word of the person who is about to sign another. */
  readonly adopted?: string | undefined;
};

export type ArchiveRead = {
  /** null: there is none any more. */
  readonly commit: string | null;
  /** null: it cannot be gone by. */
  readonly table: ArchiveTable | null;
  /** What is wrong, to go on after the commit. */
  readonly problems: readonly string[];
};

/** Where it lies in the mirror. A prefix, since a branch that may be missing is fetched by a pattern. */
export function archiveSpec(remote: string): string {
  return `+refs/heads/boxreeve/archive*:refs/boxreeve/archives/${remote}/archive*`;
}

/** null: there is none, and there was none. */
export async function readArchive(parts: ArchiveParts): Promise<ArchiveRead | null> {
  const { gitDir, remote } = parts;
  const commit = await refValue(gitDir, `refs/boxreeve/archives/${remote}/archive`);
  const before = await refValue(gitDir, believedRef(remote));
  if (commit === null && before === null) return null;
  if (commit === null)
    return { commit, table: null, problems: [`is gone: it was at ${before} when it was last looked at`] };
  if (before !== null && !(await isAncestor(gitDir, before, commit)))
    return { commit, table: null, problems: [`does not go on from ${before}, which was the archive before`] };
  return judgeArchive(parts, commit);
}

/** Goes by it from now on. */
export async function rememberArchive(gitDir: string, remote: string, commit: string): Promise<void> {
  if ((await refValue(gitDir, believedRef(remote))) !== commit)
    await git(gitDir, ['update-ref', believedRef(remote), commit]);
}

function believedRef(remote: string): string {
  return `refs/boxreeve/archives/${remote}/believed`;
}

/** Rules 1 and 2. @param commit is here */
export async function judgeArchive(parts: ArchiveParts, commit: string): Promise<ArchiveRead> {
  const unbelieved = commit === parts.adopted ? null : await whyUnsigned(parts, commit);
  if (unbelieved !== null) return { commit, table: null, problems: [unbelieved] };
  const only = { name: ARCHIVE_FILE, largest: LARGEST_ARCHIVE, alone: true };
  const file = await topFile(parts.gitDir, commit, only);
  const table = file === null ? null : parseArchive(file);
  if (table === null)
    return { commit, table, problems: [`is no archive: it must have ${ARCHIVE_FILE} and nothing else`] };
  const tips = Object.entries(table.hosts);
  const outside = await outsideOf(
    parts.gitDir,
    tips.map(([, { tip }]) => tip),
    [commit],
  );
  const problems = tips.flatMap(([host, { tip }]) =>
    outside.has(tip) ? [`names ${tip.slice(0, 12)} as the last record of ${host}, and has not got it`] : [],
  );
  return { commit, table: problems.length === 0 ? table : null, problems };
}

async function whyUnsigned(parts: ArchiveParts, commit: string): Promise<string | null> {
  const { gitDir, path, watched, revokedKeys, now } = parts;
  const authority = (await openAuthorities(gitDir, path).at([watched])).get(watched) ?? null;
  if (authority === null)
    return `cannot be judged: whose word counts cannot be told from ${watched.slice(0, 7)}`;
  if (!authority.requiresSignatures) return null;
  const proofs = openProofs(gitDir);
  const [proven] = await proofs.of([commit], authority.openPgpKeys);
  if (proven === undefined) return 'cannot be read';
  const { committedAt, proof, parents } = proven;
  // whoever has a key that expired can date his commit back, but not before what it builds on
  const times = (await proofs.of(parents, [])).map((parent) => parent.committedAt);
  const parentsAt = times.reduce((latest, at) => Math.max(latest, at), 0);
  const signer = signerIn(authority, proof, { committedAt, parentsAt, now, newSince: null });
  if (!signer.ok) return signer.why;
  if (revokedKeys.includes(signer.key)) return 'is signed by a key that host.yaml says is revoked';
  if (isForge(signer.name, { authority, at: watched }))
    return `is signed by the forge ${signer.name}, whose signature counts for merges alone`;
  return null;
}
