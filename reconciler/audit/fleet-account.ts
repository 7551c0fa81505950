/** The whole fleet's account, as the remote has it; what cannot be fetched is read as it was last seen, and said to be old. */
import { readFleet } from '../desired/fleet.ts';
import { RemoteUnreachable } from '../errors.ts';
import { git, gitRemote, lines } from '../git/git-command.ts';
import { isAncestor, refValue } from '../git/history.ts';
import type { Mirror } from '../git/mirror.ts';
import { REMOTE } from '../git/repository.ts';
import type { HostKeys } from './host-keys.ts';
import { parseRecord } from './parse-record.ts';
import { localRef } from './paths.ts';
import type { AuditRecord } from './record.ts';

export type FleetAccount = {
  /** Tip of the watched branch. */
  readonly watched: string;
  readonly hosts: readonly {
    readonly host: string;
    readonly tip: string | null;
    readonly keys: HostKeys;
  }[];
  /** Why the remote could not be asked; null when it was. */
  readonly offline: string | null;
};

const SEEN = 'refs/boxreeve/seen';

/** Fetches every host's audit branch. Throws RemoteUnreachable only if nothing is known at all. */
export async function openFleetAccount(
  gitDir: string,
  mirror: Mirror,
  root: string,
  own: string,
): Promise<FleetAccount> {
  const { watched, offline } = await tipOrLast(mirror);
  const fleet = await readFleet(mirror.tree(watched), root);
  const [before = '', after = ''] = fleet.auditBranch.split('{host}');
  if (offline === null) {
    const spec = `+refs/heads/${before}*${after}:${SEEN}/*`;
    await gitRemote(gitDir, [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--prune',
      // all of a record: the mirror's own filter would have each fetched by itself when it is read
      '--no-filter',
      REMOTE,
      spec,
    ]);
  }
  const seen = await seenTips(gitDir);
  const names = new Set([...fleet.hosts.map(({ name }) => name), ...seen.keys()]);
  const hosts = await Promise.all(
    [...names].sort().map(async (host) => ({
      host,
      tip: await newest(gitDir, host, own, seen.get(host) ?? null),
      keys: await keysOf(
        gitDir,
        watched,
        `${root}/hosts/${host}.yaml`,
        fleet.hosts.find(({ name }) => name === host)?.auditKey,
      ),
    })),
  );
  return { watched, hosts, offline };
}

async function tipOrLast(mirror: Mirror): Promise<{ watched: string; offline: string | null }> {
  try {
    return { watched: await mirror.fetch(), offline: null };
  } catch (error) {
    const last = await mirror.lastTip();
    if (!(error instanceof RemoteUnreachable) || last === null) throw error;
    return { watched: last, offline: error.message };
  }
}

async function seenTips(gitDir: string): Promise<Map<string, string>> {
  const refs = await git(gitDir, ['for-each-ref', '--format=%(objectname) %(refname)', SEEN]);
  return new Map(
    lines(refs).map((line) => {
      const [id = '', ref = ''] = line.split(' ');
      return [ref.slice(SEEN.length + 1), id];
    }),
  );
}

/** This host's own chain may be ahead of what it could push. */
async function newest(
  gitDir: string,
  host: string,
  own: string,
  seen: string | null,
): Promise<string | null> {
  if (host !== own) return seen;
  const local = await refValue(gitDir, localRef(host));
  if (local === null) return seen;
  return seen === null || (await isAncestor(gitDir, seen, local)) ? local : seen;
}

/** The key the host has, and every one it had: records are signed once, and stay. */
async function keysOf(
  gitDir: string,
  watched: string,
  path: string,
  current: string | undefined,
): Promise<HostKeys> {
  const log = await git(gitDir, [
    '--literal-pathspecs',
    'log',
    '--format=',
    '-p',
    '--unified=0',
    '--no-color',
    '--no-ext-diff',
    watched,
    '--',
    path,
  ]);
  const past = lines(log).flatMap(
    (line) => /^[-+]auditKey:\s*["']?((?:ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/=]+)/.exec(line)?.[1] ?? [],
  );
  const now = current === undefined ? [] : [current.split(/\s+/).slice(0, 2).join(' ')];
  const keys = [...new Set([...now, ...past])].reverse();
  return { keys: keys.map((key) => ({ key, named: now.includes(key), overlapped: false, revoked: null })) };
}

export type AccountEntry = { readonly commit: string; readonly record: AuditRecord };

/** The newest records of a branch, newest first; what cannot be read is left to `audit verify` to tell. */
export async function readRecords(gitDir: string, tip: string, most: number): Promise<AccountEntry[]> {
  const listed = await git(gitDir, [
    'log',
    `--max-count=${most}`,
    '--format=%x00%H',
    '--name-only',
    '--diff-filter=A',
    tip,
  ]);
  const entries: AccountEntry[] = [];
  for (const part of listed.toString('utf8').split('\0')) {
    const [commit, ...paths] = part.split('\n').filter((line) => line !== '');
    const [path] = paths;
    if (commit === undefined || path === undefined) continue;
    const parsed = await parseRecord(await git(gitDir, ['cat-file', 'blob', `${commit}:${path}`]));
    if (parsed.ok) entries.push({ commit, record: parsed.record });
  }
  return entries;
}
