/**
 * What this host records, and what hosts tell each other: put together, since all of it goes to where the commit gone by has the
 * records.
 */
import { openAuditLog } from './audit/audit-log.ts';
import { auditBranch } from './audit/paths.ts';
import type { Reserve } from './audit/reserve.ts';
import type { Clock } from './clock.ts';
import type { specCache } from './desired/spec-cache.ts';
import { RemoteUnreachable } from './errors.ts';
import type { Mirror } from './git/mirror.ts';
import { addRemote, REMOTE } from './git/repository.ts';
import type { HostConfig } from './host-config.ts';
import type { Host } from './host-ports.ts';
import type { Logger } from './log.ts';
import type { MemoryStore } from './observed/memory.ts';
import { openLeases } from './rollout/lease/open-leases.ts';
import { openWords } from './rollout/open-words.ts';
import { openResumes } from './rollout/resumes.ts';
import type { StateDir } from './state-dir.ts';

type Parts = {
  readonly config: HostConfig;
  readonly dirs: StateDir;
  readonly log: Logger;
  readonly mirror: Mirror;
  readonly specs: ReturnType<typeof specCache>;
  /** null: this process only looks. */
  readonly publicKey: string | null;
  readonly reserve: Reserve;
  readonly memory: MemoryStore;
  readonly clock: Clock;
  /** The commit gone by; null: there is none. */
  readonly commit: () => string | null;
};

type Records = Pick<
  Host,
  'mirror' | 'resolve' | 'audit' | 'words' | 'resumes' | 'leases' | 'notifier' | 'proposeRevert'
>;

export function openRecords(parts: Parts): Records {
  const { config, dirs, log, mirror, specs, memory, clock, commit } = parts;
  const { name, path, revokedKeys, signingKey } = config;
  const gitDir = dirs.mirror;
  const remote = remotesOf(config, gitDir);
  const audit = auditOf(parts, remote);
  const resumes = openResumes({ gitDir, path, mirror, revokedKeys, now: clock.now });
  const wordsIn = (folder: string) =>
    openWords({ gitDir, folder, mirror, path, pattern: specs.auditPattern });

  /** Sees to it that others are listened to where the commit gone by has the records, also before one was resolved in this process. */
  async function listenThere(): Promise<void> {
    const applied = commit();
    if (specs.auditRepo() === undefined && applied !== null) await specs.placeBy(applied);
    await mirror.useAuditRepo(specs.auditRepo() ?? null);
  }

  return {
    mirror: {
      ...mirror,
      fetch: async (signal) => {
        await listenThere();
        return mirror.fetch(signal);
      },
    },
    resolve: async (wanted) => {
      const spec = await specs.resolve(wanted);
      await listenThere();
      return spec;
    },
    audit: {
      ...audit,
      lastFollowed: async () => {
        const tip = await mirror.lastTip();
        if (tip !== null) await specs.learnAuditPattern(tip);
        return audit.lastFollowed();
      },
    },
    words: wordsIn(dirs.words),
    resumes,
    leases: openLeases({ config, gitDir, repo: () => specs.auditRepo() ?? null, remote, memory, clock }),
    notifier: async () => {
      const { openNotifier } = await import('./notify/open-notifier.ts');
      const reading = { config, gitDir, records: dirs.notifierRecords, mirror, clock, log };
      // of its own: it reads of all hosts, and the reconcile is not to wait for that
      return openNotifier({ ...reading, words: wordsIn(dirs.notifierWords), resumes });
    },
    proposeRevert: async (wanted, signal) => {
      const { proposeRevert } = await import('./rollout/propose-revert.ts');
      const proposing = { gitDir, path, mirror, host: name, signingKey, now: clock.now };
      return proposeRevert(proposing, wanted, signal);
    },
  };
}

function auditOf(
  { config, dirs, mirror, specs, publicKey, reserve }: Parts,
  remote: (repo: string | null) => Promise<string>,
) {
  const { name, signingKey, auditRepo } = config;
  return openAuditLog({
    gitDir: dirs.mirror,
    host: name,
    signingKey,
    publicKey,
    ownRepo: auditRepo,
    repo: specs.auditRepo,
    remote,
    branch: () => auditBranch(specs.auditPattern(), name),
    witness: async () => {
      await mirror.listBranches().catch((error: unknown) => {
        // what was seen before is true still
        if (!(error instanceof RemoteUnreachable)) throw error;
      });
      return mirror.auditTips(specs.auditPattern());
    },
    reserve,
  });
}

/** Names of the Git remotes of repositories that records go to: each is named in the mirror once, and not at every record. */
function remotesOf({ repo: infra }: HostConfig, gitDir: string): (repo: string | null) => Promise<string> {
  const named = new Map<string, string>();
  return async (repo) => {
    if (repo === null || repo === infra) return REMOTE;
    const name = named.get(repo) ?? (await addRemote(gitDir, repo));
    named.set(repo, name);
    return name;
  };
}
