import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTrustScene, type Person, type TrustScene } from '../../lab/trust-scene.ts';

let scene: TrustScene;
let ada: Person;
let bo: Person;

beforeEach(async () => {
  scene = await openTrustScene(['ada', 'bo']);
  [ada, bo] = [await scene.person('ada'), await scene.person('bo')];
});
afterEach(() => scene.dispose());

describe('a key with limits', () => {
  it.each([
    ['has expired', 'valid-before="20250101Z"', /had expired/],
    ['is not valid yet', 'valid-after="20990101Z"', /valid from 2099/],
    ['is for other things', 'namespaces="file"', /not for commits/],
  ])('that %s signs no commit', async (_what, options, why) => {
    scene.approvers(scene.line(ada), scene.line(bo, options));
    const base = await scene.commit('Limit Bo', ada);
    await scene.commit('Change', bo);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(why);
  });

  it('signs what it is for, in its time', async () => {
    scene.approvers(
      scene.line(ada),
      scene.line(bo, 'namespaces="git",valid-after="20200101Z",valid-before="20990101Z"'),
    );
    const base = await scene.commit('Limit Bo', ada);
    await scene.commit('Change', bo);
    await scene.push();
    await scene.judge(base);
  });

  it('that has expired does not come back by a date in the past', async () => {
    scene.approvers(scene.line(ada), scene.line(bo, 'valid-before="20250101Z"'));
    const base = await scene.commit('Limit Bo', ada);
    await scene.commit('Backdated', bo, '2024-06-01T12:00:00Z');
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(
      /not valid at this time, whatever the commit's own date says/,
    );
  });

  it('that is not valid yet does not come early by a date in the future', async () => {
    scene.approvers(scene.line(ada), scene.line(bo, 'valid-after="20980101Z"'));
    const base = await scene.commit('Bo from then on', ada);
    await scene.commit('Too early', bo, '2098-06-01T12:00:00Z');
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/not valid at this time/);
    await scene.judge(base, { now: () => Date.UTC(2098, 5, 2) });
  });

  it('signed, while it was valid, what is still followed after', async () => {
    scene.approvers(scene.line(ada), scene.line(bo, 'valid-before="20250101Z"'));
    const base = await scene.commit('Limit Bo', ada, '2024-05-01T12:00:00Z');
    await scene.commit('In time', bo, '2024-06-01T12:00:00Z');
    await scene.commit('And on', ada);
    await scene.push();
    await scene.judge(base);
  });
});

describe('a key that host.yaml revokes', () => {
  it('counts for nothing, though the infra repo lists it', async () => {
    const change = await scene.commit('Change', bo);
    await scene.push();
    await expect(scene.judge(scene.first, { revokedKeys: [bo.publicKey] })).rejects.toThrow(
      `is signed by a key that host.yaml says is revoked, which takes the signature of someone else, and has none: have another approver sign the merge that brings it in, or a commit after it with the line "Boxreeve-Approves: ${change}"`,
    );
  });

  it('takes trust from the commit gone by, though the branch did not move', async () => {
    const change = await scene.commit('Change', bo);
    await scene.push();
    await scene.judge(change);
    await expect(scene.judge(change, { revokedKeys: [bo.publicKey] })).rejects.toThrow(
      /nothing of it is followed/,
    );
  });

  it('has no say about who may sign after it, and the branch may be taken back behind it', async () => {
    const eve = await scene.person('eve');
    scene.approvers(scene.line(eve));
    const stolen = await scene.commit('Take over', bo);
    await scene.commit('And on', eve);
    await scene.push();
    await expect(scene.judge(stolen, { revokedKeys: [bo.publicKey] })).rejects.toThrow(
      /by a key that no approver has/,
    );
    await scene.git('reset', '--quiet', '--hard', scene.first);
    await scene.commit('Go on from before', ada);
    await scene.push();
    await scene.judge(stolen, { revokedKeys: [bo.publicKey] });
  });

  it('signed what an approver may answer for by name', async () => {
    const change = await scene.commit('Change', bo);
    await scene.commit(`It is fine\n\nBoxreeve-Approves: ${change}`, ada);
    await scene.push();
    await scene.judge(scene.first, { revokedKeys: [bo.publicKey] });
    await scene.judge(change, { revokedKeys: [bo.publicKey] });
  });
});

describe('a key that is pinned for first contact', () => {
  it('makes the newest commit it signed the one to begin from', async () => {
    await scene.commit('By Bo', bo);
    await scene.push();
    await scene.judge(null, { firstKey: ada.publicKey });
  });

  it('lets no one in who vouches for himself, nor a history that it did not sign', async () => {
    const eve = await scene.person('eve');
    scene.approvers(scene.line(eve));
    await scene.commit('Take over', eve);
    await scene.push();
    await scene.judge(null);
    await expect(scene.judge(null, { firstKey: ada.publicKey })).rejects.toThrow(/no approver has/);
    await expect(scene.judge(null, { firstKey: bo.publicKey })).rejects.toThrow(/names as firstKey/);
  });
});
