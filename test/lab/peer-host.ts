/**
 * A host that serves box files to others, set up as `boxreeve init --sshd` says: a real sshd with those settings as they are, locking a
 * real user in. Needs root, and a folder that is root's all the way, which /tmp is not.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { authorizedLine } from '../../reconciler/boxes/peers/authorized-keys.ts';
import type { Peer } from '../../reconciler/boxes/peers/peer.ts';
import { type SshServer, startSshServer } from './ssh-server.ts';

export type PeerHost = {
  readonly root: string;
  readonly peer: Peer;
  /** `--config` of Boxreeve on that host. */
  readonly config: string;
  /** Private key that is let in; also that host's own. */
  readonly key: string;
  readonly boxesDir: string;
  readonly server: SshServer;
  /** What `init --sshd --json` printed. */
  readonly printed: Readonly<Record<string, unknown>>;
  /** Lets in these keys and no others. */
  admit(publicKeys: readonly string[]): void;
  stop(): Promise<void>;
};

const MAIN = join(import.meta.dirname, '..', '..', 'reconciler', 'cli', 'main.ts');
/** Every system has it, and it owns nothing. */
const USER = 'nobody';
/** Root's alone, up to the root of the file system. */
const ROOTS_OWN = '/var/lib';

/** @param owner of the state folder: whom Boxreeve runs under there */
export async function startPeerHost(owner = 'root'): Promise<PeerHost> {
  const name = 'builder1';
  if (process.getuid?.() !== 0) throw new Error('sshd locks a user in only as root: run this test as root');
  const root = mkdtempSync(join(ROOTS_OWN, 'boxreeve-peer-host-'));
  const at = (...parts: readonly string[]) => join(root, ...parts);
  // others pass through the folder, as through any of root's
  await execa('chmod', ['755', root]);
  const boxesDir = at('serve', 'boxes');
  mkdirSync(boxesDir, { recursive: true, mode: 0o755 });
  mkdirSync(at('state', 'peers'), { recursive: true, mode: 0o700 });
  const key = at('key');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', at('unused')]);
  await execa('chown', ['-R', owner, at('state')]);
  const config = at('host.yaml');
  writeFileSync(
    config,
    `name: ${name}\nrepo: ${at('infra.git')}\nstateDir: ${at('state')}\nboxesDir: ${boxesDir}\nsigningKey: ${key}\n`,
  );
  const asked = ['--user', USER, '--host-key', at('unused.pub'), '--address', '127.0.0.1'];
  const { stdout } = await execa(process.execPath, [
    MAIN,
    'init',
    '--sshd',
    '--json',
    '--config',
    config,
    ...asked,
  ]);
  const printed: Record<string, unknown> = JSON.parse(stdout);
  const server = await startSshServer(root, [], '127.0.0.1', String(printed.settings));
  const admit = (publicKeys: readonly string[]) =>
    writeFileSync(at('state', 'peers', 'authorized_keys'), publicKeys.map(authorizedLine).join(''), {
      mode: 0o600,
    });
  admit([readFileSync(`${key}.pub`, 'utf8')]);
  return {
    root,
    peer: {
      name,
      address: '127.0.0.1',
      port: server.port,
      user: USER,
      hostKey: server.hostKey,
      folder: '/boxes',
    },
    config,
    key,
    boxesDir,
    server,
    printed,
    admit,
    stop: async () => {
      await server.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
