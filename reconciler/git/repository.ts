/** The bare repository of a host: made whole or not at all, and pointed at the remote that host.yaml names. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { git } from './git-command.ts';

/** Name of the remote in the repository's own configuration, which a partial clone needs. */
export const REMOTE = 'origin';

/**
 * Makes the repository if it is not there, and sees to it that it has the right remote.
 *
 * @param alone the host's lock is held: locks of Git found there are those of a Git that was killed
 */
export async function openRepository(gitDir: string, url: string, alone: boolean): Promise<void> {
  if (!existsSync(join(gitDir, 'HEAD'))) await makeRepository(gitDir, url);
  else if (alone) await removeStaleLocks(gitDir);
  await pointAt(gitDir, url);
}

/** URL or path of one of its remotes. @param remote its name, of ours */
export async function remoteUrl(gitDir: string, remote: string): Promise<string> {
  const url = await git(gitDir, ['config', '--local', '--get', '-z', `remote.${remote}.url`]);
  return url.toString('utf8').replace(/\0$/, '');
}

/** Names another remote by its address, so that what is known of one is never taken for that of another; returns the name. */
export async function addRemote(gitDir: string, url: string): Promise<string> {
  const name = `audit-${createHash('sha256').update(url).digest('hex').slice(0, 12)}`;
  await git(gitDir, ['config', '--local', '--replace-all', `remote.${name}.url`, url]);
  return name;
}

/** Contents are left with the remote until they are asked for: the infra repo may be large, and desired state is small. */
async function pointAt(gitDir: string, url: string): Promise<void> {
  const wanted = new Map([
    [`remote.${REMOTE}.url`, url],
    [`remote.${REMOTE}.promisor`, 'true'],
    [`remote.${REMOTE}.partialclonefilter`, 'blob:none'],
    ['extensions.partialclone', REMOTE],
    ['core.repositoryformatversion', '1'],
  ]);
  const config = await git(gitDir, ['config', '--local', '--list', '-z']);
  for (const entry of config.toString('utf8').split('\0')) {
    const end = entry.indexOf('\n');
    if (wanted.get(entry.slice(0, end)) === entry.slice(end + 1)) wanted.delete(entry.slice(0, end));
  }
  for (const [name, value] of wanted) await git(gitDir, ['config', '--local', '--replace-all', name, value]);
}

/** Dying on the way leaves nothing that looks like a repository; two that make it at once do not meet in its configuration. */
async function makeRepository(gitDir: string, url: string): Promise<void> {
  const parent = dirname(gitDir);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const fresh = await mkdtemp(join(parent, `.${basename(gitDir)}-`));
  try {
    await git(fresh, ['init', '--quiet', '--bare', '--template=', fresh]);
    await pointAt(fresh, url);
    await rename(fresh, gitDir).catch((error: NodeJS.ErrnoException) => {
      // another command made it in the meantime, and it is as good
      if (!existsSync(join(gitDir, 'HEAD'))) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Lock files that a killed Git left: with one of them in the way, no ref would ever move again. */
async function removeStaleLocks(gitDir: string): Promise<void> {
  const suspects = ['HEAD.lock', 'config.lock', 'packed-refs.lock', 'shallow.lock'].map((name) =>
    join(gitDir, name),
  );
  const refs = join(gitDir, 'refs', 'boxreeve');
  const below = await readdir(refs, { recursive: true }).catch(() => []);
  suspects.push(...below.filter((name) => name.endsWith('.lock')).map((name) => join(refs, name)));
  for (const lock of suspects) await rm(lock, { force: true });
}
