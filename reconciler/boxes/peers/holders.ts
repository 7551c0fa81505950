/**
 * Which hosts say that they hold a box's file, by the newest record of each.
 *
 * Nobody's signature is checked here, on purpose: what is read decides only who is asked first. A host that lies is asked in vain, and
 * what it gives is held against the signed catalogue like all else. So this is fetched as little as can be: one commit of each branch,
 * without the records before it, into a repository of its own, as the mirror must never be shallow.
 */
import { parseRecord } from '../../audit/parse-record.ts';
import { auditBranch } from '../../audit/paths.ts';
import type { AuditRecord } from '../../audit/record.ts';
import { SECOND } from '../../clock.ts';
import { git, gitRemote } from '../../git/git-command.ts';
import { openRepository, REMOTE } from '../../git/repository.ts';

export type Holdings = {
  /** @param tips newest commits of the hosts' audit branches, by host. Throws RemoteUnreachable or GitFailed. */
  holders(
    sha256: string,
    tips: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<ReadonlySet<string>>;
};

export type HoldingsParts = {
  /** Bare repository for this alone; made when it is first needed. */
  readonly gitDir: string;
  /** URL or path of the infra repo. */
  readonly remote: string;
  /** `audit/{host}` */
  readonly pattern: () => string;
};

/** It is not worth waiting for long: without it, hosts are asked in another order. */
const FETCH_LIMIT = 60 * SECOND;

export function openHoldings(parts: HoldingsParts): Holdings {
  /** By host: the commit its record is of, and the digests of the files it says it holds. */
  const known = new Map<string, { readonly tip: string; readonly files: ReadonlySet<string> }>();

  async function learn(hosts: readonly (readonly [string, string])[], signal?: AbortSignal): Promise<void> {
    await openRepository(parts.gitDir, parts.remote, true);
    const names = hosts.map(([host]) => host);
    const branches = names.map(
      (host) => `+refs/heads/${auditBranch(parts.pattern(), host)}:refs/boxreeve/peers/${host}`,
    );
    await fetch(parts.gitDir, ['--depth=1', '--stdin'], branches, signal);
    const records = new Map<string, string>();
    for (const host of names) {
      const blob = await newestRecord(parts.gitDir, host);
      if (blob !== null) records.set(host, blob);
    }
    // all at once: read one by one, each would be a connection
    await fetch(parts.gitDir, ['--stdin'], [...new Set(records.values())], signal);
    for (const [host, tip] of hosts) {
      const blob = records.get(host);
      known.set(host, {
        tip,
        files: blob === undefined ? new Set() : await filesIn(parts.gitDir, host, blob),
      });
    }
  }

  return {
    holders: async (sha256, tips, signal) => {
      const moved = Object.entries(tips).filter(([host, tip]) => known.get(host)?.tip !== tip);
      if (moved.length > 0) await learn(moved, signal);
      return new Set(Object.keys(tips).filter((host) => known.get(host)?.files.has(sha256)));
    },
  };
}

async function fetch(
  gitDir: string,
  options: readonly string[],
  wanted: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  if (wanted.length === 0) return;
  // without saying what is here already: of a commit that is, the remote would take its contents to be here too
  const always = [
    '-c',
    'fetch.negotiationAlgorithm=noop',
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
  ];
  const what = ['--recurse-submodules=no', '--filter=blob:none', ...options, REMOTE];
  await gitRemote(gitDir, [...always, ...what], {
    input: wanted.map((each) => `${each}\n`).join(''),
    timeout: FETCH_LIMIT,
    signal,
  });
}

/** Id of the last by its path, which begins with its time; null: there is none. Sizes are not asked for: that would fetch each. */
async function newestRecord(gitDir: string, host: string): Promise<string | null> {
  const args = ['ls-tree', '-z', '-r', '--full-tree', `refs/boxreeve/peers/${host}`, '--', `audit/${host}/`];
  const listed = await git(gitDir, ['--literal-pathspecs', ...args]);
  const last = listed.toString('utf8').split('\0').at(-2) ?? '';
  return /^100644 blob ([0-9a-f]+)\t/.exec(last)?.[1] ?? null;
}

async function filesIn(gitDir: string, host: string, blob: string): Promise<ReadonlySet<string>> {
  const parsed = await parseRecord(await git(gitDir, ['cat-file', 'blob', blob]));
  return new Set(parsed.ok && parsed.record.host === host ? filesOf(parsed.record) : []);
}

/** Digests of the box files that a host had after the run. */
function filesOf(record: AuditRecord): readonly string[] {
  const boxes: unknown = 'boxes' in record ? record.boxes : [];
  return (Array.isArray(boxes) ? boxes : []).flatMap((box: unknown) => (isHeld(box) ? [box.sha256] : []));
}

function isHeld(box: unknown): box is { readonly sha256: string } {
  if (typeof box !== 'object' || box === null || !('file' in box) || !('sha256' in box)) return false;
  return box.file === true && typeof box.sha256 === 'string';
}
