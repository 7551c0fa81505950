/** Who types this, as the person's own Git has it: name, address, and the key that commits are signed with. */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { InvalidHostConfig } from '../../errors.ts';
import type { GiveParts } from '../../rollout/give-resume.ts';

/** @param key file of an SSH key, private or public; undefined: that of `git config user.signingkey`, if there is one */
export async function whoTypes(key: string | undefined): Promise<GiveParts['person']> {
  const ident = await ownGit('var', 'GIT_AUTHOR_IDENT');
  const [, name, email] = /^(.+?) ?<([^<>]+)> \d+ [+-]\d{4}$/.exec(ident ?? '') ?? [];
  const user = userInfo().username;
  return {
    name: name ?? user,
    email: email ?? `${user}@boxreeve.invalid`,
    key: key === undefined ? await configuredKey() : keyFile(key),
  };
}

function keyFile(key: string): string {
  const file = resolve(key);
  if (existsSync(file)) return file;
  throw new InvalidHostConfig(
    `--key ${JSON.stringify(key)} is no file: name your SSH key, private or public`,
  );
}

/** null: there is none, or it is no SSH key. */
async function configuredKey(): Promise<string | null> {
  if ((await ownGit('config', '--get', 'gpg.format')) !== 'ssh') return null;
  return ownGit('config', '--type=path', '--get', 'user.signingkey');
}

/** Git with the person's own configuration: all other calls forget it. null if it says nothing. */
async function ownGit(...args: readonly string[]): Promise<string | null> {
  const { execa } = await import('execa');
  const run = await execa('git', args, { reject: false, stdin: 'ignore', timeout: 10_000 });
  return run.exitCode === 0 && run.stdout.trim() !== '' ? run.stdout.trim() : null;
}
