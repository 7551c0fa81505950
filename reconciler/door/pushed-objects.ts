/**
 * A repository in which the pushed objects can be read before they are taken.
 *
 * Git keeps them in quarantine while a pre-receive hook runs (git-receive-pack(1), QUARANTINE ENVIRONMENT), and says where by its
 * environment. They are shown here through a repository of our own that has no refs, no settings and no objects but those of the
 * server and of the quarantine: whatever is asked of it, nothing of the server's can change, and none of its settings has a say.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

export type PushedObjects = { readonly gitDir: string; dispose(): Promise<void> };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param gitDir the server's repository; as it is, where nothing is in quarantine
 * @param idLength digits of its object ids, which tell the kind of repository
 */
export async function openPushedObjects(
  gitDir: string,
  env: Environment,
  idLength: number,
): Promise<PushedObjects> {
  const incoming = env.GIT_OBJECT_DIRECTORY;
  if (incoming === undefined || incoming === '') return { gitDir, dispose: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'boxreeve-door-'));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const stores = [incoming, ...storesIn(env.GIT_ALTERNATE_OBJECT_DIRECTORIES ?? '')];
    await Promise.all([
      mkdir(join(folder, 'objects', 'info'), { recursive: true }),
      mkdir(join(folder, 'refs')),
    ]);
    await Promise.all([
      writeFile(join(folder, 'HEAD'), 'ref: refs/heads/none\n'),
      writeFile(join(folder, 'config'), configFor(idLength)),
      writeFile(join(folder, 'objects', 'info', 'alternates'), `${stores.map(absolute).join('\n')}\n`),
    ]);
    return { gitDir: folder, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Parted as PATH is; one that holds the parting sign is in quotes, which mean the same in `alternates`. */
function storesIn(list: string): readonly string[] {
  const plain = `[^${delimiter}]+`;
  return list.match(new RegExp(`"(?:[^"\\\\]|\\\\.)*"|${plain}`, 'g')) ?? [];
}

function absolute(store: string): string {
  return store.startsWith('"') ? store : resolve(store);
}

const SHA256_DIGITS = 64;

function configFor(idLength: number): string {
  const bare = '[core]\n\trepositoryformatversion = 1\n\tbare = true\n';
  return idLength === SHA256_DIGITS ? `${bare}[extensions]\n\tobjectformat = sha256\n` : bare;
}
