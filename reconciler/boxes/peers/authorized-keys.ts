/**
 * Who may read this host's box files: the hosts of the fleet, by the keys they sign records with. The host's own sshd asks for them;
 * no port of ours is open.
 *
 * Nothing of a line is text from the repo but a key's type and its base64, both checked: a comment could hold a line break, and what
 * stands before a key is its options.
 */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { auditKeysIn } from '../../desired/audit-keys.ts';
import { DesiredFiles } from '../../desired/desired-files.ts';
import { LARGEST_YAML } from '../../desired/limits.ts';
import { keyItself } from '../../desired/public-key.ts';
import { readYaml } from '../../desired/read-yaml.ts';
import type { DesiredTree, TreeEntry } from '../../desired/tree.ts';
import type { GitMirror } from '../../git/ports.ts';
import { type GitObject, openObjectReader } from '../../git/stream-git.ts';
import type { HostConfig } from '../../host-config.ts';
import type { Logger } from '../../log.ts';
import { replaceFile } from '../../observed/durable-file.ts';

/**
 * No terminal, no forwarding, no agent, and the one command. The settings that `boxreeve init --sshd` prints say all of this too: an
 * sshd whose settings were changed still gives no more.
 */
const OPTIONS = 'restrict,command="internal-sftp -R"';

type Gate = {
  /** The desired state that is followed. */
  readonly tree: DesiredTree;
  /** Folder of the desired state in the repository. */
  readonly root: string;
  readonly host: string;
  readonly revokedKeys: readonly string[];
  readonly file: string;
  /** Contents by object id, all through one process: a fleet may have 10 000 hosts. */
  readonly contents: (oids: readonly string[]) => AsyncIterable<Buffer | null>;
};

type Admitted =
  /** Nothing changed since the file was written. */
  | { readonly state: 'as-before' }
  | { readonly state: 'written'; readonly keys: number }
  /** This host has no `peer:`, so there is no such file: nobody is let in. */
  | { readonly state: 'nobody' };

export type GateParts = {
  readonly config: Pick<HostConfig, 'name' | 'path' | 'revokedKeys'>;
  readonly gitDir: string;
  readonly mirror: Pick<GitMirror, 'tree'>;
  /** The file that sshd is told of. */
  readonly file: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
};

/**
 * To be called with the commit that is followed, as often as one likes: one that was seen already costs nothing. A failure is logged,
 * and made good at the next call: it keeps others from boxes, not this host from its work.
 */
export function peerGate(parts: GateParts): (commit: string) => Promise<void> {
  const { config, gitDir, mirror, file, log } = parts;
  let settled: string | null = null;
  return async (commit) => {
    if (settled === commit) return;
    const objects = openObjectReader(gitDir, LARGEST_YAML);
    try {
      const admitted = await admitPeers({
        tree: mirror.tree(commit),
        root: config.path,
        host: config.name,
        revokedKeys: config.revokedKeys,
        file,
        contents: (oids) => contentsOf(objects.read(oids)),
      });
      settled = commit;
      if (admitted.state === 'written')
        log.info({ event: 'peers-admitted', keys: admitted.keys }, `${file} has ${admitted.keys} keys`);
    } catch (error) {
      log.warn({ event: 'peers-not-admitted' }, `${file} could not be brought up to date: ${String(error)}`);
    } finally {
      await objects.close();
    }
  };
}

async function* contentsOf(objects: AsyncIterable<GitObject | null>): AsyncGenerator<Buffer | null> {
  for await (const object of objects) yield object?.content ?? null;
}

/**
 * Brings the file up to what a commit says. Reads the hosts' files only if one of them changed, which the file's first line tells. A
 * host whose file cannot be read has no key, as if it had left.
 */
export async function admitPeers(gate: Gate): Promise<Admitted> {
  const { tree, root, file, revokedKeys } = gate;
  const hosts = await tree.entry(new DesiredFiles(tree, root).path('hosts'));
  const mark = markOf(hosts, revokedKeys);
  const there = await readFile(file, 'utf8').catch(() => null);
  if (there?.startsWith(mark)) return { state: 'as-before' };
  if (!(await servesPeers(gate))) {
    await rm(file, { force: true });
    return { state: 'nobody' };
  }
  const keys = await keysOfFleet(gate);
  await replaceFile(file, `${mark}${keys.map(authorizedLine).join('')}`, 0o600);
  return { state: 'written', keys: keys.length };
}

/** One line of authorized_keys. @param key type and base64, checked */
export function authorizedLine(key: string): string {
  return `${OPTIONS} ${keyItself(key)}\n`;
}

/** The first line: what the rest was made from. */
function markOf(hosts: TreeEntry | undefined, revokedKeys: readonly string[]): string {
  const from = createHash('sha256').update(JSON.stringify([OPTIONS, hosts?.oid ?? null, revokedKeys]));
  return `# written by boxreeve, and over again when the fleet changes (${from.digest('hex')})\n`;
}

async function servesPeers({ tree, root, host }: Gate): Promise<boolean> {
  return (await new DesiredFiles(tree, root).host(host))?.data.peer !== undefined;
}

/** Sorted, so that the same fleet gives the same file. A key that any host has revoked is let in from nowhere. */
async function keysOfFleet({ tree, root, revokedKeys, contents }: Gate): Promise<readonly string[]> {
  const live = new Set<string>();
  const revoked = new Set(revokedKeys.map(keyItself));
  const files = (await new DesiredFiles(tree, root).list('hosts')).filter(isHostFile);
  for await (const content of contents(files.map(({ oid }) => oid))) {
    const read = content === null ? null : await readYaml(content, 'hosts');
    const keys = auditKeysIn(read?.ok === true ? read.yaml.value : null);
    for (const key of [keys.auditKey, keys.nextAuditKey]) if (key !== null) live.add(key);
    for (const { key } of keys.revoked) revoked.add(key);
  }
  return [...live].filter((key) => !revoked.has(key)).toSorted();
}

function isHostFile({ kind, path, size }: TreeEntry): boolean {
  return (kind === 'file' || kind === 'executable') && path.endsWith('.yaml') && size <= LARGEST_YAML;
}
