/**
 * Commands in a guest over SSH. The guest's key is pinned at the first connection after it was built; another key later is not
 * the guest that was built. ssh2 is loaded when it is first needed: an idle daemon does without.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Client, ClientChannel } from 'ssh2';
import type { SshTarget } from '../observed/memory.ts';

export type SshSession = {
  /** SHA-256 of the guest's key, base64 without padding, as OpenSSH shows it. */
  readonly hostKey: string;
  /** Runs a command of the guest's shell. Rejects if the connection breaks or the time (ms) is up. */
  run(
    command: string,
    timeoutMs: number,
  ): Promise<{ exitStatus: number | null; stdout: string; stderr: string }>;
  /** Runs a command and hands on its standard output until it ends or the signal is aborted. */
  follow(command: string, onData: (chunk: string) => void, signal: AbortSignal): Promise<number | null>;
  close(): void;
};

/** More output than this is cut: a probe is a question, not a download. */
const MOST_OUTPUT = 64 * 1024;

/** Connects, trying the keys in turn. Rejects with a sentence. */
export async function connectSsh(target: SshTarget, timeoutMs: number): Promise<SshSession> {
  const keys = await Promise.all(target.identityFiles.map((file) => readFile(file).catch(() => null)));
  const usable = keys.filter((key) => key !== null);
  if (usable.length === 0)
    throw new Error(`none of the guest's keys can be read (${target.identityFiles.join(', ')})`);
  let problem: unknown;
  for (const privateKey of usable) {
    try {
      return await connectWith(target, privateKey, timeoutMs);
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

async function connectWith(target: SshTarget, privateKey: Buffer, timeoutMs: number): Promise<SshSession> {
  const { default: ssh2 } = await import('ssh2');
  const client = new ssh2.Client();
  let hostKey = '';
  await new Promise<void>((resolve, reject) => {
    client
      .once('ready', resolve)
      // for good: after a time that ran out, the connection's end is one more, and one that nobody hears ends this process
      .on('error', (error) =>
        reject(
          hostKey !== '' && target.hostKey !== null && hostKey !== target.hostKey
            ? keyChanged(target, hostKey)
            : error,
        ),
      )
      .once('close', () => reject(new Error('the guest closed the connection')))
      .connect({
        host: target.host,
        port: target.port,
        username: target.user,
        privateKey,
        readyTimeout: timeoutMs,
        keepaliveInterval: 10_000,
        hostVerifier: (key: Buffer) => {
          hostKey = hostKeyDigest(key);
          return target.hostKey === null || target.hostKey === hostKey;
        },
      });
  }).catch((error: unknown) => {
    client.destroy();
    throw error;
  });
  return {
    hostKey,
    run: (command, limit) => run(client, command, limit),
    follow: (command, onData, signal) => follow(client, command, onData, signal),
    close: () => client.destroy(),
  };
}

/** SHA-256 of a host key, base64 without padding, as OpenSSH shows it. */
export function hostKeyDigest(key: Buffer): string {
  return createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
}

function keyChanged(target: SshTarget, hostKey: string): Error {
  return new Error(
    `${target.host}:${target.port} has another host key (SHA256:${hostKey}) than the guest that was built (SHA256:${target.hostKey}): it is not the same machine`,
  );
}

type Ended = { readonly exitStatus: number | null };

/**
 * Runs a command. What is listened for is set up in the very call that opens the channel: a short command's exit status can
 * come in the same packet, and whoever listens a moment later has missed it.
 */
function exec(client: Client, command: string, listen: (channel: ClientChannel) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) {
        reject(error);
        return;
      }
      let exitStatus: number | null = null;
      channel.once('exit', (code: unknown) => {
        exitStatus = typeof code === 'number' ? code : null;
      });
      channel.once('close', () => resolve({ exitStatus }));
      listen(channel);
    });
  });
}

async function run(client: Client, command: string, timeoutMs: number) {
  const output = { stdout: '', stderr: '' };
  const take = (name: 'stdout' | 'stderr') => (chunk: string) => {
    if (output[name].length < MOST_OUTPUT) output[name] = (output[name] + chunk).slice(0, MOST_OUTPUT);
  };
  let late = () => {};
  const tooLate = new Promise<never>((_resolve, reject) => {
    late = () => reject(new Error(`did not end within ${timeoutMs / 1000} s`));
  });
  const timer = setTimeout(() => late(), timeoutMs);
  const ended = exec(client, command, (channel) => {
    // decoded as a whole: a secret with a character cut in two would not be known again
    channel.setEncoding('utf8').on('data', take('stdout'));
    channel.stderr.setEncoding('utf8').on('data', take('stderr'));
  });
  try {
    const { exitStatus } = await Promise.race([ended, tooLate]);
    return { exitStatus, ...output };
  } finally {
    clearTimeout(timer);
  }
}

async function follow(
  client: Client,
  command: string,
  onData: (chunk: string) => void,
  signal: AbortSignal,
): Promise<number | null> {
  const { exitStatus } = await exec(client, command, (channel) => {
    channel.setEncoding('utf8');
    channel.on('data', onData);
    channel.stderr.setEncoding('utf8');
    channel.stderr.on('data', onData);
    signal.addEventListener('abort', () => channel.destroy(), { once: true });
  });
  return exitStatus;
}
