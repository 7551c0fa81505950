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
  /** Since it was last asked. */
  counts(): Counts;
  stop(): Promise<void>;
};

export type Counts = {
  /** Pushes that reached Git, taken or not. */
  readonly pushes: number;
  /** CPU time in milliseconds that Git used on the server, for pushes and for all else; null where that cannot be told. */
  readonly cpu: { readonly pushing: number; readonly reading: number } | null;
  /** Of requests and of answers; null where that cannot be told. */
  readonly bytes: { readonly received: number; readonly sent: number } | null;
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
    `MaxStartups ${2 * most}\nMaxSessions ${2 * most}\nPerSourceMaxStartups none\n${NO_PROFILE}`,
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
      const added = lines.slice(read);
      read = lines.length;
      const pushes = added.filter((entry) => entry.startsWith('git-receive-pack '));
      const pushing = cpuIn(pushes);
      return { pushes: pushes.length, cpu: { pushing, reading: cpuIn(added) - pushing }, bytes: null };
    },
    stop: server.stop,
  };
}

/** Milliseconds in lines such as `git-receive-pack 0.012 0.004`: user and system. */
function cpuIn(entries: readonly string[]): number {
  return entries.reduce((sum, entry) => {
    const [, user, system] = entry.split(' ');
    return sum + (Number(user) + Number(system)) * 1000;
  }, 0);
}

/** A server of Git's has git-shell for its users; bash would read this machine's own `.bashrc` at each call. */
const NO_PROFILE = 'SetEnv SHLVL=2\n';

/** The same over smart HTTP. */
export async function httpServer(folder: string): Promise<Server> {
  let pushes = 0;
  let before = { received: 0, sent: 0 };
  const server = await startGitHttp(folder, (url) => {
    if (url.endsWith('/git-receive-pack')) pushes += 1;
    return 'none';
  });
  return {
    name: 'http',
    url: `${server.url}/infra.git`,
    env: {},
    counts: () => {
      const now = server.bytes();
      const bytes = { received: now.received - before.received, sent: now.sent - before.sent };
      const counted = { pushes, cpu: null, bytes };
      pushes = 0;
      before = now;
      return counted;
    },
    stop: server.stop,
  };
}
