import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** Prints, one a line, the Node's name and the arguments it was started with. */
const FAKE_NODE = (name: string) =>
  `#!/bin/sh\nfor word in ${name} "$@"; do printf '[%s]\\n' "$word"; done\n`;

let folder: string;
let pkg: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-launcher-'));
  pkg = join(folder, 'a package');
  mkdirSync(join(pkg, 'bin'), { recursive: true });
  copyFileSync(join(ROOT, 'bin', 'boxreeve'), join(pkg, 'bin', 'boxreeve'));
  chmodSync(join(pkg, 'bin', 'boxreeve'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

function built(): void {
  mkdirSync(join(pkg, 'dist', 'cli'), { recursive: true });
  writeFileSync(join(pkg, 'dist', 'cli', 'main.js'), '');
}

async function launch(path: string, args: readonly string[] = [], pathVariable = '/usr/bin:/bin') {
  const { exitCode, stdout, stderr } = await execa(path, args, {
    env: { PATH: pathVariable },
    extendEnv: false,
    reject: false,
  });
  return { exitCode, lines: stdout.split('\n'), stderr };
}

describe('the launcher', () => {
  it('starts the Node that the checkout brought, before the one on PATH', async () => {
    built();
    program(join(pkg, '.node', 'bin', 'node'), FAKE_NODE('own'));
    program(join(folder, 'path', 'node'), FAKE_NODE('of-path'));
    const { lines } = await launch(join(pkg, 'bin', 'boxreeve'), [], `${folder}/path:/usr/bin:/bin`);
    expect(lines[0]).toBe('[own]');
    expect(lines[1]).toMatch(/\/a package\/bin\/\.\.\/bin\/entry\.mjs\]$/);
  });

  it('starts the Node that it was built with, where a service has nothing but a bare PATH', async () => {
    built();
    program(join(folder, 'a version manager', 'node'), FAKE_NODE('built-with'));
    mkdirSync(join(pkg, '.node'));
    writeFileSync(join(pkg, '.node', 'path'), `${join(folder, 'a version manager', 'node')}\n`);
    const { lines } = await launch(join(pkg, 'bin', 'boxreeve'));
    expect(lines[0]).toBe('[built-with]');
  });

  it('starts the Node on PATH when the one it was built with is gone', async () => {
    built();
    mkdirSync(join(pkg, '.node'));
    writeFileSync(join(pkg, '.node', 'path'), `${folder}/gone/node\n`);
    program(join(folder, 'path', 'node'), FAKE_NODE('of-path'));
    const { lines } = await launch(join(pkg, 'bin', 'boxreeve'), [], `${folder}/path:/usr/bin:/bin`);
    expect(lines[0]).toBe('[of-path]');
  });

  it('hands its arguments on as they are', async () => {
    built();
    program(join(pkg, '.node', 'bin', 'node'), FAKE_NODE('own'));
    const words = ['pause', '--reason', 'a \'quoted\' "reason" $HOME `id` *', '', '--', '-x'];
    const { lines } = await launch(join(pkg, 'bin', 'boxreeve'), words);
    expect(lines.slice(2)).toEqual(words.map((word) => `[${word}]`));
  });

  it('finds its package through a link to a link, absolute or relative', async () => {
    built();
    program(join(pkg, '.node', 'bin', 'node'), FAKE_NODE('own'));
    mkdirSync(join(folder, 'links'));
    symlinkSync('../a package/bin/boxreeve', join(folder, 'links', 'relative'));
    symlinkSync(join(folder, 'links', 'relative'), join(folder, 'links', 'boxreeve'));
    const { lines } = await launch(join(folder, 'links', 'boxreeve'), ['status']);
    expect([lines[0], lines[2]]).toEqual(['[own]', '[status]']);
  });

  it('says to run npm ci when nothing is built yet', async () => {
    const { exitCode, stderr } = await launch(join(pkg, 'bin', 'boxreeve'), ['status']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('not built yet: run `npm ci` in');
  });

  it('says what is missing when there is no Node at all', async () => {
    built();
    mkdirSync(join(folder, 'empty'));
    symlinkSync('/bin/sh', join(folder, 'empty', 'sh'));
    const { exitCode, stderr } = await launch(join(pkg, 'bin', 'boxreeve'), [], join(folder, 'empty'));
    expect(exitCode).toBe(1);
    expect(stderr).toContain('needs Node, and there is none on PATH');
  });
});
