/**
 * Tries to log in to a guest with what everybody knows: Vagrant's keys and password, each once. No shell is opened. All of it
 * goes over one connection, two where a key is let in: sshd (since OpenSSH 9.8) shuts out for a while who fails too often.
 */
import type { AnyAuthMethod, AuthHandlerMiddleware, Client, NextAuthHandler } from 'ssh2';
import { hostKeyDigest } from '../apply/ssh.ts';
import type { SshTarget } from '../observed/memory.ts';

export type WellKnownKey = { readonly name: string; readonly key: Buffer };

export type LogIns = {
  readonly key: Tried;
  readonly password: Tried;
};

export type Tried =
  /** `how`: with which key, or which password. */
  | { readonly state: 'let-in'; readonly how: string }
  | { readonly state: 'refused' }
  | { readonly state: 'unknown'; readonly why: string };

/** The password that comes with most boxes. */
const PASSWORD = 'vagrant';
/** For a connection, in milliseconds. */
const LIMIT = 15_000;
const REFUSED = { state: 'refused' } as const;

export async function tryLogIns(
  target: SshTarget,
  user: string,
  keys: readonly WellKnownKey[],
): Promise<LogIns> {
  const first = await connectOnce(target, user, [...keyAttempts(user, keys), ...passwordAttempts(user)]);
  if (first.state !== 'let-in') return { key: first, password: first };
  const { with: last } = first;
  if (last === null) return { key: NOT_ASKED, password: { state: 'let-in', how: 'no password at all' } };
  if (last.by === 'password') return { key: REFUSED, password: { state: 'let-in', how: last.how } };
  const key: Tried = { state: 'let-in', how: last.how };
  if (!first.takesPasswords) return { key, password: REFUSED };
  const second = await connectOnce(target, user, passwordAttempts(user));
  return {
    key,
    password: second.state === 'let-in' ? { state: 'let-in', how: second.with?.how ?? 'nothing' } : second,
  };
}

const NOT_ASKED: Tried = {
  state: 'unknown',
  why: 'the guest lets anybody in before a key could be tried',
};

type Attempt = { readonly by: 'key' | 'password'; readonly how: string; readonly method: AnyAuthMethod };

type Ended =
  /** `with` is null where nothing had to be shown at all. */
  | { readonly state: 'let-in'; readonly with: Attempt | null; readonly takesPasswords: boolean }
  | { readonly state: 'refused' }
  | { readonly state: 'unknown'; readonly why: string };

function keyAttempts(username: string, keys: readonly WellKnownKey[]): Attempt[] {
  return keys.map(({ name, key }) => ({
    by: 'key',
    how: name,
    method: { type: 'publickey', username, key },
  }));
}

function passwordAttempts(username: string): Attempt[] {
  const how = `password "${PASSWORD}"`;
  return [
    { by: 'password', how, method: { type: 'password', username, password: PASSWORD } },
    {
      by: 'password',
      how,
      method: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, finish) =>
          // one question whose answer is not shown: that asks for the password
          finish(prompts.length === 1 && prompts[0]?.echo !== true ? [PASSWORD] : prompts.map(() => '')),
      },
    },
  ];
}

/** Asks which methods there are, then makes those attempts that they allow, one after the other. */
async function connectOnce(target: SshTarget, user: string, attempts: readonly Attempt[]): Promise<Ended> {
  const { default: ssh2 } = await import('ssh2');
  const client = new ssh2.Client();
  const offered = new Set<string>();
  const tried: Attempt[] = [];
  const left = [...attempts];
  /** ssh2 asks for the next attempt; `methods` is null at first, when the guest was not asked yet. */
  const next = (methods: readonly string[] | null, _partly: boolean, decide: NextAuthHandler) => {
    if (methods === null) {
      decide({ type: 'none', username: user });
      return undefined;
    }
    for (const method of methods) offered.add(method);
    const index = left.findIndex(({ method }) => offered.has(method.type));
    const [attempt] = index < 0 ? [] : left.splice(0, index + 1).slice(-1);
    if (attempt === undefined) return false;
    tried.push(attempt);
    decide(attempt.method);
    return undefined;
  };
  try {
    if ((await outcome(client, target, next)) === 'refused') return REFUSED;
    const takesPasswords = offered.has('password') || offered.has('keyboard-interactive');
    return { state: 'let-in', with: tried.at(-1) ?? null, takesPasswords };
  } catch (error) {
    return { state: 'unknown', why: error instanceof Error ? error.message : String(error) };
  } finally {
    client.destroy();
  }
}

/** Rejects for whatever is neither a yes nor a no. */
function outcome(
  client: Client,
  target: SshTarget,
  authHandler: AuthHandlerMiddleware,
): Promise<'let-in' | 'refused'> {
  return new Promise((resolve, reject) => {
    client
      .once('ready', () => resolve('let-in'))
      .on('error', (error) => (error.level === 'client-authentication' ? resolve('refused') : reject(error)))
      .once('close', () => reject(new Error('the guest closed the connection before it had said yes or no')))
      .connect({
        host: target.host,
        port: target.port,
        username: target.user,
        authHandler,
        readyTimeout: LIMIT,
        // the password goes to the guest that was built, and to no other machine
        hostVerifier: (key: Buffer) => hostKeyDigest(key) === target.hostKey,
      });
  });
}
