/** The whole fleet's account, as the remote has it; what cannot be fetched is read as it was last seen, and said to be old. */
import { readFleet } from '../desired/fleet.ts';
import { RemoteUnreachable } from '../errors.ts';
import { git, gitRemote, lines } from '../git/git-command.ts';
import { isAncestor, refValue } from '../git/history.ts';
import type { Mirror } from '../git/mirror.ts';
import { REMOTE } from '../git/repository.ts';
import { hostKeys, type KeyHistory, readKeyHistory } from './key-history.ts';
import { parseRecord } from './parse-record.ts';
import { localRef, pushedRef } from './paths.ts';
import type { AuditRecord } from './record.ts';
import type { HostInput } from './verify.ts';

export type FleetAccount = {
  /** Tip of the watched branch. */
  readonly watched: string;
  readonly hosts: readonly HostInput[];
  /** What the watched branch says and said of their keys. */
  readonly history: KeyHistory;
  /** Why the remote could not be asked; null when it was. */
  readonly offline: string | null;
};

const SEEN = 'refs/boxreeve/seen';

/**
 * Fetches every host's audit branch. Throws RemoteUnreachable only if nothing is known at all.
 *
 * @param own the host that this machine is
 * @param known the history of keys as it was found before
 */
export async function openFleetAccount(
  gitDir: string,
  mirror: Mirror,
  root: string,
  own: string,
  known: KeyHistory | null = null,
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
  const history = await readKeyHistory(gitDir, watched, root, known);
  // also one that was taken out of the fleet: its branch stays, or someone took it away
  const names = new Set([
    ...fleet.hosts.map(({ name }) => name),
    ...seen.keys(),
    ...Object.keys(history.hosts),
  ]);
  const hosts = await Promise.all(
    [...names].sort().map(async (host) => ({
      host,
      ...(await branchOf(gitDir, host, own, seen.get(host) ?? null, offline === null)),
      keys: hostKeys((Object.hasOwn(history.hosts, host) ? history.hosts[host] : undefined) ?? []),
    })),
  );
  return { watched, hosts, history, offline };
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

/**
 * This host's own chain may be ahead of what it could push; what it wrote, and what it knows to have pushed, must be there.
 *
 * @param fresh the remote was asked just now
 */
async function branchOf(
  gitDir: string,
  host: string,
  own: string,
  seen: string | null,
  fresh: boolean,
): Promise<Pick<HostInput, 'tip' | 'known'>> {
  if (host !== own) return { tip: seen, known: [] };
  const [local, pushed] = await Promise.all([
    refValue(gitDir, localRef(host)),
    refValue(gitDir, pushedRef(host)),
  ]);
  if (local === null) return { tip: seen, known: [] };
  const lost =
    fresh &&
    pushed !== null &&
    pushed !== seen &&
    (seen === null || !(await isAncestor(gitDir, pushed, seen)));
  if (!lost && (seen === null || (await isAncestor(gitDir, seen, local)))) return { tip: local, known: [] };
  const wrote = { commit: local, why: 'this host has it in its own copy' };
  const sent = pushed === null ? [] : [{ commit: pushed, why: 'this host had pushed it' }];
  return { tip: seen, known: lost ? sent : [wrote] };
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
