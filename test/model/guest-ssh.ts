/** The SSH of a modelled guest: a real server on this machine's loopback, with a key of its own, as each new guest has. */
import { once } from 'node:events';
import ssh2 from 'ssh2';

export type Reply = {
  /** Bytes are sent as they are, in as many packets. */
  readonly stdout?: string | readonly Buffer[];
  readonly stderr?: string;
  readonly exitStatus?: number;
};

/** What a guest answers to a command; `null`: it never does. */
export type Answer = (command: string) => Reply | null;

export type GuestSsh = { readonly port: number; close(): void };

/** Made once: making keys takes a while, and what matters is only that two guests have two. */
const HOST_KEYS = Array.from({ length: 4 }, newKey);
let guests = 0;

/** The key that lets into every guest, as Vagrant's insecure key does. */
export const CLIENT_KEY = newKey();

/** Opens the SSH of a new guest: another host key than that of the guests before it. */
export async function openGuestSsh(answer: Answer): Promise<GuestSsh> {
  guests += 1;
  const hostKey = HOST_KEYS[guests % HOST_KEYS.length];
  if (hostKey === undefined) throw new Error('there is no host key');
  const connections = new Set<ssh2.Connection>();
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    connection.on('error', () => undefined);
    connection.on('authentication', (login) => {
      if (login.method === 'publickey' && login.username === 'vagrant') login.accept();
      else login.reject(['publickey']);
    });
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => reply(acceptExec(), answer(command)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () => {
      server.close();
      for (const connection of connections) connection.end();
    },
  };
}

function reply(channel: ssh2.ServerChannel, answer: Reply | null): void {
  if (answer === null) return;
  channel.stderr.write(answer.stderr ?? '');
  const { stdout = '' } = answer;
  for (const packet of typeof stdout === 'string' ? [stdout] : stdout) channel.write(packet);
  channel.exit(answer.exitStatus ?? 0);
  channel.end();
}

/**
 * A private key in OpenSSH's form. ssh2 drops zero bytes that a public key begins with (lib/keygen.js), so that one in 256 of its
 * own ed25519 keys is malformed: those are thrown away.
 */
function newKey(): string {
  for (;;) {
    const { private: key } = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(key) instanceof Error)) return key;
  }
}
