import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requiresSignedCommits } from '../../../reconciler/desired/fleet.ts';
import { InvalidDesiredState, UntrustedCommit } from '../../../reconciler/errors.ts';
import { type Mirror, openMirror } from '../../../reconciler/git/mirror.ts';
import type { TrustCheck } from '../../../reconciler/git/ports.ts';
import { openTrustCheck } from '../../../reconciler/trust/trust.ts';
import { type InfraRepo, newInfraRepo } from '../../lab/infra-repo.ts';
import { newKey } from '../audit/account-lab.ts';

const SIGNED = 'kind: Fleet\ntrust: { requireSignedCommits: true }\n';
let root: string;
let repo: InfraRepo;
let mirror: Mirror;
let trust: TrustCheck;
let ada: { key: string; publicKey: string };
let eve: { key: string; publicKey: string };
let applied: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-trust-'));
  repo = await newInfraRepo(root);
  [ada, eve] = [await newKey(root, 'ada'), await newKey(root, 'eve')];
  repo.write('desired-state/fleet.yaml', SIGNED);
  repo.write('desired-state/trust/approvers', `ada@example.org ${ada.publicKey}\n`);
  applied = await repo.merge('Begin', ada.key);
  const gitDir = join(root, 'mirror.git');
  const log = { info: () => undefined, debug: () => undefined };
  mirror = await openMirror({
    gitDir,
    remote: repo.url,
    branch: 'main',
    path: 'desired-state',
    log,
    alone: true,
  });
  trust = trustFrom(null);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function trustFrom(firstCommit: string | null): TrustCheck {
  return openTrustCheck({
    gitDir: join(root, 'mirror.git'),
    path: 'desired-state',
    firstCommit,
    firstKey: null,
    revokedKeys: [],
    now: Date.now,
  });
}

function signedBy(key: string): string[] {
  return ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${key}`, '-c', 'commit.gpgsign=true'];
}

async function check(tip?: string): Promise<void> {
  const there = await mirror.fetch();
  await trust.check(tip ?? there, applied);
}

describe('where commits must be signed', () => {
  it('one by an approver is followed, and named in the record', async () => {
    const tip = await repo.merge('Change', ada.key);
    await check();
    expect(await mirror.describe(tip)).toMatchObject({ signedBy: 'ada@example.org', subject: 'Change' });
  });

  it('one without a signature is not', async () => {
    await repo.merge('Change');
    await expect(check()).rejects.toThrow(/is not signed/);
  });

  it('one by a stranger is not, though Git calls his signature good', async () => {
    await repo.merge('Change', eve.key);
    await expect(check()).rejects.toThrow(/is signed by a key that no approver has/);
  });

  it('a stranger is not named in the record as one who signed', async () => {
    const tip = await repo.merge('Change', eve.key);
    await mirror.fetch();
    expect(await mirror.describe(tip)).toMatchObject({ signedBy: null });
  });

  it('one by an approver whose text was changed since is not', async () => {
    await repo.merge('Change', ada.key);
    const commit = (await repo.git('cat-file', 'commit', 'HEAD')).replace(/Change$/, 'Chance');
    writeFileSync(join(root, 'forged'), `${commit}\n`);
    const forged = await repo.git('hash-object', '-t', 'commit', '-w', join(root, 'forged'));
    await repo.git('push', '--quiet', '--force', 'origin', `${forged}:main`);
    await expect(check()).rejects.toThrow(/has a bad signature/);
  });

  it('one by an approver who was taken out is not, though an older commit trusts him', async () => {
    repo.write(
      'desired-state/trust/approvers',
      `ada@example.org ${ada.publicKey}\neve@example.org ${eve.publicKey}\n`,
    );
    const both = await repo.merge('Let Eve in', ada.key);
    repo.write('desired-state/trust/approvers', `ada@example.org ${ada.publicKey}\n`);
    applied = await repo.merge('Take Eve out', ada.key);
    await repo.merge('Change', eve.key);
    await expect(check()).rejects.toThrow(/that no approver has/);
    await repo.git('reset', '--quiet', '--hard', both);
    await repo.git(...signedBy(eve.key), 'commit', '--quiet', '--allow-empty', '-m', 'Beside it');
    await repo.git('branch', '--force', 'side');
    await repo.git('reset', '--quiet', '--hard', applied);
    await repo.git(...signedBy(eve.key), 'merge', '--quiet', '--no-ff', '-m', 'Merge', 'side');
    await repo.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
    await expect(check()).rejects.toThrow(/that no approver has/);
  });

  it('a merge of signed commits by an approver is followed', async () => {
    await repo.git('checkout', '--quiet', '-b', 'side');
    await repo.git(...signedBy(ada.key), 'commit', '--quiet', '--allow-empty', '-m', 'Work');
    await repo.git('checkout', '--quiet', 'main');
    await repo.merge('Meanwhile', ada.key);
    await repo.git(...signedBy(ada.key), 'merge', '--quiet', '--no-ff', '-m', 'Merge', 'side');
    await repo.git('push', '--quiet', 'origin', 'HEAD:main');
    await check();
  });

  it('an approver switches that off, and from then on nobody need sign', async () => {
    repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
    await repo.merge('No signatures any more', ada.key);
    await repo.merge('Unsigned');
    await check();
  });

  it('nor is it switched off by taking fleet.yaml away, or by making it unreadable', async () => {
    for (const content of [null, 'kind: Fleet\ntrust: { requireSigned\n', 'kind: Fleet\ntrusty: {}\n']) {
      if (content === null) repo.remove('desired-state/fleet.yaml');
      else repo.write('desired-state/fleet.yaml', content);
      await repo.merge('Break it', ada.key);
      await repo.merge('And an unsigned change');
      await expect(check()).rejects.toThrow(/is not signed/);
      await repo.git('reset', '--quiet', '--hard', applied);
      await repo.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
    }
  });

  it('a stranger cannot let himself in', async () => {
    repo.write('desired-state/trust/approvers', `eve@example.org ${eve.publicKey}\n`);
    await repo.merge('Let Eve in', eve.key);
    await repo.merge('And change', eve.key);
    await expect(check()).rejects.toThrow(UntrustedCommit);
  });

  it('an approver lets another in, who then may', async () => {
    repo.write(
      'desired-state/trust/approvers',
      `ada@example.org ${ada.publicKey}\neve@example.org ${eve.publicKey}\n`,
    );
    await repo.merge('Let Eve in', ada.key);
    await repo.merge('Change', eve.key);
    await check();
  });

  it('nobody switches that off without a signature', async () => {
    repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
    await repo.merge('No signatures any more');
    await expect(check()).rejects.toThrow(/is not signed/);
  });

  it('a signed merge does not bring in commits that are not signed', async () => {
    await repo.git('checkout', '--quiet', '-b', 'side');
    await repo.git('commit', '--quiet', '--allow-empty', '-m', 'Unsigned work');
    await repo.git('checkout', '--quiet', 'main');
    await repo.git(
      '-c',
      'gpg.format=ssh',
      '-c',
      `user.signingkey=${ada.key}`,
      'merge',
      '--quiet',
      '--no-ff',
      '-S',
      '-m',
      'Merge',
      'side',
    );
    await repo.git('push', '--quiet', 'origin', 'HEAD:main');
    await expect(check()).rejects.toThrow(/Unsigned|is not signed/);
  });

  it('nor does it bring in a history of its own', async () => {
    await repo.git('checkout', '--quiet', '--orphan', 'elsewhere');
    await repo.git('commit', '--quiet', '-m', 'Elsewhere');
    await repo.git('checkout', '--quiet', 'main');
    await repo.git(
      '-c',
      'gpg.format=ssh',
      '-c',
      `user.signingkey=${ada.key}`,
      'merge',
      '--quiet',
      '--allow-unrelated-histories',
      '--no-ff',
      '-S',
      '-m',
      'Merge',
      'elsewhere',
    );
    await repo.git('push', '--quiet', 'origin', 'HEAD:main');
    await expect(check()).rejects.toThrow(/is not signed/);
  });

  it('at first contact nothing is asked of a fleet that asks for no signatures', async () => {
    repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
    const tip = await repo.merge('Unsigned');
    await mirror.fetch();
    await trust.check(tip, null);
  });

  it('at first contact the tip must be signed by one of its own approvers', async () => {
    const unsigned = await repo.merge('Unsigned');
    await mirror.fetch();
    await expect(trust.check(unsigned, null)).rejects.toThrow(/is not signed/);
    await trust.check(applied, null);
  });
});

describe('a mistake in between', () => {
  it('in fleet.yaml does not keep the correction out', async () => {
    repo.write('desired-state/fleet.yaml', 'kind: Fleet\ntrust: { requireSigned\n');
    const broken = await repo.merge('Break it', ada.key);
    await check(broken);
    await expect(requiresSignedCommits(mirror.tree(broken), 'desired-state')).rejects.toThrow(
      InvalidDesiredState,
    );
    repo.write('desired-state/fleet.yaml', SIGNED);
    await repo.merge('Mend it', ada.key);
    await check();
  });

  it('that removed every approver does not either, and lets no stranger in', async () => {
    repo.remove('desired-state/trust/approvers');
    await repo.merge('Remove them', ada.key);
    repo.write('desired-state/trust/approvers', `eve@example.org ${eve.publicKey}\n`);
    await repo.merge('Put Eve there', eve.key);
    await expect(check()).rejects.toThrow(UntrustedCommit);
    repo.write('desired-state/trust/approvers', `ada@example.org ${ada.publicKey}\n`);
    await repo.git('reset', '--quiet', '--soft', 'HEAD~1');
    await repo.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
    await repo.merge('Put Ada back', ada.key);
    await check();
  });
});

describe('a branch that was rewound', () => {
  it('is not followed, and is followed again when it comes right', async () => {
    const tip = await repo.merge('Change', ada.key);
    await repo.remoteGit('update-ref', 'refs/heads/main', applied);
    const there = await mirror.fetch();
    await expect(trust.check(there, tip)).rejects.toThrow(/was rewound or rewritten/);
    await repo.remoteGit('update-ref', 'refs/heads/main', tip);
    const again = await mirror.fetch();
    expect(again).toBe(tip);
    await trust.check(again, applied);
  });

  it('is told from one that went on', async () => {
    const left = await repo.merge('Change', ada.key);
    await mirror.fetch();
    await repo.git('reset', '--quiet', '--hard', applied);
    await repo.git('commit', '--quiet', '--allow-empty', '-m', 'Another history');
    await repo.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
    const tip = await mirror.fetch();
    await expect(trust.check(tip, left)).rejects.toThrow(/was rewound or rewritten/);
  });
});

describe('a pinned first contact', () => {
  it('follows what descends from the pin, signed by whom that trusts', async () => {
    const tip = await repo.merge('Change', ada.key);
    await mirror.fetch();
    await trustFrom(applied).check(applied, null);
    await trustFrom(applied).check(tip, null);
  });

  it('does not believe a tip that vouches for itself', async () => {
    repo.write('desired-state/trust/approvers', `eve@example.org ${eve.publicKey}\n`);
    const tip = await repo.merge('Let Eve in', eve.key);
    await mirror.fetch();
    await trustFrom(null).check(tip, null);
    await expect(trustFrom(applied).check(tip, null)).rejects.toThrow(/by a key that no approver has/);
  });

  it('follows no other history, and says what it looked for', async () => {
    const tip = await repo.merge('Change', ada.key);
    await mirror.fetch();
    for (const pin of ['f'.repeat(40), tip])
      await expect(trustFrom(pin).check(applied, null)).rejects.toThrow(
        /names as firstCommit, is not in the history/,
      );
  });

  it('has no say once a commit was followed', async () => {
    const tip = await repo.merge('Change', ada.key);
    await mirror.fetch();
    await trustFrom('f'.repeat(40)).check(tip, applied);
  });
});
