/** Whose signature a commit bears, for the record: by the list of the commit before it, so that nobody gives himself a name. */
import type { Authority } from './authority.ts';
import { openAuthorities } from './authority.ts';
import { openProofs } from './proofs.ts';
import { signerIn } from './signer.ts';

/** By no clock: it says who signed, not whether he may yet. */
const LATER = Number.MAX_SAFE_INTEGER;

/** Name of the approver; null if there is none. @param path folder of the desired state */
export async function signedBy(gitDir: string, path: string, commit: string): Promise<string | null> {
  const proofs = openProofs(gitDir);
  const [read] = await proofs.of([commit], []);
  if (read === undefined || read.proof.state === 'unsigned') return null;
  const authority = await listBefore(gitDir, path, commit, read.parents[0]);
  if (authority === null) return null;
  const [proven] = await proofs.of([commit], authority.openPgpKeys);
  if (proven === undefined) return null;
  const { committedAt, proof } = proven;
  const signer = signerIn(authority, proof, { committedAt, parentsAt: 0, now: LATER, newSince: null });
  return signer.ok ? signer.name : null;
}

/** A first commit, or one that comes after a list of nobody, has only its own. */
async function listBefore(
  gitDir: string,
  path: string,
  commit: string,
  parent: string | undefined,
): Promise<Authority | null> {
  const lists = await openAuthorities(gitDir, path).at([...(parent === undefined ? [] : [parent]), commit]);
  const before = parent === undefined ? null : (lists.get(parent) ?? null);
  return before !== null && before.signers.size > 0 ? before : (lists.get(commit) ?? null);
}
