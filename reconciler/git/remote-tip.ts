/** Where branches of a remote are now. */
import { type GitOptions, gitRemote } from './git-command.ts';
import { parseRemoteRefs, type RemoteRefs } from './remote-refs.ts';

type Limits = Pick<GitOptions, 'signal' | 'timeout'>;

/** null: there is no such branch. Throws RemoteUnreachable. @param ref `refs/heads/…`, checked */
export async function remoteTip(
  gitDir: string,
  remote: string,
  ref: string,
  options: Limits = {},
): Promise<string | null> {
  return (await listed(gitDir, [remote, ref], options)).get(ref) ?? null;
}

/** All of them, by full name. Throws RemoteUnreachable. */
export async function remoteBranches(
  gitDir: string,
  remote: string,
  options: Limits = {},
): Promise<RemoteRefs> {
  return listed(gitDir, [remote], options);
}

/** `--heads` is told to the server, unlike a name: forges keep a ref for each pull request that there ever was. */
async function listed(gitDir: string, what: readonly string[], options: Limits): Promise<RemoteRefs> {
  const output = await gitRemote(gitDir, ['ls-remote', '--heads', '--refs', ...what], options);
  return parseRemoteRefs(output.toString('utf8'));
}
