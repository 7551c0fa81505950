import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recordPath } from '../../../reconciler/audit/paths.ts';
import type { RecordDraft } from '../../../reconciler/audit/record.ts';
import { RemoteUnreachable } from '../../../reconciler/errors.ts';
import { openWords } from '../../../reconciler/rollout/open-words.ts';
import type { GuestProgress, HostWord } from '../../../reconciler/rollout/progress.ts';
import {
  type AccountHost,
  type AccountLab,
  newKey,
  openAccountLab,
  someDraft,
} from '../audit/account-lab.ts';

let lab: AccountLab;
let reader: AccountHost;
let b: AccountHost;
let keys: Map<string, readonly string[]>;

beforeEach(async () => {
  lab = await openAccountLab();
  await lab.repo.remoteGit('config', 'uploadpack.allowFilter', 'true');
  reader = await lab.host('a');
  b = await lab.host('b');
  keys = new Map([['b', [b.publicKey]]]);
});

afterEach(() => lab.dispose());

function wordsOf({ gitDir, mirror }: AccountHost) {
  const folder = join(lab.root, 'words');
  const pattern = () => 'audit/{host}';
  return openWords({ gitDir, folder, mirror, path: 'desired-state', pattern });
}

function progress(state: GuestProgress['state']): GuestProgress {
  const since = '2026-11-25T12:00:00.000Z';
  return { fingerprint: 'f'.repeat(64), state, since, healthyMs: null, probed: false, detail: '' };
}

/** A record of a host is made and pushed, and seen by the reader's mirror. */
async function says(host: AccountHost, state: GuestProgress['state'], more: Partial<RecordDraft> = {}) {
  await host.log.append(someDraft(lab.desired, { progress: { agent: progress(state) }, ...more }));
  await host.log.push();
  await reader.mirror.fetch();
}

/** What the reader is told of `b`: the state of its guest, or why nothing. */
async function asked(words: ReturnType<typeof wordsOf>): Promise<string> {
  return inShort((await words.words({ keys }, ['b'])).get('b'));
}

function inShort(word: HostWord | undefined): string {
  return word?.state === 'told' ? (word.progress.agent?.state ?? 'nothing') : (word?.why ?? 'not asked');
}

/** A commit by whoever has `key` becomes the tip of a branch, as somebody who may push anything makes it. */
async function forge(
  key: string,
  change: { readonly from?: string; readonly text?: string; readonly of?: string },
) {
  const { from = 'origin/audit/b', of = 'b', text = 'x' } = change;
  await lab.repo.git('fetch', '--quiet', 'origin');
  await lab.repo.git('checkout', '--quiet', '--detach', from);
  const draft = someDraft(lab.desired, { progress: { agent: progress('healthy') } });
  const path = recordPath('b', draft.time, draft.id);
  const record = { apiVersion: 'boxreeve/v1', host: of, sequence: 9, previous: null, ...draft, witness: {} };
  lab.repo.write(path, JSON.stringify(record));
  await lab.repo.git('add', '--all');
  await lab.tamper(key, 'commit', '--quiet', '-m', `x\n\n${text}\n\nBoxreeve-Record: ${path}`);
  await lab.repo.git('push', '--quiet', '--force', 'origin', 'HEAD:refs/heads/audit/b');
  await reader.mirror.fetch();
}

it('the word of a host is what its newest record says, also after the next one', async () => {
  const words = wordsOf(reader);
  await says(b, 'pending');
  expect(await asked(words)).toBe('pending');
  const failure = { host: 'b', since: '2026-11-25T12:00:00.000Z', detail: 'init failed' };
  const halts = [{ guest: 'agent', change: 'c'.repeat(64), failures: [failure] }];
  await says(b, 'failed', { halts });
  const word = (await words.words({ keys }, ['b'])).get('b');
  expect(word).toMatchObject({ state: 'told', progress: { agent: { state: 'failed' } }, halts });
});

it('its newest record is the last that it made, also if its clock was put back in between', async () => {
  await says(b, 'failed', { time: '2026-12-24T12:00:00.000Z' });
  await says(b, 'healthy', { time: '2026-11-24T12:00:00.000Z' });
  expect(await asked(wordsOf(reader))).toBe('healthy');
});

it('what did not move is not read again, and stays known while the remote is away', async () => {
  const words = wordsOf(reader);
  await says(b, 'healthy');
  await asked(words);
  rmSync(lab.repo.url, { recursive: true });
  expect(await asked(words)).toBe('healthy');
});

it('a host that moved while the remote is away is an error, and what was read last can be had', async () => {
  const words = wordsOf(reader);
  await says(b, 'pending');
  await asked(words);
  await says(b, 'healthy');
  rmSync(lab.repo.url, { recursive: true });
  await expect(asked(words)).rejects.toThrow(RemoteUnreachable);
  expect(inShort(words.lastWords({ keys }, ['b']).get('b'))).toBe('pending');
});

it('words are in the repository that hosts push to; while it is away the branch is followed, and the words are not new', async () => {
  const accounts = join(lab.root, 'accounts.git');
  await execa('git', ['init', '--quiet', '--bare', accounts]);
  await says(b, 'healthy');
  await lab.gitIn(b.gitDir, 'push', '--quiet', accounts, 'refs/boxreeve/audit/b:refs/heads/audit/b');
  await lab.repo.remoteGit('update-ref', '-d', 'refs/heads/audit/b');
  const words = wordsOf(reader);
  await reader.mirror.useAuditRepo(accounts);
  await reader.mirror.listBranches();
  expect(await asked(words)).toBe('healthy');
  renameSync(accounts, `${accounts}.away`);
  const tip = await lab.repo.merge('Go on');
  expect(await reader.mirror.fetch()).toBe(tip);
  await expect(asked(words)).rejects.toThrow(/the repository of the records is away: .*accounts\.git/s);
  expect(inShort(words.lastWords({ keys }, ['b']).get('b'))).toBe('healthy');
  renameSync(`${accounts}.away`, accounts);
  await reader.mirror.fetch();
  expect(await asked(words)).toBe('healthy');
});

it('a record by a key that the desired state does not give the host says nothing', async () => {
  const words = wordsOf(reader);
  await says(b, 'pending');
  await forge((await newKey(lab.root, 'mallory')).key, {});
  expect(await asked(words)).toMatch(/^has a newest record \(\w{12}\) that is signed by a key/);
});

it('a key that the desired state no longer gives a host makes it silent at once, and the next one heard', async () => {
  const words = wordsOf(reader);
  await says(b, 'healthy');
  expect(await asked(words)).toBe('healthy');
  keys.set('b', [(await newKey(lab.root, 'next')).publicKey]);
  expect(await asked(words)).toContain('signed by a key that its file does not name');
  keys.set('b', [(await newKey(lab.root, 'next')).publicKey, b.publicKey]);
  expect(await asked(words)).toBe('healthy');
});

it('a record that is not signed says nothing', async () => {
  await says(b, 'pending');
  await lab.repo.git('fetch', '--quiet', 'origin');
  const tree = await lab.repo.git('rev-parse', 'origin/audit/b^{tree}');
  const message = await lab.repo.git('log', '-1', '--format=%B', 'origin/audit/b');
  const commit = await lab.repo.git('commit-tree', tree, '-m', message);
  await lab.repo.git('push', '--quiet', '--force', 'origin', `${commit}:refs/heads/audit/b`);
  await reader.mirror.fetch();
  expect(await asked(wordsOf(reader))).toMatch(/that is not signed$/);
});

it('a record of another host in the branch of a host says nothing of either', async () => {
  await says(b, 'pending');
  await forge(b.key, { of: 'a' });
  expect(await asked(wordsOf(reader))).toMatch(/that is one of a$/);
});

it('the branch of one host pushed to that of another says nothing of it', async () => {
  await says(b, 'healthy');
  const c = await lab.host('c');
  await says(c, 'pending');
  keys.set('c', [c.publicKey]);
  await lab.repo.git('fetch', '--quiet', 'origin');
  await lab.repo.git('push', '--quiet', '--force', 'origin', 'origin/audit/b:refs/heads/audit/c');
  await reader.mirror.fetch();
  const words = await wordsOf(reader).words({ keys }, ['b', 'c']);
  expect([...words].map(([host, word]) => `${host} ${inShort(word)}`)).toEqual([
    'b healthy',
    expect.stringContaining('c has a newest record'),
  ]);
});

it('a commit that adds no record says nothing', async () => {
  await says(b, 'healthy');
  await lab.repo.git('fetch', '--quiet', 'origin');
  await lab.repo.git('checkout', '--quiet', '--detach', 'origin/audit/b');
  await lab.tamper(b.key, 'commit', '--quiet', '--allow-empty', '-m', 'hello');
  await lab.repo.git('push', '--quiet', 'origin', 'HEAD:refs/heads/audit/b');
  await reader.mirror.fetch();
  expect(await asked(wordsOf(reader))).toMatch(/that adds no record$/);
});

it('a commit that names a record it does not have says nothing, and keeps nobody else from being heard', async () => {
  const c = await lab.host('c');
  keys.set('c', [c.publicKey]);
  await says(b, 'healthy');
  await says(c, 'healthy');
  await lab.repo.git('fetch', '--quiet', 'origin');
  await lab.repo.git('checkout', '--quiet', '--detach', 'origin/audit/b');
  const path = recordPath('b', '2026-11-25T12:00:00.000Z', crypto.randomUUID());
  await lab.tamper(b.key, 'commit', '--quiet', '--allow-empty', '-m', `x\n\nBoxreeve-Record: ${path}`);
  await lab.repo.git('push', '--quiet', 'origin', 'HEAD:refs/heads/audit/b');
  await reader.mirror.fetch();
  const words = await wordsOf(reader).words({ keys }, ['b', 'c']);
  expect(inShort(words.get('b'))).toMatch(/that adds no record$/);
  expect(inShort(words.get('c'))).toBe('healthy');
});

it('of two records that a message names the last counts, as Git takes trailers', async () => {
  await says(b, 'pending');
  await lab.repo.git('fetch', '--quiet', 'origin');
  const older = await lab.repo.git('log', '-1', '--format=%(trailers:key=Boxreeve-Record)', 'origin/audit/b');
  await forge(b.key, { text: older.trim() });
  expect(await asked(wordsOf(reader))).toBe('healthy');
});

it('a branch that goes back to an older record makes its host silent until it goes on', async () => {
  const words = wordsOf(reader);
  await says(b, 'healthy');
  const old = reader.mirror.auditTips('audit/{host}').b ?? '';
  await says(b, 'failed');
  expect(await asked(words)).toBe('failed');
  await lab.repo.remoteGit('update-ref', 'refs/heads/audit/b', old);
  await reader.mirror.fetch();
  expect(await asked(words)).toMatch(/is number 1, and number 2 .* was seen before: its branch went back$/);
  await says(b, 'pending');
  expect(await asked(words)).toBe('pending');
});

it('two records of one number are not both believed', async () => {
  const words = wordsOf(reader);
  await says(b, 'failed');
  await forge(b.key, {});
  expect(await asked(words)).toBe('healthy');
  await forge(b.key, { from: 'origin/audit/b~1' });
  expect(await asked(words)).toMatch(/is another number 9 than the one seen before/);
});

it('a host without a branch, or whose branch is gone, is silent', async () => {
  const words = wordsOf(reader);
  await reader.mirror.fetch();
  expect(await asked(words)).toBe('has no record on the remote');
  await says(b, 'healthy');
  expect(await asked(words)).toBe('healthy');
  await lab.repo.remoteGit('update-ref', '-d', 'refs/heads/audit/b');
  await reader.mirror.fetch();
  expect(await asked(words)).toBe('has no record on the remote');
});

it('a record that does not say how far its host is leaves it silent', async () => {
  await b.log.append(someDraft(lab.desired));
  await b.log.push();
  await reader.mirror.fetch();
  expect(await asked(wordsOf(reader))).toMatch(/^does not say in its newest record how far it is/);
});

it('one host whose record is none does not keep the others from being heard', async () => {
  const c = await lab.host('c');
  keys.set('c', [c.publicKey]);
  await says(c, 'healthy');
  await lab.repo.git('push', '--quiet', 'origin', 'main:refs/heads/audit/b');
  await reader.mirror.fetch();
  const words = await wordsOf(reader).words({ keys }, ['b', 'c']);
  expect(inShort(words.get('c'))).toBe('healthy');
  expect(words.get('b')?.state).toBe('silent');
});

it('all hosts of a fleet are read that is larger than one fetch takes', async () => {
  await says(b, 'healthy');
  const hosts = Array.from({ length: 501 }, (_, index) => `h${index}`);
  const all = new Map(hosts.map((host) => [host, [b.publicKey]]));
  const tip = reader.mirror.auditTips('audit/{host}').b ?? '';
  const refs = hosts.map((host) => `create refs/heads/audit/${host} ${tip}\n`);
  await execa('git', [`--git-dir=${lab.repo.url}`, 'update-ref', '--stdin'], { input: refs.join('') });
  await reader.mirror.fetch();
  const words = await wordsOf(reader).words({ keys: all }, hosts);
  const said = [...words.values()].map((word) => inShort(word).replace(/\(\w{12}\)/, ''));
  expect(said).toEqual(hosts.map(() => 'has a newest record  that is one of b'));
});

it('of a branch only the newest record is fetched', async () => {
  await says(b, 'pending');
  const before = reader.mirror.auditTips('audit/{host}').b ?? '';
  await says(b, 'healthy');
  await asked(wordsOf(reader));
  const gitDir = join(lab.root, 'words', `${process.pid}.git`);
  const here = await lab.gitIn(gitDir, 'cat-file', '--batch-all-objects', '--batch-check');
  expect(here).not.toContain(before);
  expect(here.split('\n').filter((line) => line.includes(' blob '))).toHaveLength(1);
});

it('a fetch that was killed on its way keeps no later one from its work', async () => {
  const words = wordsOf(reader);
  await says(b, 'pending');
  await asked(words);
  writeFileSync(join(lab.root, 'words', `${process.pid}.git`, 'shallow.lock'), '');
  await says(b, 'healthy');
  expect(await asked(words)).toBe('healthy');
});

it('what is left of processes that have ended is taken away, and what others work in stays', async () => {
  const gone = join(lab.root, 'words', '999999999.git');
  const cut = join(lab.root, 'words', '.999999999.git-abcdef');
  const others = join(lab.root, 'words', `${process.ppid}.git`);
  for (const folder of [gone, cut, others]) mkdirSync(folder, { recursive: true });
  await says(b, 'healthy');
  await asked(wordsOf(reader));
  expect([gone, cut, others].map((folder) => existsSync(folder))).toEqual([false, false, true]);
});

it('what a commit says of the fleet is read once for each desired state', async () => {
  const words = wordsOf(reader);
  const first = await lab.declare({ b: `auditKey: ${b.publicKey}` });
  lab.repo.write('README.md', 'nothing');
  const second = await lab.repo.merge('Say nothing new');
  const third = await lab.declare({ c: `auditKey: ${reader.publicKey}` });
  await reader.mirror.fetch();
  const facts = await words.facts(first, []);
  expect(facts.members.map(({ name }) => name)).toEqual(['b']);
  expect(await words.facts(second, [])).toBe(facts);
  expect((await words.facts(third, [])).members.map(({ name }) => name)).toEqual(['b', 'c']);
});
