/** The values of secrets, from where host.yaml says they come. Read when first asked for, and kept in memory only. */
import { lstat, readFile, stat } from 'node:fs/promises';
import { execa } from 'execa';
import { SECOND } from '../clock.ts';
import { SecretUnavailable } from '../errors.ts';
import type { HostConfig, SecretSource } from '../host-config.ts';

export type Secrets = {
  /** Throws SecretUnavailable, which never carries a value. */
  value(name: string): Promise<string>;
  /** Every value that can be had, for redaction. */
  available(): Promise<readonly string[]>;
};

/** Limit on a program that prints a secret. */
const EXEC_LIMIT = 30 * SECOND;
/** Anyone but the owner may read, write or run it. */
const OTHERS = 0o077;

export function openSecrets({ secrets, file }: Pick<HostConfig, 'secrets' | 'file'>): Secrets {
  const known = new Map<string, Promise<string>>();
  const value = (name: string) => {
    const found = known.get(name) ?? readSecret(name, secrets[name], file);
    known.set(name, found);
    // a source that fails now may work later
    found.catch(() => known.delete(name));
    return found;
  };
  return {
    value,
    available: async () => {
      const values = await Promise.allSettled(Object.keys(secrets).map(value));
      return values.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    },
  };
}

async function readSecret(name: string, source: SecretSource | undefined, config: string): Promise<string> {
  if (source === undefined)
    throw new SecretUnavailable(
      `secret ${name} is not among \`secrets\` in ${config}: say there where its value comes from`,
    );
  const value = await readSource(name, source);
  if (value === '') throw new SecretUnavailable(`secret ${name} is empty`);
  return value;
}

function readSource(name: string, source: SecretSource): Promise<string> | string {
  if ('file' in source) return fromFile(name, source.file);
  if ('env' in source) return fromEnvironment(name, source.env);
  return fromProgram(name, source.exec);
}

async function fromFile(name: string, path: string): Promise<string> {
  const about = await stat(path).catch(() => null);
  if (about === null) throw new SecretUnavailable(`secret ${name}: ${path} is not there, or cannot be read`);
  if (!about.isFile()) throw new SecretUnavailable(`secret ${name}: ${path} is not a file`);
  if ((about.mode & OTHERS) !== 0) {
    throw new SecretUnavailable(
      `secret ${name}: others may read ${path} (mode ${(about.mode & 0o777).toString(8)}); run: chmod 600 ${path}`,
    );
  }
  const owner = process.getuid?.();
  if ((await lstat(path)).isSymbolicLink() && owner !== undefined && about.uid !== owner) {
    throw new SecretUnavailable(`secret ${name}: ${path} leads to a file of another user`);
  }
  return withoutLastNewline(await readFile(path, 'utf8'));
}

function fromEnvironment(name: string, variable: string): string {
  const value = process.env[variable];
  if (value === undefined) throw new SecretUnavailable(`secret ${name}: the environment has no ${variable}`);
  return value;
}

/** What the program prints on standard error may hold anything: it is not shown. */
async function fromProgram(name: string, [program, ...args]: readonly string[]): Promise<string> {
  if (program === undefined) throw new SecretUnavailable(`secret ${name}: exec names no program`);
  const run = await execa(program, args, {
    reject: false,
    stdin: 'ignore',
    timeout: EXEC_LIMIT,
    stripFinalNewline: false,
  });
  if (run.exitCode !== 0) {
    const how = run.timedOut
      ? 'did not end in 30 s'
      : run.exitCode === undefined
        ? 'could not be run'
        : `ended with ${run.exitCode}`;
    throw new SecretUnavailable(`secret ${name}: ${program} ${how}; run it by hand to see why`);
  }
  return withoutLastNewline(run.stdout);
}

function withoutLastNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}
