/** The tutorial, typed as it stands: every `sh` block of it in one shell, with real guests. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assertUsable } from '../lab/requirements.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(ROOT, 'docs', 'tutorial', 'first-host.md'), 'utf8');

let folder: string;
let typed: { output: string; exitCode: number | undefined };

beforeAll(async () => {
  await assertUsable();
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-tutorial-'));
  // the checkout under test is built already, and others use it
  const script = blocks('sh')
    .join('\n')
    .replace(/^npm ci$/m, ':');
  const file = join(folder, 'typed.sh');
  writeFileSync(file, script);
  const { all, exitCode } = await execa('bash', ['-euo', 'pipefail', file], {
    cwd: ROOT,
    stdin: 'ignore',
    env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, HOME: folder, TMPDIR: folder, LANG: 'C.UTF-8' },
    extendEnv: false,
    all: true,
    reject: false,
    timeout: 240_000,
  });
  typed = { output: all.replaceAll('\r', ''), exitCode };
});
afterAll(async () => {
  for (const name of containersLeft()) await execa('lxc-destroy', ['-f', '-n', name], { reject: false });
  rmSync(folder, { recursive: true, force: true });
});

function blocks(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, text = '']) => text,
  );
}

/** The lab's Vagrantfile, which the tutorial uses, notes each container before it is made. */
function containersLeft(): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    try {
      return readFileSync(join(folder, name, 'vagrant.d', 'lab-ledger'), 'utf8')
        .split('\n')
        .filter(Boolean);
    } catch {
      return [];
    }
  });
}

it('runs to its end, and shows what it says it shows', () => {
  expect({ exitCode: typed.exitCode, output: typed.output }).toMatchObject({ exitCode: 0 });
  const shown = blocks('console').filter((block) => !block.startsWith('$ '));
  expect(shown.length).toBeGreaterThan(1);
  for (const block of shown) expect(typed.output).toContain(block);
});

it('leads through a guest that is created, rebuilt and put right, and a commit that is refused', () => {
  expect(typed.output).toContain('first-host is ready\ntuned\n');
  expect(typed.output).toContain('guest.yaml:3:29 box.version "1.0.1" is not in boxes/node.yaml (has 1.0.0)');
  expect(typed.output).toContain('exit code 3\n');
  expect(typed.output.match(/^Good "git" signature for first-host /gm)).toHaveLength(4);
  expect(typed.output).toContain('the account is whole');
});

it('leaves nothing behind', () => {
  expect(readdirSync(folder).filter((name) => name.startsWith('tmp.'))).toEqual([]);
});
