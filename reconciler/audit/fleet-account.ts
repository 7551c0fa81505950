/** The whole fleet's account, as the remote has it; what cannot be fetched is read as it was last seen, and said to be old. */
import { readFleet } from '../desired/fleet.ts';
import { RemoteUnreachable } from '../errors.ts';
import { git, gitRemote, lines } from '../git/git-command.ts';
import { isAncestor, refValue } from '../git/history.ts';
import type { Mirror } from '../git/mirror.ts';
import { REMOTE } from '../git/repository.ts';
import {
  type ArchiveParts,
  type ArchiveRead,
  archiveSpec,
  readArchive,
  rememberArchive,
} from './archive/read-archive.ts';
import { hostKeys, type KeyHistory, readKeyHistory } from './key-history.ts';
import { parseRecord } from './parse-record.ts';
import { localRef, pushedRef } from './paths.ts';
import type { AuditRecord } from './record.ts';
import { outsideOf } from './sightings.ts';
import type { HostInput } from './verify.ts';

export type FleetAccount = {
  /** Tip of the watched branch. */
  readonly watched: string;
  readonly hosts: readonly HostInput[];
  /** What the watched branch says and said of their keys. */
  readonly history: KeyHistory;
  /** null: there is none. */
  readonly archive: ArchiveRead | null;
  /** Why the remote could not be asked; null when it was. */
  readonly offline: string | null;
};

const SEEN = 'refs/boxreeve/seen';

/**
 * Fetches every host's audit branch. Throws RemoteUnreachable only if nothing is known at all.
 *
 * @param own the host that this machine is
 * @param known the history of keys as it was found before
 * @param judged who is not believed, and the time, ms since the epoch
 */
export async function openFleetAccount(
  gitDir: string,
  mirror: Mirror,
  root: string,
  own: string,
  known: KeyHistory | null = null,
  judged: Pick<ArchiveParts, 'revokedKeys' | 'now' | 'adopted'> = { revokedKeys: [], now: Date.now() },
): Promise<FleetAccount> {
  const asked = await tipOrLast(mirror);
  const { watched } = asked;
  const fleet = await readFleet(mirror.tree(watched), root);
  await mirror.useAuditRepo(fleet.auditRepo);
  const remote = mirror.auditRemote();
  const offline = asked.offline ?? (await fetchAccount(gitDir, remote, fleet.auditBranch));
  const seen = await branchesSeen(gitDir, remote);
  const history = await readKeyHistory(gitDir, watched, root, known);
  const archive = await readArchive({ ...judged, gitDir, path: root, watched, remote });
  const archived = archive?.table?.hosts ?? {};
  // also one that was taken out of the fleet: its branch stays, or someone took it away
  const names = new Set([
    ...fleet.hosts.map(({ name }) => name),
    ...seen.keys(),
    ...Object.keys(history.hosts),
    ...Object.keys(archived),
  ]);
  const hosts = await Promise.all(
    [...names].sort().map(async (host) => {
      const branch = await branchOf(
        { gitDir, host, remote },
        own,
        seen.get(host) ?? NOT_SEEN,
        offline === null,
      );
      const keys = hostKeys((Object.hasOwn(history.hosts, host) ? history.hosts[host] : undefined) ?? []);
      const isDeclared = fleet.hosts.some(({ name }) => name === host);
      const inArchive = Object.hasOwn(archived, host) ? (archived[host]?.tip ?? null) : null;
      return { host, keys, ...withArchive(branch, inArchive, isDeclared) };
    }),
  );
  if (archive?.table && archive.commit !== null) await rememberArchive(gitDir, remote, archive.commit);
  return { watched, hosts, history, archive, offline };
}

/** The branch of a host that left may be gone: then the archive is where it ends. All others must go on from what is archived. */
function withArchive(branch: Branch, archived: string | null, isDeclared: boolean): Branch {
  if (archived === null) return branch;
  if (branch.tip === null && !isDeclared) return { ...branch, tip: archived };
  return { ...branch, known: [...branch.known, { commit: archived, why: 'it is in the archive' }] };
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

/** Returns why that could not be done; null if it was. */
async function fetchAccount(gitDir: string, remote: string, pattern: string): Promise<string | null> {
  const [before = '', after = ''] = pattern.split('{host}');
  try {
    for (const from of new Set([REMOTE, remote]))
      await gitRemote(gitDir, [
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--prune',
        // all of a record: the mirror's own filter would have each fetched by itself when it is read
        '--no-filter',
        from,
        `+refs/heads/${before}*${after}:${seenBelow(from)}/*`,
        ...(from === remote ? [archiveSpec(remote)] : []),
      ]);
    return null;
  } catch (error) {
    if (!(error instanceof RemoteUnreachable) || remote === REMOTE) throw error;
    return error.message;
  }
}

type Branch = Pick<HostInput, 'tip' | 'known'>;
const NOT_SEEN: Branch = { tip: null, known: [] };

/**
 * By host, its branch where the fleet has the records. Elsewhere than in the infra repo, that goes on from what is left there; and a
 * host that left before the records moved, or has not come to move its own yet, has them in the infra repo still.
 */
async function branchesSeen(gitDir: string, remote: string): Promise<ReadonlyMap<string, Branch>> {
  const left = await seenTips(gitDir, REMOTE);
  const there = remote === REMOTE ? left : await seenTips(gitDir, remote);
  const seen = new Map<string, Branch>([...there].map(([host, tip]) => [host, { tip, known: [] }]));
  if (remote === REMOTE) return seen;
  const outside = await outsideOf(gitDir, [...left.values()], [...there.values()]);
  for (const [host, tip] of left) {
    const moved = there.get(host) ?? null;
    if (moved !== null && !outside.has(tip)) seen.set(host, { tip: moved, known: [inInfraRepo(tip)] });
    else seen.set(host, await oddBranch(gitDir, tip, moved));
  }
  return seen;
}

/** By the word of the newest record in the infra repo, it goes on elsewhere, or it does not. */
async function oddBranch(gitDir: string, left: string, moved: string | null): Promise<Branch> {
  const [newest] = await readRecords(gitDir, left, 1);
  if (newest?.record.auditRepo !== undefined) return { tip: moved, known: [inInfraRepo(left)] };
  const known = moved === null ? [] : [{ commit: moved, why: 'it is in the repository of audit.repo' }];
  return { tip: left, known };
}

function inInfraRepo(commit: string): HostInput['known'][number] {
  return { commit, why: 'it is in the infra repo, and says that the account goes on from it in another' };
}

function seenBelow(remote: string): string {
  return remote === REMOTE ? SEEN : `refs/boxreeve/seen-in/${remote}`;
}

async function seenTips(gitDir: string, remote: string): Promise<Map<string, string>> {
  const below = seenBelow(remote);
  const refs = await git(gitDir, ['for-each-ref', '--format=%(objectname) %(refname)', below]);
  return new Map(
    lines(refs).map((line) => {
      const [id = '', ref = ''] = line.split(' ');
      return [ref.slice(below.length + 1), id];
    }),
  );
}

/**
 * This host's own chain may be ahead of what it could push; what it wrote, and what it knows to have pushed, must be there.
 *
 * @param fresh the remote was asked just now
 */
async function branchOf(
  { gitDir, host, remote }: { readonly gitDir: string; readonly host: string; readonly remote: string },
  own: string,
  branch: Branch,
  fresh: boolean,
): Promise<Branch> {
  if (host !== own) return branch;
  const { tip: seen } = branch;
  const [local, pushed] = await Promise.all([
    refValue(gitDir, localRef(host)),
    refValue(gitDir, pushedRef(host, remote)),
  ]);
  if (local === null) return branch;
  const lost =
    fresh &&
    pushed !== null &&
    pushed !== seen &&
    (seen === null || !(await isAncestor(gitDir, pushed, seen)));
  if (!lost && (seen === null || (await isAncestor(gitDir, seen, local)))) return { ...branch, tip: local };
  const wrote = { commit: local, why: 'this host has it in its own copy' };
  const sent = pushed === null ? [] : [{ commit: pushed, why: 'this host had pushed it' }];
  return { tip: seen, known: [...branch.known, ...(lost ? sent : [wrote])] };
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
