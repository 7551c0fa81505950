/**
 * The host's bare mirror of the infra repo.
 *
 * 1. One `ls-remote` a poll says where the watched branch and all audit branches are; nothing else is asked when none moved. Where
 *    there are many branches, a poll asks for the watched one alone, and for the others only before somebody goes by them.
 *    Where hosts push elsewhere (`audit.repo`), that repository is asked too; it may be away, and the host follows all the same.
 * 2. The watched branch is fetched to `refs/boxreeve/tip`, also when it was rewritten: whether the host follows is the trust
 *    check's to say, so a branch that comes right again is seen.
 * 3. Contents are fetched for the desired state only (a partial clone), and all of them at once: a host that is cut off from
 *    Git can still rebuild every guest. The tip moves when they are here, so a fetch that was cut is done again.
 */
import { GitFailed, RemoteUnreachable } from '../errors.ts';
import type { Logger } from '../log.ts';
import { signedBy } from '../trust/signed-by.ts';
import { blobCache } from './blob-cache.ts';
import { COMMIT_FORMAT, parseCommit } from './commit-info.ts';
import { commitTree } from './commit-tree.ts';
import { fetchContents } from './fetch-contents.ts';
import { git, gitRemote, lines, withoutCredentials } from './git-command.ts';
import { checked, isAncestor, refValue } from './history.ts';
import { lineChanges } from './line-changes.ts';
import type { CommitInfo, GitMirror } from './ports.ts';
import { auditTips, type RemoteRefs } from './remote-refs.ts';
import { remoteBranches, remoteTip } from './remote-tip.ts';
import { addRemote, openRepository, REMOTE } from './repository.ts';

export type MirrorOptions = {
  readonly gitDir: string;
  /** URL or path of the infra repo. */
  readonly remote: string;
  readonly branch: string;
  /** Folder of the desired state. */
  readonly path: string;
  readonly log: Pick<Logger, 'info' | 'debug'>;
  /** The host's lock is held by this process. */
  readonly alone: boolean;
};

export type Mirror = GitMirror & {
  /** Tips of the audit branches on the remote, by host, as they were seen last (`listBranches`). */
  auditTips(pattern: string): Record<string, string>;
  /** Branches of the repository that hosts push to, by full name, as they were seen last (`listBranches`). */
  auditRefs(): RemoteRefs;
  /** Why that repository did not answer when it was asked last, though the infra repo may have; null: it did. */
  auditAway(): string | null;
  /** Name of the Git remote that hosts push to: records, leases, proposals. */
  auditRemote(): string;
  /** Its address. */
  auditUrl(): string;
  /** Says where hosts push to, as a commit that may be gone by has it. @param url null: the infra repo */
  useAuditRepo(url: string | null): Promise<void>;
  /** Packs what has piled up, if it is much. Now and then: a host runs for years. */
  maintain(): Promise<void>;
};

/** Where hosts push to, and what was seen there. */
type AuditPlace = {
  readonly remote: string;
  readonly url: string;
  readonly seen: RemoteRefs;
  readonly away: string | null;
};

/** The last tip that is here with all of its desired state. */
const TIP = 'refs/boxreeve/tip';
/** A tip whose contents are still to come. */
const INCOMING = 'refs/boxreeve/incoming';
/** A list of more is some 100 kB, which nobody needs at every poll. */
const MANY_BRANCHES = 1000;

export async function openMirror(options: MirrorOptions): Promise<Mirror> {
  const { gitDir, remote, log } = options;
  await openRepository(gitDir, remote, options.alone);
  const watched = `refs/heads/${options.branch}`;
  let audit: AuditPlace = { remote: REMOTE, url: remote, seen: new Map(), away: null };
  /** Whether what was seen there is as new as the last fetch. */
  let isSeen = true;
  let tip = await refValue(gitDir, TIP);
  const described = new Map<string, CommitInfo>();
  const cached = blobCache();
  /** The last commit asked about, and its desired state: a fetch and what follows it ask for the same. */
  let desired: { commit: string; tree: string | null } | null = null;
  /** The commit whose time was asked for last: each poll asks for that of the one gone by. */
  let dated: { commit: string; at: number } | null = null;

  async function desiredTreeId(commit: string): Promise<string | null> {
    if (desired?.commit !== commit)
      desired = { commit, tree: await refValue(gitDir, `${commit}:${options.path}`) };
    return desired.tree;
  }

  async function listBranches(signal?: AbortSignal): Promise<void> {
    const { remote: from, away: before } = audit;
    const found = await branchesOf(from, signal);
    // once, and not at every poll
    if (found.away !== null && before === null) log.info({ event: 'audit-repo-away' }, found.away);
    if (from !== audit.remote) return;
    audit = { ...audit, ...found };
    isSeen = true;
  }

  /** Of a repository beside the infra repo that does not answer, what was seen before stays. */
  async function branchesOf(
    from: string,
    signal?: AbortSignal,
  ): Promise<Partial<AuditPlace> & Pick<AuditPlace, 'away'>> {
    try {
      return { seen: await remoteBranches(gitDir, from, { signal, timeout: 60_000 }), away: null };
    } catch (error) {
      if (!(error instanceof RemoteUnreachable) || from === REMOTE) throw error;
      return { away: `the repository of the records is away: ${error.message}` };
    }
  }

  /** Where the watched branch is, as cheaply as can be told; undefined: that is left to a fetch. null: it is not there. */
  async function watchedTip(signal?: AbortSignal): Promise<string | null | undefined> {
    isSeen = audit.seen.size <= MANY_BRANCHES;
    if (audit.remote === REMOTE) {
      if (!isSeen) return undefined;
      await listBranches(signal);
      return audit.seen.get(watched) ?? null;
    }
    const [there] = await Promise.all([
      remoteTip(gitDir, REMOTE, watched, { signal, timeout: 60_000 }),
      isSeen ? listBranches(signal) : null,
    ]);
    return there;
  }

  async function fetch(signal?: AbortSignal): Promise<string> {
    const there = await watchedTip(signal);
    if (there === null)
      throw new RemoteUnreachable(`${withoutCredentials(remote)} has no branch ${options.branch}`);
    if (there !== undefined && there === tip) return there;
    await fetchBranch(options, signal);
    const came = await refValue(gitDir, INCOMING);
    if (came === null)
      throw new RemoteUnreachable(`${withoutCredentials(remote)} did not give its branch ${options.branch}`);
    if (came === tip) return came;
    const tree = await desiredTreeId(came);
    await fetchContents(gitDir, tree === null ? [] : [tree], signal);
    // last: a tip that lacked its contents would never be asked for them again
    await git(gitDir, ['update-ref', TIP, came]);
    tip = came;
    log.info({ event: 'fetched', commit: tip }, `fetched ${options.branch} at ${tip.slice(0, 7)}`);
    return tip;
  }

  return {
    fetch,
    listBranches: async (signal) => {
      if (!isSeen) await listBranches(signal);
      if (audit.away !== null) throw new RemoteUnreachable(audit.away);
    },
    lastTip: async () => tip,
    auditTips: (pattern) => auditTips(audit.seen, pattern),
    auditRefs: () => audit.seen,
    auditAway: () => audit.away,
    auditRemote: () => audit.remote,
    auditUrl: () => audit.url,
    useAuditRepo: async (url) => {
      if ((url ?? remote) === audit.url) return;
      const name = url === null || url === remote ? REMOTE : await addRemote(gitDir, url);
      audit = { remote: name, url: url ?? remote, seen: new Map(), away: null };
      isSeen = false;
    },
    desiredTreeId: async (commit) => desiredTreeId(checked(commit)),
    tree: (commit) => commitTree(gitDir, checked(commit), cached),
    blob: (oid) => git(gitDir, ['cat-file', 'blob', checked(oid)]),
    describe: async (commit) => {
      const known = described.get(commit) ?? (await describe(options, checked(commit)));
      if (described.size > 100) described.clear();
      described.set(commit, known);
      return known;
    },
    committedAt: async (commit) => {
      if (dated?.commit === commit) return dated.at;
      const [seconds] = lines(await git(gitDir, ['log', '-1', '--format=%ct', checked(commit)]));
      dated = { commit, at: Number(seconds) * 1000 };
      return dated.at;
    },
    isAncestor: (ancestor, descendant) => isAncestor(gitDir, ancestor, descendant),
    lineChanges: (from, to, folder) => lineChanges(gitDir, checked(from), checked(to), folder),
    maintain: async () => {
      // off for every other call, so that no poll is ever the one that packs
      await git(gitDir, ['-c', 'gc.auto=6700', '-c', 'gc.autoDetach=false', 'gc', '--auto', '--quiet'], {
        timeout: 30 * 60_000,
      });
    },
    keep: async (name, commit) => {
      await git(gitDir, ['update-ref', `refs/boxreeve/keep/${name}`, checked(commit)]);
    },
  };
}

/** Commits and trees of the branch, contents left out where the remote can do that (`uploadpack.allowFilter`). */
async function fetchBranch({ gitDir, branch }: MirrorOptions, signal?: AbortSignal): Promise<void> {
  await gitRemote(
    gitDir,
    [
      '-c',
      'fetch.fsckObjects=true',
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-recurse-submodules',
      '--no-write-fetch-head',
      '--filter=blob:none',
      REMOTE,
      `+refs/heads/${branch}:${INCOMING}`,
    ],
    { signal },
  );
}

/** Who signed it, not whether he may. */
async function describe({ gitDir, path }: MirrorOptions, commit: string): Promise<CommitInfo> {
  const output = await git(gitDir, ['log', '-1', `--format=${COMMIT_FORMAT}`, commit]);
  const info = parseCommit(output.toString('utf8'));
  if (info === null) throw new GitFailed(`commit ${commit} cannot be read`);
  return { ...info, signedBy: await signedBy(gitDir, path, commit) };
}
