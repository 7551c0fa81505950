/**
 * Every call of Git goes through here. Git is told to forget the machine's own configuration, hooks, attributes and pagers,
 * so that what a host does depends on the infra repo and on host.yaml alone.
 *
 * Arguments are written by this code. What comes from outside (a branch, a path, an object id) is checked by its caller, and
 * stands behind `--` or `--end-of-options`, or inside a full ref name.
 */
import { GitFailed, RemoteUnreachable } from '../errors.ts';
import { type GitEnd, runGit } from './run-git.ts';

export type GitOptions = {
  readonly input?: string | Buffer;
  /** Added to Git's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds; the whole process group is ended afterwards. */
  readonly timeout?: number;
  readonly signal?: AbortSignal | undefined;
  /** Exit statuses that are an answer, not a failure. */
  readonly allow?: readonly number[];
};

export type GitAnswer = { readonly stdout: Buffer; readonly exitCode: number };

/** Time limits in milliseconds: local commands, and those that talk to a remote. */
export const LOCAL_LIMIT = 60_000;
export const REMOTE_LIMIT = 10 * 60_000;

/**
 * Settings that no file may change. `core.fsync` makes objects and refs outlive a power cut; `protocol.ext` would run commands
 * named in a URL.
 */
const SETTINGS: readonly string[] = [
  'core.hooksPath=/dev/null',
  'core.attributesFile=/dev/null',
  'core.fsmonitor=false',
  'core.fsync=loose-object,pack,pack-metadata,reference',
  'core.fsyncMethod=fsync',
  'protocol.ext.allow=never',
  'gc.auto=0',
  'maintenance.auto=false',
  'advice.detachedHead=false',
  'credential.interactive=false',
];

/** Runs git in a repository; resolves to its standard output. Throws GitFailed. */
export async function git(
  gitDir: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<Buffer> {
  return (await run(gitDir, args, options, (message) => new GitFailed(message))).stdout;
}

/** The same, with the exit status. */
export async function gitAnswer(
  gitDir: string,
  args: readonly string[],
  options: GitOptions,
): Promise<GitAnswer> {
  return run(gitDir, args, options, (message) => new GitFailed(message));
}

/** Runs git against the remote. Throws RemoteUnreachable, with no credentials of a URL in its message. */
export async function gitRemote(
  gitDir: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<Buffer> {
  const limits = { timeout: REMOTE_LIMIT, ...options };
  return (await run(gitDir, args, limits, (message) => new RemoteUnreachable(message))).stdout;
}

/** Arguments and environment of a Git that is told to forget this machine: for a process that is read while it runs. */
export function gitInvocation(
  gitDir: string,
  args: readonly string[],
): { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const settings = SETTINGS.flatMap((setting) => ['-c', setting]);
  return { args: [`--git-dir=${gitDir}`, ...settings, ...args], env: environment() };
}

async function run(
  gitDir: string,
  args: readonly string[],
  options: GitOptions,
  failure: (message: string) => Error,
): Promise<GitAnswer> {
  const { args: all, env } = gitInvocation(gitDir, args);
  const ended = await runGit({
    args: all,
    env: { ...env, ...options.env },
    input: options.input,
    timeout: options.timeout ?? LOCAL_LIMIT,
    signal: options.signal,
  });
  if (ended.state === 'exited' && (ended.exitCode === 0 || options.allow?.includes(ended.exitCode))) {
    return { stdout: ended.stdout, exitCode: ended.exitCode };
  }
  throw failure(`git ${args.find((arg) => !arg.startsWith('-')) ?? ''}${explain(ended)}`);
}

/** What Git said, in one or a few lines. */
function explain(ended: GitEnd): string {
  switch (ended.state) {
    case 'not-started':
      return `: git cannot be run: is it installed, and on PATH? (${ended.why})`;
    case 'timed-out':
      return ' did not end in time, and was ended';
    case 'stopped':
      return ' was stopped';
    case 'exited': {
      const said = withoutCredentials(ended.stderr.trim());
      return said === '' ? ` failed with status ${ended.exitCode}` : `: ${said}`;
    }
  }
}

/** `https://user:token@host/` becomes `https://host/`; a password may hold an `@` of its own. */
export function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s]*@/gi, '$1');
}

/** Of this process's environment, only what Git needs to find itself, the person's SSH set-up and a proxy. */
const PASSED_ON: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'SSH_AUTH_SOCK',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'HTTPS_PROXY',
  'NO_PROXY',
];

function environment(): Record<string, string> {
  const passed = PASSED_ON.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(passed),
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    // a remote that hangs or asks for a password must fail instead
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15',
  };
}

/** A full object id, SHA-1 or SHA-256. */
export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** Lines of output, without the empty one at the end. */
export function lines(output: Buffer): string[] {
  const text = output.toString('utf8');
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}
