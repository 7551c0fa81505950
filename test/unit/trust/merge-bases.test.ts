import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openMergeBases } from '../../../reconciler/trust/merge-bases.ts';

/** Parents of each commit, by their numbers: all of them made before it. */
const histories = fc
  .array(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 14 })
  .map((rows) => [[], ...rows.map((row, index) => [...new Set(row.map((number) => number % (index + 1)))])]);

/** Makes the history with Git in one go; returns the ids by number. */
async function make(folder: string, history: readonly (readonly number[])[]): Promise<readonly string[]> {
  const stream = history.map((parents, number) => {
    const [first, ...more] = parents;
    const lines = [
      `commit refs/heads/c${number}`,
      `mark :${number + 1}`,
      `committer A <a@b> ${number} +0000`,
      'data 0',
    ];
    return [
      ...lines,
      ...(first === undefined ? [] : [`from :${first + 1}`]),
      ...more.map((parent) => `merge :${parent + 1}`),
      '',
    ].join('\n');
  });
  writeFileSync(join(folder, 'stream'), `${stream.join('\n')}\n`);
  const marks = join(folder, 'marks');
  await execa('git', ['fast-import', '--quiet', '--force', `--export-marks=${marks}`], {
    cwd: folder,
    inputFile: join(folder, 'stream'),
  });
  const { stdout } = await execa('git', ['for-each-ref', '--format=%(objectname) %(refname:lstrip=2)'], {
    cwd: folder,
  });
  const ids = new Map(stdout.split('\n').map((line) => [line.split(' ')[1], line.split(' ')[0] ?? '']));
  return history.map((_, number) => ids.get(`c${number}`) ?? '');
}

it('says what git merge-base says, of any two commits, or that it cannot tell', async () => {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-bases-'));
  try {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), fc.nat(), fc.nat(), async (history, a, b, cut) => {
        const folder = mkdtempSync(join(root, 'repo-'));
        await execa('git', ['init', '--quiet'], { cwd: folder });
        const ids = await make(folder, history);
        const from = cut % 3 === 0 ? 0 : cut % history.length;
        const nodes = history.slice(from).map((parents, index) => ({
          commit: ids[from + index] ?? '',
          parents: from > 0 && index === 0 ? null : parents.map((parent) => ids[parent] ?? ''),
        }));
        const [one = '', other = ''] = [ids[a % ids.length], ids[b % ids.length]];
        const found = openMergeBases(nodes)(one, other);
        if (found === null) {
          expect(from).toBeGreaterThan(0);
          return;
        }
        const git = await execa('git', ['merge-base', '--all', one, other], { cwd: folder, reject: false });
        expect([...found].sort()).toEqual(git.stdout === '' ? [] : git.stdout.split('\n').sort());
      }),
      { numRuns: 120 },
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
