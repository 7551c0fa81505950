/**
 * This host's chain of records, in its own repository first.
 *
 * 1. `refs/boxreeve/audit/<host>` is the chain: a record is written when that ref has moved to its commit, not before.
 * 2. The ref moves by compare-and-swap, so two writers cannot both append to one record.
 * 3. The chain goes to the remote by plain pushes of that one branch, never forced: pushing it again changes nothing, so an
 *    answer that was lost does no harm, and what the remote has is never overwritten. A server that was busy is asked again at once.
 * 4. A host without a chain takes up the one on the remote whose last record it signed, wherever that is (`find-chain.ts`).
 */
import { systemClock } from '../clock.ts';
import { AuditDiverged, GitFailed } from '../errors.ts';
import { git, gitRemote, lines } from '../git/git-command.ts';
import { isAncestor, refValue } from '../git/history.ts';
import { pushAgain, type Standing } from '../git/push-again.ts';
import { remoteTip } from '../git/remote-tip.ts';
import { REMOTE } from '../git/repository.ts';
import { writeSignedCommit } from '../git/signed-commit.ts';
import { commitMessage } from './message.ts';
import { parseRecord, recordBytes, recordDigest } from './parse-record.ts';
import { localRef, pushedRef, recordPath } from './paths.ts';
import type { AuditLog, AuditRecord, RecordDraft } from './record.ts';
import type { Reserve } from './reserve.ts';
import { whomToWitness } from './whom-to-witness.ts';

export type AuditLogOptions = {
  readonly gitDir: string;
  readonly host: string;
  /** Private key, absolute path. */
  readonly signingKey: string;
  /** The same key's public half, `ssh-ed25519 AAAA…`; null: this process only looks, and takes up no chain. */
  readonly publicKey: string | null;
  /** Branch on the remote, such as `audit/builder1`. */
  readonly branch: () => string;
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
    const record: AuditRecord = {
      apiVersion: 'boxreeve/v1',
      host,
      sequence,
      previous: digest,
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
    waiting = before === null ? null : before + 1;
    return record;
  }

  async function unpushed(): Promise<number> {
    waiting ??= await countUnpushed(gitDir, host);
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
      const { tip } = await chain();
      const before = await unpushed();
      // not certain if this fails
      waiting = null;
      if (tip !== null && before > 0) await pushChain(options, tip, signal);
      if (known?.tip === tip) waiting = 0;
      return { pushed: before };
    },
  };
}

async function readChain({ gitDir, host }: AuditLogOptions, tip: string | null) {
  if (tip === null) return { tip, last: null, digest: null };
  const paths = lines(await git(gitDir, ['diff-tree', '--root', '--no-commit-id', '-r', '--name-only', tip]));
  const bytes = await git(gitDir, ['cat-file', 'blob', `${tip}:${paths[0] ?? ''}`]);
  const parsed = await parseRecord(bytes);
  if (!parsed.ok)
    throw new GitFailed(
      `the last record of ${host} (commit ${tip.slice(0, 7)}) ${parsed.why}; look at it: git --git-dir=${gitDir} show ${tip}`,
    );
  return { tip, last: parsed.record, digest: recordDigest(bytes) };
}

/** By one process; a ref that is not there yet counts for nothing. */
async function countUnpushed(gitDir: string, host: string): Promise<number> {
  const range = ['--ignore-missing', localRef(host), `^${pushedRef(host)}`];
  return Number(lines(await git(gitDir, ['rev-list', '--count', ...range]))[0]);
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

async function pushChain(options: AuditLogOptions, tip: string, signal?: AbortSignal): Promise<void> {
  const { gitDir, host } = options;
  const branch = `refs/heads/${options.branch()}`;
  // what the push itself notes as pushed, once the remote has it: one process less for each record
  const env = {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `remote.${REMOTE}.fetch`,
    GIT_CONFIG_VALUE_0: `+${branch}:${pushedRef(host)}`,
  };
  const push = ['push', '--quiet', '--no-verify', '--no-signed', REMOTE, `${tip}:${branch}`];
  await pushAgain({
    push: () => gitRemote(gitDir, push, { signal, env }),
    look: () => lookAt(options, tip, branch, signal),
    sleep: (ms) => systemClock.sleep(ms, signal),
    random: Math.random,
  });
}

/** Where the branch is after a push that failed. Throws AuditDiverged if it has what this host did not write. */
async function lookAt(
  { gitDir, host }: AuditLogOptions,
  tip: string,
  branch: string,
  signal?: AbortSignal,
): Promise<Standing> {
  const there = await remoteTip(gitDir, REMOTE, branch, { signal });
  if (there === tip) {
    await git(gitDir, ['update-ref', pushedRef(host), tip]);
    return 'there';
  }
  if (there === null || (await isAncestor(gitDir, there, tip))) return 'behind';
  const found = `refs/boxreeve/found/${host}`;
  await gitRemote(
    gitDir,
    ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', REMOTE, `+${branch}:${found}`],
    { signal },
  );
  if (await isAncestor(gitDir, there, tip)) return 'behind';
  throw new AuditDiverged(
    `${branch.slice('refs/heads/'.length)} on the remote (${there.slice(0, 7)}) is not what this host wrote (${tip.slice(0, 7)}): someone ` +
      `rewrote it, or another host goes by the name ${host}. Nothing was overwritten and nothing is lost: compare ${found} and ${localRef(host)} in ${gitDir}.`,
  );
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
  const branch = options.branch();
  const found = await findChain(gitDir, host, keyItself(publicKey), branch);
  if (found === null) return null;
  await git(gitDir, ['update-ref', localRef(host), found.tip]);
  // found elsewhere, it is still to be brought to where the audit is now
  if (found.refs.includes(`refs/heads/${branch}`))
    await git(gitDir, ['update-ref', pushedRef(host), found.tip]);
  return found.tip;
}
