/**
 * What the watched branch said of its hosts' keys, from its first commit to its tip: in each state that the branch itself was in
 * (by first parents), whatever a proposal said on its way there.
 */
import { type AuditKeys, auditKeysIn } from '../desired/audit-keys.ts';
import { LARGEST_YAML } from '../desired/limits.ts';
import { readYaml } from '../desired/read-yaml.ts';
import { fetchContents } from '../git/fetch-contents.ts';
import { git, lines } from '../git/git-command.ts';
import { checked } from '../git/history.ts';
import { rawChanges } from '../git/raw-changes.ts';
import { openObjectReader } from '../git/stream-git.ts';
import type { HostKey, HostKeys } from './host-keys.ts';

/** What a host's file said from a commit on. */
export type KeyStatement = AuditKeys & { readonly commit: string };

export type KeyHistory = {
  /** The tip of the watched branch up to which it was read. */
  readonly watched: string;
  /** Folder of the desired state. */
  readonly root: string;
  /** By host, oldest first; a host that was taken out of the fleet is here still. */
  readonly hosts: Readonly<Record<string, readonly KeyStatement[]>>;
};

/**
 * Throws RemoteUnreachable if old files are not here and the remote does not give them.
 *
 * @param root folder of the desired state
 * @param known what an earlier call found: only what came since is read
 */
export async function readKeyHistory(
  gitDir: string,
  watched: string,
  root: string,
  known: KeyHistory | null,
): Promise<KeyHistory> {
  if (known?.watched === watched && known.root === root) return known;
  const base = known?.root === root && (await goesOnFrom(gitDir, known.watched, watched)) ? known : null;
  const changes = await changesOfHosts(gitDir, watched, root, base?.watched ?? null);
  const keys = await readKeys(gitDir, root, changes);
  const hosts = new Map(Object.entries(base?.hosts ?? {}));
  for (const { commit, host, blob } of changes) {
    const said = blob === null ? NOTHING : keys.get(blob);
    // a file that nobody can read says nothing new
    if (said !== undefined) hosts.set(host, [...(hosts.get(host) ?? []), { commit, ...said }]);
  }
  return { watched, root, hosts: Object.fromEntries(hosts) };
}

/** What follows from it for one host. Pure. */
export function hostKeys(statements: readonly KeyStatement[]): HostKeys {
  const found = new Map<string, { -readonly [K in keyof HostKey]: HostKey[K] }>();
  let before: readonly string[] = [];
  for (const { commit, auditKey, nextAuditKey, revoked } of statements) {
    const live = [auditKey, nextAuditKey].flatMap((key) => key ?? []);
    for (const key of live) {
      const again = found.has(key) && !before.includes(key);
      const known = found.get(key) ?? { key, named: false, overlapped: false, revoked: null };
      found.set(key, { ...known, overlapped: known.overlapped || live.length > 1 || again });
    }
    for (const { key, lastRecord } of revoked) {
      const known = found.get(key) ?? { key, named: false, overlapped: false, revoked: null };
      found.set(key, { ...known, revoked: { commit: known.revoked?.commit ?? commit, lastRecord } });
    }
    before = live;
  }
  return { keys: [...found.values()].map((key) => ({ ...key, named: before.includes(key.key) })) };
}

const NOTHING: AuditKeys = { auditKey: null, nextAuditKey: null, revoked: [] };

/** Whether `watched` is `known` and what was put on top of it. */
async function goesOnFrom(gitDir: string, known: string, watched: string): Promise<boolean> {
  const range = ['--first-parent', '--parents', checked(watched), `^${checked(known)}`];
  const listed = await git(gitDir, ['rev-list', '--ignore-missing', ...range]);
  return lines(listed).at(-1)?.split(' ')[1] === known;
}

type HostChange = {
  readonly commit: string;
  readonly host: string;
  /** null: the file was removed. */
  readonly blob: string | null;
};

async function changesOfHosts(
  gitDir: string,
  watched: string,
  root: string,
  after: string | null,
): Promise<readonly HostChange[]> {
  const folder = `${root}/hosts`;
  const range = after === null ? [checked(watched)] : [checked(watched), `^${checked(after)}`];
  const walk = ['rev-list', '--first-parent', '--parents', '--reverse'];
  const listed = await git(gitDir, ['--literal-pathspecs', ...walk, ...range, '--', folder]);
  // a commit against its first parent alone, also where it is a merge
  const pairs = lines(listed).map((line) => `${line.split(' ').slice(0, 2).join(' ')}\n`);
  const changes: HostChange[] = [];
  for await (const { commit, entry, path } of rawChanges(gitDir, Buffer.from(pairs.join('')), [folder])) {
    const host = path?.startsWith(`${folder}/`) && /^([^/]+)\.yaml$/.exec(path.slice(folder.length + 1))?.[1];
    const [, , , blob = '', status] = entry?.split(' ') ?? [];
    if (host) changes.push({ commit, host, blob: status === 'D' ? null : checked(blob) });
  }
  return changes;
}

/** By the file's blob: most files are read once, whatever else changes around them. */
async function readKeys(
  gitDir: string,
  root: string,
  changes: readonly HostChange[],
): Promise<ReadonlyMap<string, AuditKeys>> {
  const blobs = [...new Set(changes.flatMap(({ blob }) => blob ?? []))];
  await fetchContents(gitDir, await foldersOf(gitDir, root, changes));
  const keys = new Map<string, AuditKeys>();
  const objects = openObjectReader(gitDir, LARGEST_YAML);
  try {
    const found = objects.read(blobs);
    for (const blob of blobs) {
      const content = (await found.next()).value?.content;
      const read = content && (await readYaml(content, `${root}/hosts`));
      if (read?.ok) keys.set(blob, auditKeysIn(read.yaml.value));
    }
  } finally {
    await objects.close();
  }
  return keys;
}

/** Ids of `hosts/` at the commits that changed it. */
async function foldersOf(
  gitDir: string,
  root: string,
  changes: readonly HostChange[],
): Promise<readonly string[]> {
  const commits = [...new Set(changes.map(({ commit }) => commit))];
  if (commits.length === 0) return [];
  const input = commits.map((commit) => `${commit}:${root}/hosts\n`).join('');
  const output = await git(gitDir, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], { input });
  return [
    ...new Set(
      lines(output).flatMap((line) => {
        const [id = '', type] = line.split(' ');
        return type === 'tree' ? [id] : [];
      }),
    ),
  ];
}
