/** The shipped pre-commit hook in a real clone. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BOXREEVE } from '../lab/door.ts';

const HOOK = join(import.meta.dirname, '..', '..', 'hooks', 'git', 'pre-commit');
const GOOD = 'apiVersion: boxreeve/v1\nkind: Fleet\n';
const BAD = 'apiVersion: boxreeve/v1\nkind: Fleet\nwindow: 1\n';
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-pre commit-'));
  await git('init', '--quiet');
  await git('config', 'boxreeve.command', BOXREEVE);
  copyFileSync(HOOK, join(folder, '.git', 'hooks', 'pre-commit'));
  chmodSync(join(folder, '.git', 'hooks', 'pre-commit'), 0o755);
  write('desired-state/fleet.yaml', GOOD);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

async function git(...args: readonly string[]): Promise<{ ok: boolean; said: string }> {
  const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  const env = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const { exitCode, all } = await execa('git', [...who, ...args], {
    cwd: folder,
    env,
    all: true,
    reject: false,
  });
  return { ok: exitCode === 0, said: all };
}

/** From a folder inside, as people do. */
async function commit(...args: readonly string[]): Promise<{ ok: boolean; said: string }> {
  return git('-C', 'desired-state', 'commit', '-m', 'Change', ...args);
}

it('lets a valid desired state be committed, and refuses one with a mistake, with its place', async () => {
  await git('add', '.');
  expect(await commit()).toMatchObject({ ok: true, said: expect.stringContaining('valid: 0 hosts') });
  write('desired-state/fleet.yaml', BAD);
  await git('add', '.');
  expect(await commit()).toMatchObject({
    ok: false,
    said: expect.stringContaining('desired-state/fleet.yaml:3:1 unknown key `window`'),
  });
});

it('judges what is staged, not what lies about', async () => {
  write('desired-state/fleet.yaml', BAD);
  await git('add', '.');
  write('desired-state/fleet.yaml', GOOD);
  expect((await commit()).ok).toBe(false);
  expect((await commit('--all')).ok).toBe(true);
  write('desired-state/fleet.yaml', BAD);
  write('README.md', 'hello\n');
  await git('add', 'README.md');
  expect((await commit()).ok).toBe(true);
});

it('refuses a commit that takes the desired state away', async () => {
  await git('add', '.');
  await commit();
  await git('rm', '--quiet', '-r', '--cached', 'desired-state');
  expect((await commit()).ok).toBe(false);
});

it('goes by boxreeve.path, which may be the repository itself', async () => {
  for (const path of ['ci/state', '.']) {
    const inside = path === '.' ? '' : `${path}/`;
    await git('config', 'boxreeve.path', path);
    write(`${inside}fleet.yaml`, BAD);
    await git('add', '.');
    expect((await commit()).said).toContain(`${inside}fleet.yaml:3:1`);
    write(`${inside}fleet.yaml`, GOOD);
    await git('add', '.');
    expect((await commit()).ok).toBe(true);
  }
});

it('refuses where Boxreeve is not, and says what to do', async () => {
  await git('config', 'boxreeve.command', '/nowhere/boxreeve');
  await git('add', '.');
  expect(await commit()).toMatchObject({
    ok: false,
    said: expect.stringContaining('there is no program /nowhere/boxreeve'),
  });
});
