/**
 * Watches the files whose change is news: the watched branch of a repo on this machine, host.yaml, the trigger file. A hint
 * only: the poll finds whatever a watch misses.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { watch } from 'chokidar';
import type { HostConfig } from '../host-config.ts';
import type { StateDir } from '../state-dir.ts';

export type News = 'refs' | 'host-config' | 'trigger-file';

/** Starts watching and resolves when it does; call the function it gives to stop. */
export async function watchForNews(
  config: HostConfig,
  dirs: StateDir,
  tell: (news: News) => void,
): Promise<() => Promise<void>> {
  const news = new Map<string, News>([
    [config.file, 'host-config'],
    [dirs.trigger, 'trigger-file'],
    ...refFiles(config).map((path) => [path, 'refs'] as const),
  ]);
  // Editors and Git replace a file by renaming another over it, so its folder is watched; the rest of the folder is not.
  const folders = new Set(
    [...news.keys()].map((path) => dirname(path)).filter((folder) => existsSync(folder)),
  );
  const watcher = watch([...folders], {
    ignoreInitial: true,
    depth: 0,
    // would hold events back for 100 ms, to make one of an editor's two
    atomic: false,
    ignored: (path) => !folders.has(path) && !news.has(path),
  });
  watcher.on('all', (_event, path) => {
    const what = news.get(path);
    if (what !== undefined) tell(what);
  });
  await new Promise<void>((resolve) => watcher.once('ready', resolve));
  return () => watcher.close();
}

/** The files in which a repo on this machine may keep the watched branch; none for a repo elsewhere. */
function refFiles(config: HostConfig): string[] {
  const path = localPath(config.repo);
  if (path === null) return [];
  const gitDir = [join(path, '.git'), path].find((folder) => existsSync(join(folder, 'HEAD')));
  return gitDir === undefined
    ? []
    : [join(gitDir, 'refs', 'heads', config.branch), join(gitDir, 'packed-refs')];
}

function localPath(repo: string): string | null {
  if (repo.startsWith('/')) return repo;
  if (!repo.startsWith('file://')) return null;
  try {
    return fileURLToPath(repo);
  } catch {
    return null;
  }
}
