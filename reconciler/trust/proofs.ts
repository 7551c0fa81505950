/** What commits' signatures prove, OpenPGP included, each looked at once. */
import type { OpenPgpKey } from './openpgp.ts';
import { openSignedCommits, type Signature, type SignedCommit } from './signed-commits.ts';
import type { Proof } from './signer.ts';

export type Proven = Omit<SignedCommit, 'signature'> & { readonly proof: Proof };

export type Proofs = {
  /** @param keys OpenPGP keys that may have signed; a signature by no other is taken for a stranger's */
  of(commits: readonly string[], keys: readonly OpenPgpKey[]): Promise<readonly Proven[]>;
};

/** Of signatures by OpenPGP, which take a while each. */
const MOST_KEPT = 4096;

export function openProofs(gitDir: string): Proofs {
  const commits = openSignedCommits(gitDir);
  const kept = new Map<string, Proof>();

  async function prove(
    commit: string,
    signature: Signature,
    keys: ReadonlyMap<string, OpenPgpKey>,
  ): Promise<Proof> {
    if (signature.kind === 'none') return { state: 'unsigned' };
    if (signature.kind === 'bad') return { state: 'bad', why: signature.why };
    if (signature.kind === 'ssh') return { state: 'signed', key: signature.key };
    const about = `${commit} ${[...keys.keys()].sort().join(' ')}`;
    const known = kept.get(about);
    if (known !== undefined) return known;
    const { verifyOpenPgp } = await import('./openpgp.ts');
    const verdict = await verifyOpenPgp(signature.armor, signature.payload, [...keys.values()]);
    const proof: Proof = verdict.ok
      ? { state: 'signed', key: verdict.id }
      : { state: 'bad', why: verdict.why };
    // one that was not good may be so once the owner's key has a new subkey, under the same id
    if (!verdict.ok) return proof;
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(about, proof);
    return proof;
  }

  return {
    of: async (asked, keys) => {
      const byId = new Map(keys.map((key) => [key.id, key]));
      const found: Proven[] = [];
      for (const { signature, ...commit } of await commits.read(asked))
        found.push({ ...commit, proof: await prove(commit.commit, signature, byId) });
      return found;
    },
  };
}
