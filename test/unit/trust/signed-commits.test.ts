import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSignedCommits, type SignedCommit } from '../../../reconciler/trust/signed-commits.ts';
import { type InfraRepo, newInfraRepo } from '../../lab/infra-repo.ts';
import { newKey } from '../audit/account-lab.ts';

let root: string;
let repo: InfraRepo;
let ada: { key: string; publicKey: string };

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-signed-'));
  repo = await newInfraRepo(root);
  ada = await newKey(root, 'ada');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function read(...commits: readonly string[]): Promise<readonly SignedCommit[]> {
  return openSignedCommits(join(repo.folder, '.git')).read(commits);
}

/** Stores a commit of these bytes, as one with push right can: Git itself would not write it. */
async function store(change: (commit: string) => string): Promise<string> {
  const file = join(root, 'commit');
  writeFileSync(file, change(`${await repo.git('cat-file', 'commit', 'HEAD')}\n`));
  return repo.git('hash-object', '-t', 'commit', '-w', '--literally', file);
}

describe('a commit that Git made', () => {
  it('is read with its parents, its time and who signed it', async () => {
    const first = await repo.merge('First');
    const second = await repo.merge('Sécond\n\nwith a body', ada.key);
    const [one, two] = await read(first, second);
    expect(one).toMatchObject({ commit: first, parents: [], signature: { kind: 'none' } });
    expect(two).toMatchObject({
      parents: [first],
      message: 'Sécond\n\nwith a body\n',
      signature: { kind: 'ssh', key: ada.publicKey },
      committedAt: Number(await repo.git('log', '-1', '--format=%ct')) * 1000,
    });
  });

  it('is read also in a message of another encoding, and with a tag that was merged', async () => {
    await repo.merge('First', ada.key);
    const signing = ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${ada.key}`];
    await repo.git(
      ...signing,
      '-c',
      'i18n.commitEncoding=latin1',
      'commit',
      '-S',
      '--allow-empty',
      '-m',
      'Side',
    );
    await repo.git(...signing, 'tag', '-s', '-m', 'a tag', 'v1');
    await repo.git('checkout', '--quiet', '--detach', 'HEAD~1');
    await repo.git(...signing, 'merge', '--quiet', '--no-ff', '-S', '-m', 'Merge a tag', 'v1');
    const merge = await repo.git('rev-parse', 'HEAD');
    expect(await repo.git('cat-file', 'commit', merge)).toContain('mergetag');
    const signatures = (await read(merge, await repo.git('rev-parse', 'v1^{}'))).map(
      ({ signature }) => signature,
    );
    expect(signatures).toEqual([
      { kind: 'ssh', key: ada.publicKey },
      { kind: 'ssh', key: ada.publicKey },
    ]);
  });

  it('is read together with thousands of others', async () => {
    const stream = Array.from(
      { length: 4500 },
      (_, count) => `commit refs/heads/many\ncommitter A <a@b> ${count} +0000\ndata 1\nx\n`,
    ).join('');
    writeFileSync(join(root, 'stream'), stream);
    await repo.git('-c', 'alias.i=!git fast-import --quiet <../stream', 'i');
    const ids = (await repo.git('rev-list', '--reverse', 'many')).split('\n');
    expect((await read(...ids)).map(({ commit, committedAt }) => [commit, committedAt])).toEqual(
      ids.map((id, count) => [id, count * 1000]),
    );
  });
});

describe('a commit that somebody forged', () => {
  it.each<readonly [string, RegExp, (commit: string) => string]>([
    ['its text changed', /bad signature/, (commit) => commit.replace('First', 'Worst')],
    ['its time changed', /bad signature/, (commit) => commit.replace(/(committer .*> )\d+/, '$11000000000')],
    [
      'a second signature',
      /more than one signature/,
      (commit) => {
        const [signature = ''] = /^gpgsig (?:.*\n )*.*\n/m.exec(commit) ?? [];
        return commit.replace(signature, `${signature}${signature.replace('gpgsig', 'gpgsig-sha256')}`);
      },
    ],
    [
      'a signature of no known kind',
      /a kind that is not taken/,
      (commit) => commit.replaceAll('SSH SIGNATURE', 'SIGNED MESSAGE'),
    ],
    ['a second tree', /does not write/, (commit) => commit.replace(/^(tree .*\n)/, '$1$1')],
    ['a header before its tree', /does not write/, (commit) => `parent ${'0'.repeat(40)}\n${commit}`],
    ['a NUL in its text', /NUL/, (commit) => commit.replace('First', 'Fi\0rst')],
  ])('has %s', async (_what, why, change) => {
    await repo.merge('First', ada.key);
    const [commit] = await read(await store(change));
    expect(commit?.signature).toEqual({ kind: 'bad', why: expect.stringMatching(why) });
  });
});
