/**
 * Which keys a host has or had by the watched branch, and which of its records each of them vouches for. Pure.
 *
 * 1. A record is signed by a key that the watched branch gives the host, or gave it.
 * 2. Once a record by a newer key stands on the branch, an older one counts for none after it, unless the host has it still.
 *    While `auditKey` and `nextAuditKey` are both named, the host has both.
 * 3. A key that was taken away vouches for what stands before the first record of its successor; and, if both were named at once
 *    for a time, for what a later record of the successor builds on.
 * 4. A revoked key vouches for records up to `lastRecord`, if that is named; else for what another host witnessed before it
 *    followed the revocation, and for what a later record by a key that is not revoked builds on.
 */
import type { Signature } from '../trust/signed-commits.ts';

export type HostKeys = {
  /** From the oldest to the newest, by when the watched branch first named them. */
  readonly keys: readonly HostKey[];
};

export type HostKey = {
  /** `ssh-ed25519 AAAA…` */
  readonly key: string;
  /** Keys that the host has, or is about to have, at the tip of the watched branch. */
  readonly named: boolean;
  /** Whether the host once had it and another at the same time, or got it back. */
  readonly overlapped: boolean;
  readonly revoked: {
    /** The commit of the watched branch that revoked it. */
    readonly commit: string;
    /** Commit or id of the last record it is vouched for; null: by witness. */
    readonly lastRecord: string | null;
  } | null;
};

/** What the key says of a record, when nothing but the records before it is known. */
export type KeyVerdict =
  | { readonly state: 'good'; readonly rank: number }
  /** Not yet: by rule 3 or 4, what comes later decides. */
  | { readonly state: 'revoked' | 'replaced'; readonly rank: number; readonly why: string }
  | { readonly state: 'bad'; readonly kind: 'bad-signature' | 'wrong-key'; readonly why: string };

/**
 * @param newest rank of the newest key that signed a record before this one; -1: none did
 * @param owners hosts by their keys, to name the one whose key it is
 */
export function judgeKey(
  signature: Signature,
  { keys }: HostKeys,
  newest: number,
  owners: ReadonlyMap<string, string>,
): KeyVerdict {
  switch (signature.kind) {
    case 'none':
      return { state: 'bad', kind: 'bad-signature', why: 'is not signed' };
    case 'bad':
      return { state: 'bad', kind: 'bad-signature', why: signature.why };
    case 'openpgp':
      return {
        state: 'bad',
        kind: 'bad-signature',
        why: 'has an OpenPGP signature, where a host signs by its SSH key',
      };
    case 'ssh': {
      const rank = keys.findIndex(({ key }) => key === signature.key);
      const found = keys[rank];
      if (found !== undefined) return judgeRank(found, rank, newest);
      const owner = owners.get(signature.key);
      return {
        state: 'bad',
        kind: 'wrong-key',
        why:
          owner === undefined
            ? 'is signed by a key that the watched branch never gave this host'
            : `is signed by the key of ${owner}, which the watched branch never gave this host`,
      };
    }
  }
}

function judgeRank(key: HostKey, rank: number, newest: number): KeyVerdict {
  if (key.revoked !== null)
    return {
      state: 'revoked',
      rank,
      why: `is signed by a key that was revoked in ${key.revoked.commit.slice(0, 12)}`,
    };
  if (rank >= newest || key.named) return { state: 'good', rank };
  return { state: 'replaced', rank, why: 'is signed by a key that a newer one had replaced before' };
}
