/** A secret under age, as docs/how-to/give-a-host-its-secrets.md says it. Debian's package `age`; set-up installs it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSecrets } from '../../reconciler/secrets/secret-sources.ts';

const VALUE = '-----BEGIN KEY-----\npässwörd\n-----END KEY-----';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxreeve-age-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function newIdentity(name: string): Promise<{ readonly file: string; readonly recipient: string }> {
  const file = join(folder, name);
  await execa('age-keygen', ['-o', file]);
  const recipient = /public key: (age1\w+)/.exec(await readFile(file, 'utf8'))?.[1] ?? '';
  return { file, recipient };
}

async function encrypted(recipient: string): Promise<string> {
  const file = join(folder, 'secret.age');
  await execa('age', ['--encrypt', '-r', recipient, '-o', file], { input: `${VALUE}\n` });
  return file;
}

async function decrypt(identity: string, file: string): Promise<string> {
  const argv = await exampleOfDocs();
  const exec = argv.map((word) => (word.endsWith('.key') ? identity : word.endsWith('.age') ? file : word));
  return openSecrets({ secrets: { KEY: { exec } }, file: '/etc/boxreeve/host.yaml' }).value('KEY');
}

/** The program and its arguments, as the page has them. */
async function exampleOfDocs(): Promise<readonly string[]> {
  const page = new URL('../../docs/how-to/give-a-host-its-secrets.md', import.meta.url);
  const [, words = ''] = /DEPLOY_KEY: \{ exec: \[([^\]]*)\]/.exec(await readFile(page, 'utf8')) ?? [];
  return words.split(', ');
}

describe('a secret under age', () => {
  test('is had by the command that the page gives', async () => {
    const { file, recipient } = await newIdentity('ours.key');
    expect(await decrypt(file, await encrypted(recipient))).toBe(VALUE);
  });

  test('is not had by another key, and nothing of it or of what age says is shown', async () => {
    const [{ recipient }, other] = [await newIdentity('ours.key'), await newIdentity('other.key')];
    await expect(decrypt(other.file, await encrypted(recipient))).rejects.toThrow(
      'secret KEY: /usr/bin/age ended with 1; run it by hand to see why',
    );
  });
});
