/** Two hosts over real Git that may both notify: one does, and the other goes on where it stopped. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recordPath } from '../../../reconciler/audit/paths.ts';
import type { RecordDraft } from '../../../reconciler/audit/record.ts';
import { MINUTE } from '../../../reconciler/clock.ts';
import { readFleetFacts } from '../../../reconciler/desired/fleet-facts.ts';
import { readRolloutRules } from '../../../reconciler/desired/rollout-rules.ts';
import type { HostConfig } from '../../../reconciler/host-config.ts';
import { CLAIM } from '../../../reconciler/notify/claim.ts';
import { type Notifier, openNotifier } from '../../../reconciler/notify/open-notifier.ts';
import type { RoundEnd } from '../../../reconciler/notify/round.ts';
import { SKEW } from '../../../reconciler/rollout/lease/slot.ts';
import { openWords } from '../../../reconciler/rollout/open-words.ts';
import type { GuestProgress } from '../../../reconciler/rollout/progress.ts';
import { openResumes } from '../../../reconciler/rollout/resumes.ts';
import { GUEST, writeCatalogue, writeFleet, writeGuest, writeHost } from '../../lab/desired-state.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../lab/notify/webhook-receiver.ts';
import {
  type AccountHost,
  type AccountLab,
  newKey,
  openAccountLab,
  someDraft,
} from '../audit/account-lab.ts';
import { recordedAction, recordOf } from './builders.ts';

const SECRET = 'a secret that both sides know';
const never = new AbortController().signal;
const silent = pino({ level: 'silent' });

let lab: AccountLab;
let receiver: WebhookReceiver;
let now: number;
let a: Member;
let b: Member;

/** A host that may notify, and records as hosts do. */
type Member = AccountHost & { readonly notifier: Notifier };

beforeEach(async () => {
  now = Date.now();
  receiver = await startWebhookReceiver(Buffer.from(SECRET));
  lab = await openAccountLab();
  await lab.repo.remoteGit('config', 'uploadpack.allowFilter', 'true');
  await lab.repo.remoteGit('config', 'uploadpack.allowAnySHA1InWant', 'true');
  a = opened(await lab.host('a'));
  b = opened(await lab.host('b'));
  writeFleet(lab.repo);
  writeCatalogue(
    lab.repo,
    ['1.0.0', '2.0.0'].map((version) => ({
      version,
      sha256: 'a'.repeat(64),
      size: 1,
      sources: ['file:///none'],
    })),
  );
  writeGuest(lab.repo, { version: '1.0.0' });
  for (const host of [a, b]) writeHost(lab.repo, host);
  await lab.repo.merge('Begin');
});

afterEach(async () => {
  await receiver.close();
  lab.dispose();
});

function opened(host: AccountHost): Member {
  const secret = join(lab.root, `secret-${host.name}`);
  writeFileSync(secret, SECRET);
  chmodSync(secret, 0o600);
  const config: HostConfig = {
    ...{ file: 'host.yaml', name: host.name, repo: lab.repo.url, branch: 'main', path: 'desired-state' },
    ...{ stateDir: lab.root, signingKey: host.key, firstCommit: null, firstKey: null, revokedKeys: [] },
    ...{ poll: MINUTE, secrets: { HOOK: { file: secret } }, notify: null, sendmail: [], rebootCommand: [] },
    ...{
      boxesDir: lab.root,
      downloadLimit: null,
      sftp: { key: null, knownHosts: '' },
      vagrantHome: lab.root,
    },
  };
  const { gitDir, mirror, name } = host;
  const pattern = () => 'audit/{host}';
  const notifier = openNotifier({
    ...{ config, gitDir, mirror, records: join(lab.root, `records-${name}.git`), log: silent },
    words: openWords({
      gitDir,
      folder: join(lab.root, `words-${name}`),
      mirror,
      path: 'desired-state',
      pattern,
    }),
    resumes: openResumes({ gitDir, path: 'desired-state', mirror, revokedKeys: [], now: () => now }),
    clock: { now: () => now, sleep: () => Promise.resolve() },
  });
  return { ...host, notifier };
}

/** A poll of a host, and a round. */
async function round({ mirror, notifier }: Member): Promise<RoundEnd> {
  const followed = await mirror.fetch();
  const on = ['applied', 'failed', 'in-sync', 'roll-out'] as const;
  return notifier.round(
    followed,
    [{ to: 'webhook', name: 'hook', url: receiver.url, secret: 'HOOK', on }],
    never,
  );
}

async function progressOf({ mirror, name }: AccountHost, state: GuestProgress['state']) {
  const commit = await mirror.fetch();
  const { guests } = await readRolloutRules(mirror.tree(commit), 'desired-state');
  const facts = await readFleetFacts(mirror.tree(commit), 'desired-state', guests);
  const fingerprint = facts.members.find((member) => member.name === name)?.guests.get(GUEST) ?? '';
  const since = '2026-11-25T12:00:00.000Z';
  return { [GUEST]: { fingerprint, state, since, healthyMs: 0, probed: true, detail: 'it is so' } };
}

/** A host records how far it is. */
async function says(
  host: Member,
  state: GuestProgress['state'],
  more: Partial<RecordDraft> = {},
): Promise<string> {
  const draft = someDraft(lab.desired, { progress: await progressOf(host, state), ...more });
  await host.log.append(draft);
  await host.log.push();
  return draft.id;
}

/** Ids of the records that were told, each as often as it was. */
function told(): readonly unknown[] {
  return receiver.received.flatMap(({ event }) => (event.type === 'boxreeve.record' ? [event.id] : []));
}

function states(): readonly unknown[] {
  return receiver.received.flatMap(({ event }) => (event.type === 'boxreeve.rollout' ? [event.outcome] : []));
}

it('one of two is elected, and tells what all hosts record', async () => {
  await says(a, 'healthy');
  await says(b, 'healthy');
  expect(await round(a)).toMatchObject({ mine: true });
  expect(await round(b)).toMatchObject({ mine: false });
  const ids = [await says(b, 'healthy'), await says(a, 'healthy'), await says(b, 'healthy')];
  await round(b);
  expect(told()).toEqual([]);
  await round(a);
  expect(told().toSorted()).toEqual(ids.toSorted());
});

it('of two that begin at the same time one tells, and nothing is told twice', async () => {
  await says(a, 'healthy');
  await Promise.all([round(a), round(b)]);
  const id = await says(b, 'failed', { outcome: 'failed' });
  await Promise.all([round(a), round(b)]);
  await Promise.all([round(a), round(b)]);
  expect(told()).toEqual([id]);
});

it('the other takes over when the claim is over for certain, and goes on where it stopped', async () => {
  await says(a, 'healthy');
  await says(b, 'healthy');
  await round(a);
  const first = await says(b, 'healthy');
  await round(a);
  const second = await says(b, 'healthy');
  now += CLAIM + SKEW;
  expect(await round(b)).toMatchObject({ mine: false });
  now += 1;
  expect(await round(b)).toMatchObject({ mine: true });
  expect(told()).toEqual([first, second]);
  expect(await round(a)).toMatchObject({ mine: false });
});

it('a host that ends lets the other notify at once', async () => {
  await round(a);
  await a.notifier.release();
  const id = await says(b, 'healthy');
  expect(await round(b)).toMatchObject({ mine: true });
  // what was before it was told is not: hosts had no records then
  expect(told()).toEqual([id]);
});

it('a merge is told as it is rolled out: begun, failed with what was printed, and done', async () => {
  for (const host of [a, b]) await says(host, 'healthy');
  await round(a);
  writeGuest(lab.repo, { version: '2.0.0' });
  const commit = await lab.repo.merge('Bump the box (#8)');
  await round(a);
  const output = 'init.sh: line 3: brew: command not found';
  await says(a, 'failed', { outcome: 'failed', actions: [recordedAction({ guest: GUEST, output })] });
  await says(a, 'failed');
  await round(a);
  for (const host of [a, b]) await says(host, 'healthy');
  await round(a);
  expect(states()).toEqual(['under-way', 'done']);
  const of = receiver.received.filter(({ event }) => event.type === 'boxreeve.rollout');
  expect(of.map(({ event }) => event.subject)).toEqual([commit, commit]);
  const failed = receiver.received.find(({ event }) => event.outcome === 'failed');
  expect(JSON.stringify(failed?.event.data)).toContain(output);
});

it('merges that come between two polls are told each, and the first as overtaken', async () => {
  for (const host of [a, b]) await says(host, 'healthy');
  await round(a);
  writeGuest(lab.repo, { version: '2.0.0' });
  const first = await lab.repo.merge('Bump the box (#8)');
  lab.repo.write('README.md', 'of no concern to any host');
  await lab.repo.merge('Say more (#9)');
  writeGuest(lab.repo, { version: '2.0.0', init: '#!/bin/sh\n' });
  const last = await lab.repo.merge('Empty the init script (#10)');
  await round(a);
  const of = receiver.received.map(({ event }) => [event.subject, event.outcome]);
  expect(of).toEqual([
    [first, 'overtaken'],
    [last, 'under-way'],
  ]);
});

it('what another key signed in the name of a host is not told', async () => {
  await says(b, 'healthy');
  await round(a);
  const { key } = await newKey(lab.root, 'eve');
  const record = recordOf({ host: 'b', sequence: 2, outcome: 'failed' });
  const path = recordPath('b', record.time, record.id);
  await lab.repo.git('fetch', '--quiet', 'origin');
  await lab.repo.git('checkout', '--quiet', '--detach', 'origin/audit/b');
  lab.repo.write(path, JSON.stringify(record));
  await lab.repo.git('add', '--all');
  await lab.tamper(key, 'commit', '--quiet', '-m', `x\n\nBoxreeve-Record: ${path}`);
  await lab.repo.git('push', '--quiet', 'origin', 'HEAD:refs/heads/audit/b');
  await round(a);
  expect(told()).toEqual([]);
});

it('a receiver that was away gets each record it missed, the oldest first', async () => {
  await says(b, 'healthy');
  await round(a);
  receiver.answer = { status: 503 };
  const ids: string[] = [];
  for (let count = 0; count < 8; count += 1) ids.push(await says(b, 'healthy'));
  await round(a);
  receiver.answer = null;
  now += 2 * MINUTE;
  await round(a);
  expect(told()).toEqual(ids);
});

it('a branch that somebody wrote into stops all, until it is deleted', async () => {
  await round(a);
  await lab.repo.git('push', '--quiet', '--force', 'origin', 'HEAD:refs/heads/boxreeve/notifier');
  const missed = await says(b, 'healthy');
  expect(await round(a)).toMatchObject({ mine: false });
  await lab.repo.remoteGit('update-ref', '-d', 'refs/heads/boxreeve/notifier');
  expect(await round(a)).toMatchObject({ mine: true });
  const id = await says(b, 'healthy');
  await round(a);
  expect(told()).toEqual([id]);
  expect(told()).not.toContain(missed);
});

it('the branch is signed by who notifies, and holds no secret', async () => {
  await says(b, 'healthy');
  await round(a);
  const text = await lab.repo.remoteGit('show', '--show-signature', 'boxreeve/notifier').catch(() => '');
  const raw = await lab.repo.remoteGit('cat-file', 'commit', 'boxreeve/notifier');
  expect(raw).toContain('-----BEGIN SSH SIGNATURE-----');
  expect(`${text}${raw}`).not.toContain(SECRET);
  const file = await lab.repo.remoteGit('show', 'boxreeve/notifier:notifier.json');
  expect(JSON.parse(file)).toMatchObject({ claim: { state: 'held', host: 'a', token: 1 } });
});
