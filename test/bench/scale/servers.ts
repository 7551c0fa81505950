/** Git servers as people run them: OpenSSH with a forced command, and smart HTTP. Both count the pushes that they get. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { startGitHttp } from '../../lab/git-http.ts';
import { startSshServer } from '../../lab/ssh-server.ts';

export type Server = {
  readonly name: 'ssh' | 'http';
  /** Of the repository. */
  readonly url: string;
  /** Whatever clients need beside their own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Since it was last asked: pushes that reached Git, taken or not, and CPU that Git used for them there; null: not known. */
  counts(): { readonly pushes: number; readonly cpuMs: number | null };
  stop(): Promise<void>;
};

/** `folder/infra.git` is the repository. @param most connections at once: an sshd left as it is would drop some */
export async function sshServer(root: string, folder: string, most: number): Promise<Server> {
  const log = join(root, 'served');
  const serve = join(root, 'serve.sh');
  writeFileSync(
    serve,
    `#!/bin/bash
exec 3>&2
TIMEFORMAT="\${SSH_ORIGINAL_COMMAND%% *} %U %S"
{ time git-shell -c "$SSH_ORIGINAL_COMMAND" 2>&3; } 2>>'${log}'
`,
  );
  chmodSync(serve, 0o755);
  const key = join(root, 'client-key');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const line = `restrict,command="${serve}" ${readFileSync(`${key}.pub`, 'utf8').trim()}`;
  const server = await startSshServer(
    root,
    [line],
    '127.0.0.1',
    `MaxStartups ${2 * most}\nMaxSessions ${2 * most}\nPerSourceMaxStartups none\n`,
  );
  // the reconciler says itself how ssh is called, and finds it on PATH as it does anywhere
  const bin = join(root, 'bin');
  mkdirSync(bin);
  const { stdout: ssh } = await execa('sh', ['-c', 'command -v ssh']);
  const words = server.clientWith(key).replace(/^ssh /, '');
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec '${ssh}' ${words} "$@"\n`, { mode: 0o755 });
  let read = 0;
  return {
    name: 'ssh',
    url: `${server.url}${folder}/infra.git`,
    env: { PATH: `${bin}:${process.env.PATH ?? ''}` },
    counts: () => {
      const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
      const pushes = lines.slice(read).filter((entry) => entry.startsWith('git-receive-pack '));
      read = lines.length;
      return { pushes: pushes.length, cpuMs: pushes.reduce((sum, entry) => sum + cpuIn(entry), 0) };
    },
    stop: server.stop,
  };
}

/** Milliseconds in words such as `git-receive-pack 0.012 0.004`: user and system. */
function cpuIn(entry: string): number {
  const [, user, system] = entry.split(' ');
  return (Number(user) + Number(system)) * 1000;
}

/** The same over smart HTTP. */
export async function httpServer(folder: string): Promise<Server> {
  let pushes = 0;
  const server = await startGitHttp(folder, (url) => {
    if (url.endsWith('/git-receive-pack')) pushes += 1;
    return 'none';
  });
  return {
    name: 'http',
    url: `${server.url}/infra.git`,
    env: {},
    counts: () => {
      const counted = { pushes, cpuMs: null };
      pushes = 0;
      return counted;
    },
    stop: server.stop,
  };
}
