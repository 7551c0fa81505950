/** Where one ref of a remote is now. */
import { type GitOptions, gitRemote } from './git-command.ts';
import { parseRemoteRefs } from './remote-refs.ts';

/** null: there is no such ref. Throws RemoteUnreachable. @param ref its full name, checked */
export async function remoteTip(
  gitDir: string,
  remote: string,
  ref: string,
  options: Pick<GitOptions, 'signal' | 'timeout'> = {},
): Promise<string | null> {
  const listed = await gitRemote(gitDir, ['ls-remote', '--refs', remote, ref], options);
  return parseRemoteRefs(listed.toString('utf8')).get(ref) ?? null;
}
