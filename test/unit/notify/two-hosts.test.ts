/** Two hosts over real Git that may both notify: one does, and the other goes on where it stopped. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MINUTE } from '../../../reconciler/clock.ts';
import { CLAIM } from '../../../reconciler/notify/claim.ts';
import { SKEW } from '../../../reconciler/rollout/lease/slot.ts';
import { GUEST, writeGuest } from '../../lab/desired-state.ts';
import { newKey } from '../audit/account-lab.ts';
import { recordedAction } from './builders.ts';
import { NotifyLab, SECRET } from './git-lab.ts';

// each is dozens of Gits, one after the other
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let lab: NotifyLab;
beforeEach(async () => {
  lab = await NotifyLab.open();
});
afterEach(() => lab.close());

it('one of two is elected, and tells what all hosts record', async () => {
  await lab.says('a', 'healthy');
  await lab.says('b', 'healthy');
  expect(await lab.round('a')).toMatchObject({ mine: true });
  expect(await lab.round('b')).toMatchObject({ mine: false });
  const ids = [
    await lab.says('b', 'healthy'),
    await lab.says('a', 'healthy'),
    await lab.says('b', 'healthy'),
  ];
  await lab.round('b');
  expect(lab.told()).toEqual([]);
  await lab.round('a');
  expect(lab.told().toSorted()).toEqual(ids.toSorted());
});

it('of two that begin at the same time one tells, and nothing is told twice', async () => {
  await lab.says('a', 'healthy');
  await Promise.all([lab.round('a'), lab.round('b')]);
  const id = await lab.says('b', 'failed', { outcome: 'failed' });
  await Promise.all([lab.round('a'), lab.round('b')]);
  await Promise.all([lab.round('a'), lab.round('b')]);
  expect(lab.told()).toEqual([id]);
});

it('the other takes over when the claim is over for certain, and goes on where it stopped', async () => {
  await lab.says('a', 'healthy');
  await lab.says('b', 'healthy');
  await lab.round('a');
  const first = await lab.says('b', 'healthy');
  await lab.round('a');
  const second = await lab.says('b', 'healthy');
  lab.now += CLAIM + SKEW;
  expect(await lab.round('b')).toMatchObject({ mine: false });
  lab.now += 1;
  expect(await lab.round('b')).toMatchObject({ mine: true });
  expect(lab.told()).toEqual([first, second]);
  expect(await lab.round('a')).toMatchObject({ mine: false });
});

it('a host that ends lets the other notify at once', async () => {
  await lab.round('a');
  await lab.member('a').notifier.release();
  const id = await lab.says('b', 'healthy');
  expect(await lab.round('b')).toMatchObject({ mine: true });
  // what was before it was told is not: hosts had no records then
  expect(lab.told()).toEqual([id]);
});

it('a merge is told as it is rolled out: begun, failed with what was printed, and done', async () => {
  for (const host of ['a', 'b']) await lab.says(host, 'healthy');
  await lab.round('a');
  writeGuest(lab.account.repo, { version: '2.0.0' });
  const commit = await lab.account.repo.merge('Bump the box (#8)');
  await lab.round('a');
  const output = 'init.sh: line 3: brew: command not found';
  await lab.says('a', 'failed', { outcome: 'failed', actions: [recordedAction({ guest: GUEST, output })] });
  await lab.says('a', 'failed');
  await lab.round('a');
  for (const host of ['a', 'b']) await lab.says(host, 'healthy');
  await lab.round('a');
  expect(lab.states()).toEqual(['under-way', 'done']);
  const of = lab.receiver.received.filter(({ event }) => event.type === 'boxreeve.rollout');
  expect(of.map(({ event }) => event.subject)).toEqual([commit, commit]);
  const failed = lab.receiver.received.find(({ event }) => event.outcome === 'failed');
  expect(JSON.stringify(failed?.event.data)).toContain(output);
});

it('merges that come between two polls are told each, and the first as overtaken', async () => {
  for (const host of ['a', 'b']) await lab.says(host, 'healthy');
  await lab.round('a');
  writeGuest(lab.account.repo, { version: '2.0.0' });
  const first = await lab.account.repo.merge('Bump the box (#8)');
  lab.account.repo.write('README.md', 'of no concern to any host');
  await lab.account.repo.merge('Say more (#9)');
  writeGuest(lab.account.repo, { version: '2.0.0', init: '#!/bin/sh\n' });
  const last = await lab.account.repo.merge('Empty the init script (#10)');
  await lab.round('a');
  const of = lab.receiver.received.map(({ event }) => [event.subject, event.outcome]);
  expect(of).toEqual([
    [first, 'overtaken'],
    [last, 'under-way'],
  ]);
});

it('what another key signed in the name of a host is not told', async () => {
  await lab.says('b', 'healthy');
  await lab.round('a');
  await lab.forge((await newKey(lab.account.root, 'eve')).key, 'b');
  await lab.round('a');
  expect(lab.told()).toEqual([]);
});

it('a receiver that was away gets each record it missed, the oldest first', async () => {
  await lab.says('b', 'healthy');
  await lab.round('a');
  lab.receiver.answer = { status: 503 };
  const ids: string[] = [];
  for (let count = 0; count < 8; count += 1) ids.push(await lab.says('b', 'healthy'));
  await lab.round('a');
  lab.receiver.answer = null;
  lab.now += 2 * MINUTE;
  await lab.round('a');
  expect(lab.told()).toEqual(ids);
});

it('a branch that somebody wrote into stops all, until it is deleted', async () => {
  await lab.round('a');
  await lab.account.repo.git('push', '--quiet', '--force', 'origin', 'HEAD:refs/heads/boxreeve/notifier');
  const missed = await lab.says('b', 'healthy');
  expect(await lab.round('a')).toMatchObject({ mine: false });
  await lab.account.repo.remoteGit('update-ref', '-d', 'refs/heads/boxreeve/notifier');
  expect(await lab.round('a')).toMatchObject({ mine: true });
  const id = await lab.says('b', 'healthy');
  await lab.round('a');
  expect(lab.told()).toEqual([id]);
  expect(lab.told()).not.toContain(missed);
});

it('the branch is signed by who notifies, and holds no secret', async () => {
  await lab.says('b', 'healthy');
  await lab.round('a');
  const text = await lab.account.repo
    .remoteGit('show', '--show-signature', 'boxreeve/notifier')
    .catch(() => '');
  const raw = await lab.account.repo.remoteGit('cat-file', 'commit', 'boxreeve/notifier');
  expect(raw).toContain('-----BEGIN SSH SIGNATURE-----');
  expect(`${text}${raw}`).not.toContain(SECRET);
  const file = await lab.account.repo.remoteGit('show', 'boxreeve/notifier:notifier.json');
  expect(JSON.parse(file)).toMatchObject({ claim: { state: 'held', host: 'a', token: 1 } });
});
