import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { processStart } from '../../../reconciler/apply/process-identity.ts';
import { SecretUnavailable } from '../../../reconciler/errors.ts';
import type { SecretSource } from '../../../reconciler/host-config.ts';
import { openSecrets } from '../../../reconciler/secrets/secret-sources.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxreeve-secrets-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function open(secrets: Record<string, SecretSource>, limit?: number) {
  return openSecrets({ secrets, file: '/etc/boxreeve/host.yaml' }, limit);
}

async function secretFile(content: string, mode = 0o600): Promise<string> {
  const path = join(folder, 'token');
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

async function complaint(secret: Promise<string>): Promise<string> {
  const error = await secret.then(
    () => 'no error',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SecretUnavailable);
  return error instanceof Error ? error.message : String(error);
}

const sh = (script: string): SecretSource => ({ exec: ['/bin/sh', '-c', script] });

describe('a file', () => {
  test('is the value, without one last newline', async () => {
    expect(await open({ pat: { file: await secretFile('hunter2\n\n') } }).value('pat')).toBe('hunter2\n');
  });

  test.each([0o640, 0o604, 0o620, 0o602, 0o644])('is refused with mode %o', async (mode) => {
    const path = await secretFile('hunter2', mode);
    const message = await complaint(open({ pat: { file: path } }).value('pat'));
    expect(message).toContain(`chmod 600 ${path}`);
    expect(message).toContain(mode.toString(8));
  });

  test('is judged by what a link leads to', async () => {
    const path = await secretFile('hunter2', 0o644);
    const link = join(folder, 'link');
    await symlink(path, link);
    expect(await complaint(open({ pat: { file: link } }).value('pat'))).toContain('chmod 600');
    await chmod(path, 0o400);
    expect(await open({ pat: { file: link } }).value('pat')).toBe('hunter2');
  });

  test('that is not there, or a folder, is refused', async () => {
    expect(await complaint(open({ pat: { file: join(folder, 'no') } }).value('pat'))).toContain(
      'there is no file',
    );
    expect(await complaint(open({ pat: { file: folder } }).value('pat'))).toContain('is not a file');
  });
});

describe('an environment variable', () => {
  const VARIABLE = 'BOXREEVE_TEST_SECRET';
  afterEach(() => {
    delete process.env[VARIABLE];
  });

  test('is the value as it is', async () => {
    process.env[VARIABLE] = 'hunter2\n';
    expect(await open({ pat: { env: VARIABLE } }).value('pat')).toBe('hunter2\n');
  });

  test('is taken out of the environment, for good, before it is asked for', async () => {
    process.env[VARIABLE] = 'hunter2';
    const secrets = open({ pat: { env: VARIABLE }, printed: sh(`echo "<$${VARIABLE}>"`) });
    expect(process.env[VARIABLE]).toBeUndefined();
    expect(await secrets.value('printed')).toBe('<>');
    expect(await secrets.value('pat')).toBe('hunter2');
    expect(await open({ pat: { env: VARIABLE } }).value('pat')).toBe('hunter2');
  });

  test('that is not set is named', async () => {
    const source = { env: `${VARIABLE}_UNSET` };
    expect(await complaint(open({ pat: source }).value('pat'))).toContain(source.env);
  });
});

describe('a program', () => {
  test('prints the value on standard output, and may say more on standard error', async () => {
    expect(await open({ pat: sh('echo noise >&2; echo hunter2') }).value('pat')).toBe('hunter2');
  });

  test('gets its arguments without a shell', async () => {
    const source = { exec: ['/bin/echo', '-n', '$HOME; `id`'] };
    expect(await open({ pat: source }).value('pat')).toBe('$HOME; `id`');
  });

  test('that fails shows nothing of what it printed or was given', async () => {
    const message = await complaint(open({ pat: sh('echo hunter2; echo hunter2 >&2; exit 3') }).value('pat'));
    expect(message).toContain('pat');
    expect(message).toContain('/bin/sh ended with 3');
    expect(message).not.toContain('hunter2');
  });

  test('that does not exist is named', async () => {
    const message = await complaint(open({ pat: { exec: ['/nowhere/vault', 'hunter2'] } }).value('pat'));
    expect(message).toContain('/nowhere/vault cannot be run');
    expect(message).not.toContain('hunter2');
  });

  test('that does not end in time is ended, also what it started', async () => {
    const pid = join(folder, 'pid');
    const source = sh(`sleep 1000 & echo $! > ${pid}; wait`);
    expect(await complaint(open({ pat: source }, 300).value('pat'))).toContain('did not end in 0.3 s');
    const left = Number(await readFile(pid, 'utf8'));
    expect(processStart(left)).toBeNull();
  });
});

describe('any secret', () => {
  test('that host.yaml does not have is asked for there', async () => {
    const message = await complaint(open({}).value('constructor'));
    expect(message).toContain('constructor');
    expect(message).toContain('`secrets` in /etc/boxreeve/host.yaml');
  });

  test.each(['', '\n', ' \n \n'])('is refused when empty: %j', async (content) => {
    expect(await complaint(open({ pat: { file: await secretFile(content) } }).value('pat'))).toContain(
      'is empty',
    );
  });

  test('is refused with a zero byte, which no environment can hold', async () => {
    const message = await complaint(open({ pat: { file: await secretFile('hun\0ter2') } }).value('pat'));
    expect(message).toContain('zero byte');
    expect(message).not.toContain('ter2');
  });

  test('is read once, also by several at once', async () => {
    const log = join(folder, 'log');
    const secrets = open({ pat: sh(`echo x >> ${log}; echo hunter2`) });
    await Promise.all([secrets.value('pat'), secrets.value('pat')]);
    await secrets.value('pat');
    expect(await readFile(log, 'utf8')).toBe('x\n');
  });

  test('that could not be had is tried again', async () => {
    const path = join(folder, 'token');
    const secrets = open({ pat: { file: path } });
    await complaint(secrets.value('pat'));
    await secretFile('hunter2');
    expect(await secrets.value('pat')).toBe('hunter2');
  });

  test('does not keep the others from being redacted', async () => {
    const secrets = open({ bad: { file: join(folder, 'no') }, pat: { file: await secretFile('hunter2') } });
    expect(await secrets.available()).toEqual(['hunter2']);
  });
});
