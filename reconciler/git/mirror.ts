/**
 * The host's bare mirror of the infra repo.
 *
 * 1. One `ls-remote` a poll says where the watched branch and all audit branches are; nothing else is asked when none moved. Where
 *    there are many branches, a poll asks for the watched one alone, and for the others only before somebody goes by them.
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
import { remoteBranches } from './remote-tip.ts';
import { openRepository, REMOTE } from './repository.ts';

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
  /** Name of the Git remote that hosts push to: records, leases, proposals. */
  auditRemote(): string;
  /** Packs what has piled up, if it is much. Now and then: a host runs for years. */
  maintain(): Promise<void>;
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
  let seen: RemoteRefs = new Map();
  /** Whether `seen` is as new as the last fetch. */
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
    seen = await remoteBranches(gitDir, REMOTE, { signal, timeout: 60_000 });
    isSeen = true;
  }

  async function fetch(signal?: AbortSignal): Promise<string> {
    isSeen = seen.size <= MANY_BRANCHES;
    if (isSeen) {
      await listBranches(signal);
      const there = seen.get(watched);
      if (there === undefined)
        throw new RemoteUnreachable(`${withoutCredentials(remote)} has no branch ${options.branch}`);
      if (there === tip) return there;
    }
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
    },
    lastTip: async () => tip,
    auditTips: (pattern) => auditTips(seen, pattern),
    auditRefs: () => seen,
    auditRemote: () => REMOTE,
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
