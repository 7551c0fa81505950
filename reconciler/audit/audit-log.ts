/**
 * This host's chain of records, in its own repository first.
 *
 * 1. `refs/boxreeve/audit/<host>` is the chain: a record is written when that ref has moved to its commit, not before.
 * 2. The ref moves by compare-and-swap, so two writers cannot both append to one record.
 * 3. A record says where the chain goes on from it; to there it is pushed (`push-chain.ts`).
 * 4. A host without a chain takes up the one on the remote whose last record it signed, wherever that is (`find-chain.ts`).
 */
import { git } from '../git/git-command.ts';
import { isAncestor, refValue } from '../git/history.ts';
import { writeSignedCommit } from '../git/signed-commit.ts';
import { commitMessage } from './message.ts';
import { recordBytes, recordDigest } from './parse-record.ts';
import { localRef, pushedRef, recordPath } from './paths.ts';
import { type ChainPlaces, countUnpushed, pushChain } from './push-chain.ts';
import type { AuditLog, AuditRecord, RecordDraft } from './record.ts';
import { recordAt } from './record-at.ts';
import type { Reserve } from './reserve.ts';
import { whomToWitness } from './whom-to-witness.ts';

export type AuditLogOptions = ChainPlaces & {
  /** Private key, absolute path. */
  readonly signingKey: string;
  /** The same key's public half, `ssh-ed25519 AAAA…`; null: this process only looks, and takes up no chain. */
  readonly publicKey: string | null;
  /**
   * The repository of the records, as the commit that is gone by has it and never one that nobody judged; null: the infra repo.
   * undefined: no commit is gone by yet, and records go where the last one went.
   */
  readonly repo: () => string | null | undefined;
  /** Audit tips of all hosts, as last seen on the remote. */
  readonly witness: () => Tips | Promise<Tips>;
  readonly reserve: Reserve;
};

/** By host. */
type Tips = Readonly<Record<string, string>>;

/** Must be awaited before anything is recorded; asks the remote only if this host has no chain of its own. */
export function openAuditLog(options: AuditLogOptions): AuditLog {
  const { gitDir, host, reserve } = options;
  const ref = localRef(host);
  let known: {
    readonly tip: string | null;
    readonly last: AuditRecord | null;
    readonly digest: string | null;
  } | null = null;
  /** Records that the remote lacks; null: to be counted. */
  let waiting: number | null = null;

  async function chain() {
    if (known !== null) return known;
    known = await readChain(options, (await refValue(gitDir, ref)) ?? (await takeUp(options)));
    waiting = null;
    return known;
  }

  async function append(draft: RecordDraft): Promise<AuditRecord> {
    const { tip, last, digest } = await chain();
    if (last?.id === draft.id) return last;
    const sequence = (last?.sequence ?? 0) + 1;
    const witness = whomToWitness(await options.witness(), host, sequence);
    const asked = options.repo();
    const auditRepo = asked === undefined ? last?.auditRepo : (asked ?? undefined);
    const record: AuditRecord = {
      apiVersion: 'boxreeve/v1',
      host,
      sequence,
      previous: digest,
      ...(auditRepo === undefined ? {} : { auditRepo }),
      ...draft,
      witness,
    };
    const bytes = recordBytes(record);
    const commit = await writeCommit(options, record, bytes, tip);
    // whether the ref moved is not certain if this fails, and another may have moved it: then the chain is read again
    known = null;
    const before = waiting;
    waiting = null;
    await git(gitDir, ['update-ref', '-m', 'append', ref, commit, tip ?? '0'.repeat(commit.length)]);
    known = { tip: commit, last: record, digest: recordDigest(bytes) };
    // where the chain goes on elsewhere, all of it is to be brought there
    waiting = before === null || auditRepo !== last?.auditRepo ? null : before + 1;
    return record;
  }

  async function unpushed(): Promise<number> {
    // without a chain there is none to be asked for
    if (known === null && (await refValue(gitDir, ref)) === null) return 0;
    const { last } = await chain();
    waiting ??= await countUnpushed(options, last?.auditRepo ?? null);
    return waiting;
  }

  return {
    append: (draft) => reserve.use(() => append(draft)),
    last: async () => (await chain()).last,
    lastFollowed: async () => {
      const { tip } = await chain();
      if (tip === null) return null;
      // a host whose memory is whole never comes here
      const { lastFollowed } = await import('./last-followed.ts');
      return lastFollowed(gitDir, tip);
    },
    unpushed,
    push: async (signal) => {
      const { tip, last } = await chain();
      const before = await unpushed();
      // not certain if this fails
      waiting = null;
      if (tip !== null && before > 0) await pushChain(options, tip, last?.auditRepo ?? null, signal);
      if (known?.tip === tip) waiting = 0;
      return { pushed: before };
    },
  };
}

async function readChain({ gitDir, host }: AuditLogOptions, tip: string | null) {
  if (tip === null) return { tip, last: null, digest: null };
  const { record, digest } = await recordAt(gitDir, host, tip);
  return { tip, last: record, digest };
}

async function writeCommit(
  options: AuditLogOptions,
  record: AuditRecord,
  bytes: Buffer,
  parent: string | null,
): Promise<string> {
  const { gitDir, host, signingKey } = options;
  return writeSignedCommit(gitDir, {
    parent,
    files: new Map([[recordPath(host, record.time, record.id), bytes]]),
    message: commitMessage(record),
    host,
    signingKey,
    at: Date.parse(record.time),
  });
}

/** Rule 4. Returns the tip, or null if the remote has no chain of this host either. */
async function takeUp(options: AuditLogOptions): Promise<string | null> {
  const { gitDir, host, publicKey } = options;
  if (publicKey === null) return null;
  // a host that has a chain, and that is every one but the first time, needs none of it
  const [{ findChain }, { keyItself }] = await Promise.all([
    import('./find-chain.ts'),
    import('../desired/public-key.ts'),
  ]);
  const found = await findChain(options, keyItself(publicKey));
  if (found === null) return null;
  await git(gitDir, ['update-ref', localRef(host), found.tip]);
  // found elsewhere, it is still to be brought to where the audit is now
  const named = `refs/heads/${options.branch()}`;
  for (const { remote, ref, tip } of found.places)
    if (ref === named && (await isAncestor(gitDir, tip, found.tip)))
      await git(gitDir, ['update-ref', pushedRef(host, remote), tip]);
  return found.tip;
}
