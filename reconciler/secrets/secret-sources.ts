/** The values of secrets, from where host.yaml says they come. Read when first asked for, and kept in memory only, for as long as who asks. */
import { open } from 'node:fs/promises';
import { SECOND } from '../clock.ts';
import { SecretUnavailable } from '../errors.ts';
import type { HostConfig, SecretSource } from '../host-config.ts';
import { fromProgram } from './from-program.ts';
import { takeVariable } from './taken-variables.ts';

export type Secrets = {
  /** Throws SecretUnavailable, which never carries a value. */
  value(name: string): Promise<string>;
  /** Every value that can be had, for redaction. */
  available(): Promise<readonly string[]>;
};

/** Limit on a program that prints a secret. */
const EXEC_LIMIT = 30 * SECOND;

/** @param execLimit time that a program has to print a secret, in milliseconds */
export function openSecrets(
  { secrets, file }: Pick<HostConfig, 'secrets' | 'file'>,
  execLimit = EXEC_LIMIT,
): Secrets {
  // from here on, nothing that is started has them in its environment
  for (const source of Object.values(secrets)) if ('env' in source) takeVariable(source.env);
  const known = new Map<string, Promise<string>>();
  const value = (name: string) => {
    // a name from the infra repo may be `constructor`
    const source = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    const found = known.get(name) ?? readSecret(name, source, file, execLimit);
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

async function readSecret(
  name: string,
  source: SecretSource | undefined,
  config: string,
  execLimit: number,
): Promise<string> {
  if (source === undefined) {
    throw new SecretUnavailable(
      `secret ${name} is not among \`secrets\` in ${config}: say there where its value comes from`,
    );
  }
  const value = await readSource(name, source, execLimit);
  if (value.trim() === '') {
    throw new SecretUnavailable(`secret ${name} is empty: see to ${originOf(source)}, named in ${config}`);
  }
  if (value.includes('\0')) {
    throw new SecretUnavailable(
      `secret ${name} has a zero byte in it, and cannot be handed to a guest: see to ${originOf(source)}`,
    );
  }
  return value;
}

function readSource(name: string, source: SecretSource, execLimit: number): Promise<string> | string {
  if ('file' in source) return fromFile(name, source.file);
  if ('env' in source) return fromEnvironment(name, source.env);
  return fromProgram(name, source.exec, execLimit);
}

/** In words, for a person. Arguments of a program are left out: they might hold a secret. */
function originOf(source: SecretSource): string {
  if ('file' in source) return source.file;
  if ('env' in source) return `the environment variable ${source.env}`;
  return `what ${source.exec[0]} prints`;
}

/** Group and others may do nothing with it. */
const OTHERS = 0o077;

async function fromFile(name: string, path: string): Promise<string> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new SecretUnavailable(
      error.code === 'ENOENT'
        ? `secret ${name}: there is no file ${path}; put its value there, and run: chmod 600 ${path}`
        : `secret ${name}: ${path} cannot be read (${error.code})`,
    );
  });
  try {
    // asked of the open file, so that what was checked is what is read
    const about = await handle.stat();
    if (!about.isFile()) throw new SecretUnavailable(`secret ${name}: ${path} is not a file`);
    if ((about.mode & OTHERS) !== 0) {
      throw new SecretUnavailable(
        `secret ${name}: others than its owner may use ${path} (mode ${(about.mode & 0o777).toString(8)}); run: chmod 600 ${path}`,
      );
    }
    if (!mayOwn(about.uid)) {
      throw new SecretUnavailable(`secret ${name}: ${path} belongs to another user, who may change it`);
    }
    const bytes = await handle.readFile();
    const value = withoutLastNewline(bytes.toString('utf8'));
    bytes.fill(0);
    return value;
  } finally {
    await handle.close();
  }
}

/** We may, and so may root; as root we read what the user of the CI host has set up as well. */
function mayOwn(owner: number): boolean {
  const self = process.getuid?.();
  return self === undefined || self === 0 || owner === self || owner === 0;
}

function fromEnvironment(name: string, variable: string): string {
  const value = takeVariable(variable);
  if (value === undefined) {
    throw new SecretUnavailable(
      `secret ${name}: the reconciler's environment has no ${variable}; set it there`,
    );
  }
  return value;
}

function withoutLastNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}
