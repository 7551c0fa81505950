import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAuthorities } from '../../../reconciler/trust/authority.ts';
import { judgeRange, type Parts } from '../../../reconciler/trust/judge-range.ts';
import { openOwnChanges } from '../../../reconciler/trust/own-changes.ts';
import { openProofs } from '../../../reconciler/trust/proofs.ts';
import { openTrustScene, type TrustScene } from '../../lab/trust-scene.ts';

let scene: TrustScene;
/** Lists of approvers that were read, and how often anyone asked what commits change. */
let looked: { lists: number; changes: number };
let parts: Parts;

beforeEach(async () => {
  scene = await openTrustScene(['ada']);
  looked = { lists: 0, changes: 0 };
  const gitDir = join(scene.repo.folder, '.git');
  const authorities = openAuthorities(gitDir, 'desired-state');
  const own = openOwnChanges(gitDir, 'desired-state');
  parts = {
    gitDir,
    path: 'desired-state',
    revoked: new Set(),
    now: Date.now,
    proofs: openProofs(gitDir),
    authorities: {
      ...authorities,
      load: (ids) => {
        looked.lists = Math.max(looked.lists, new Set(ids.values()).size);
        return authorities.load(ids);
      },
    },
    ownChanges: {
      of: (commits) => {
        looked.changes += 1;
        return own.of(commits);
      },
    },
  };
});
afterEach(() => scene.dispose());

it('reads no list of one who may not sign, however many he brings', async () => {
  const eve = await scene.person('eve');
  for (let count = 0; count < 10; count += 1) {
    scene.approvers(scene.line(eve), `# ${count}`);
    await scene.commit(`List ${count}`, count === 0 ? null : eve);
  }
  const tip = await scene.git('rev-parse', 'HEAD');
  await expect(judgeRange(parts, scene.first, tip, null)).rejects.toThrow(/is not signed/);
  expect(looked).toEqual({ lists: 2, changes: 0 });
});

it('looks up what commits change only of those that are signed as they must', async () => {
  const ada = await scene.person('ada');
  scene.repo.write(
    'desired-state/trust/rules.yaml',
    'rules: [{ paths: [hosts/], approvers: [ada@example.org] }]\n',
  );
  const base = await scene.commit('Rules', ada);
  const good = await scene.commit('Signed', ada);
  const bad = await scene.commit('Unsigned', null);
  await expect(judgeRange(parts, base, bad, null)).rejects.toThrow(/is not signed/);
  expect(looked.changes).toBe(0);
  await judgeRange(parts, base, good, null);
  expect(looked.changes).toBe(1);
});
