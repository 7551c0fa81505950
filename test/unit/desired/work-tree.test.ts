/** A checkout on disk is seen as Git would commit it. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorkTree } from '../../../reconciler/desired/work-tree.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxreeve-work-tree-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), content);
}

async function git(...args: string[]): Promise<string> {
  const env = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  return (await execa('git', args, { cwd: dir, env })).stdout;
}

describe('a work tree', () => {
  it('has the paths, kinds and ids that Git has after `git add`', async () => {
    write('d/fleet.yaml', 'kind: Fleet\n');
    write('d/guests/a/init.sh', '#!/bin/sh\n');
    chmodSync(join(dir, 'd/guests/a/init.sh'), 0o755);
    write('d/guests/a/bytes', Buffer.from([0, 255, 10]));
    write('d/guests/a/é', 'x');
    write('d/guests/a-b/x', 'sorts before a/');
    symlinkSync('../a', join(dir, 'd/guests/link'));
    write('elsewhere', 'not listed');
    await git('init', '--quiet');
    await git('add', '--all');
    const staged = (await git('ls-files', '--stage', '-z', 'd')).split('\0').filter((line) => line !== '');
    const kinds: Record<string, string> = { '100644': 'file', '100755': 'executable', '120000': 'symlink' };
    const expected = staged.map((line) => {
      const [, mode = '', oid, path] = /^(\d+) ([0-9a-f]+) 0\t(.+)$/.exec(line) ?? [];
      return { path, kind: kinds[mode], oid };
    });
    const tree = await openWorkTree(dir);
    const listed = (await tree.list('d')).map(({ path, kind, oid }) => ({ path, kind, oid }));
    expect(listed).toEqual(expected);
    expect(listed).toHaveLength(6);
  });

  it('has no file that Git ignores, such as what `vagrant up` leaves in a guest folder', async () => {
    write('.gitignore', '.vagrant/\n*.log\n');
    write('d/guests/a/Vagrantfile', '');
    write('d/guests/a/.vagrant/machines/default/lxc/id', 'x');
    write('d/guests/a/up.log', 'x');
    await git('init', '--quiet');
    const tree = await openWorkTree(dir);
    expect((await tree.list('d')).map(({ path }) => path)).toEqual(['d/guests/a/Vagrantfile']);
    expect(await tree.entry('d/guests/a/up.log')).toBeUndefined();
    expect(await tree.entry('d/guests/a/.vagrant/machines/default/lxc/id')).toBeUndefined();
  });

  it('is read where there is no repository', async () => {
    write('d/a', 'x');
    const tree = await openWorkTree(dir);
    const [entry] = await tree.list('d');
    if (entry === undefined) throw new Error('nothing listed');
    expect(String(await tree.read(entry))).toBe('x');
  });

  it('does not look through a symlink', async () => {
    write('real/fleet.yaml', 'kind: Fleet\n');
    symlinkSync('real', join(dir, 'd'));
    const tree = await openWorkTree(dir);
    expect((await tree.entry('d'))?.kind).toBe('symlink');
    expect(await tree.entry('d/fleet.yaml')).toBeUndefined();
    expect(await tree.list('d')).toEqual([]);
  });

  it('shows a repository within it as a submodule', async () => {
    write('d/sub/x', 'x');
    await execa('git', ['init', '--quiet', join(dir, 'd/sub')]);
    const tree = await openWorkTree(dir);
    expect((await tree.list('d')).map(({ path, kind }) => ({ path, kind }))).toEqual([
      { path: 'd/sub', kind: 'submodule' },
    ]);
  });

  it('never looks outside itself', async () => {
    write('d/a', 'x');
    expect(await (await openWorkTree(join(dir, 'd'))).entry('../d/a')).toBeUndefined();
  });
});
