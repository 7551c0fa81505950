/** Old records folded into one branch: real Git, real keys. */
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { monthBegins, parseArchive } from '../../../reconciler/audit/archive/archive-form.ts';
import { type ArchiveMade, makeArchive } from '../../../reconciler/audit/archive/make-archive.ts';
import { openFleetAccount } from '../../../reconciler/audit/fleet-account.ts';
import { verifyAudit } from '../../../reconciler/audit/verify.ts';
import {
  type AccountHost,
  type AccountLab,
  kindsIn,
  newKey,
  openAccountLab,
  someDraft,
} from './account-lab.ts';

const FLEET = 'kind: Fleet\ntrust: { requireSignedCommits: true }\n';
let lab: AccountLab;
let one: AccountHost;
let two: AccountHost;
let ada: { readonly key: string; readonly publicKey: string };
/** After the records that `before` has made. */
let later: number;

beforeEach(async () => {
  lab = await openAccountLab();
  ada = await newKey(lab.root, 'ada');
  [one, two] = [await lab.host('builder1'), await lab.host('builder2')];
  lab.repo.write('desired-state/fleet.yaml', FLEET);
  lab.repo.write('desired-state/trust/approvers', `ada@example.org ${ada.publicKey}\n`);
  await lab.declare({ builder1: `auditKey: ${one.publicKey}`, builder2: `auditKey: ${two.publicKey}` });
  for (const host of [one, two, one, two]) await record(host);
  later = Date.parse(someDraft(lab.desired).time);
});
afterEach(() => lab.dispose());

/** With what it sees of the others. */
async function record(host: AccountHost): Promise<void> {
  await host.mirror.fetch();
  await host.log.append(someDraft(lab.desired));
  await host.log.push();
}

async function account(reader: AccountHost) {
  return openFleetAccount(reader.gitDir, reader.mirror, 'desired-state', reader.name);
}

/** A person's machine that knows nothing yet. */
const fresh = () => lab.host('reader');

async function archive(
  reader: AccountHost,
  begins = later,
  key: string | null = ada.key,
): Promise<ArchiveMade> {
  const { watched, hosts, archive: before } = await account(reader);
  const about = { gitDir: reader.gitDir, path: 'desired-state', watched, remote: 'origin' };
  const person = { name: 'Ada', email: 'ada@example.org', key };
  const parts = { ...about, revokedKeys: [], now: Date.now() };
  return makeArchive(parts, { month: '2026-11', begins, hosts, before, person });
}

/** Each kind once, of each branch. */
async function found(reader: AccountHost): Promise<readonly string[]> {
  const input = await account(reader);
  const asked = { ...input, gitDir: reader.gitDir, checkpoint: null, full: false, now: Date.now() };
  return [...new Set(kindsIn(await verifyAudit(asked)))];
}

async function tip(branch: string): Promise<string> {
  return lab.repo.remoteGit('rev-parse', branch);
}

async function leave(name: string): Promise<void> {
  lab.repo.remove(`desired-state/hosts/${name}.yaml`);
  await lab.repo.merge(`Retire ${name}`);
}

async function drop(branch: string): Promise<void> {
  await lab.repo.remoteGit('update-ref', '-d', `refs/heads/${branch}`);
}

describe('an archive', () => {
  it('has the last old record of each host as parents, and changes nothing of their branches', async () => {
    const tips = [await tip('audit/builder1'), await tip('audit/builder2')];
    const made = await archive(await fresh());
    expect(made).toMatchObject({ added: true, hosts: [{ records: 2 }, { records: 2 }] });
    expect((await lab.repo.remoteGit('log', '-1', '--format=%P', 'boxreeve/archive')).split(' ')).toEqual(
      tips,
    );
    expect([await tip('audit/builder1'), await tip('audit/builder2')]).toEqual(tips);
    expect(await lab.repo.remoteGit('ls-tree', '-r', '--name-only', 'boxreeve/archive')).toBe('archive.json');
  });

  it('leaves out what is newer than the month, and hosts with nothing older', async () => {
    const before = await tip('audit/builder1');
    await record(one);
    const three = await lab.host('builder3');
    await lab.declare({ builder3: `auditKey: ${three.publicKey}` });
    await record(three);
    const made = await archive(await fresh());
    expect(made.hosts).toMatchObject([{ host: 'builder1', tip: before }, { host: 'builder2' }]);
  });

  it('goes on from the one before, with what is new as further parents', async () => {
    const first = await archive(await fresh());
    await record(one);
    const second = await archive(await fresh(), Date.parse(someDraft(lab.desired).time));
    const parents = await lab.repo.remoteGit('log', '-1', '--format=%P', 'boxreeve/archive');
    expect(parents).toBe(`${first.commit} ${await tip('audit/builder1')}`);
    expect(second.hosts).toMatchObject([{ records: 3 }, { records: 2 }]);
    expect(await found(await fresh())).toEqual([]);
  });

  it('made again with nothing new stays as it is, also for an earlier month', async () => {
    const reader = await fresh();
    const { commit } = await archive(reader);
    expect(await archive(reader)).toMatchObject({ commit, added: false });
    expect(await archive(await fresh(), later - 90_000)).toMatchObject({ commit, added: false });
  });

  it('of nothing is none', async () => {
    expect(await archive(await fresh(), 0)).toEqual({ commit: null, added: false, hosts: [] });
    expect(await lab.repo.remoteGit('for-each-ref', 'refs/heads/boxreeve')).toBe('');
  });

  it('is pushed by nobody whom others would not go by', async () => {
    const eve = await newKey(lab.root, 'eve');
    await expect(archive(await fresh(), later, eve.key)).rejects.toThrow('by a key that no approver has');
    await expect(archive(await fresh(), later, null)).rejects.toThrow('is not signed');
    expect(await lab.repo.remoteGit('for-each-ref', 'refs/heads/boxreeve')).toBe('');
  });

  it('that somebody else made meanwhile is not overwritten', async () => {
    const [slow, fast] = [await fresh(), await fresh()];
    const { watched, hosts, archive: before } = await account(slow);
    const made = await archive(fast);
    const about = { gitDir: slow.gitDir, path: 'desired-state', watched, remote: 'origin' };
    const person = { name: 'Ada', email: 'ada@example.org', key: ada.key };
    const wanted = { month: '2026-10', begins: later - 90_000, hosts, before, person };
    const parts = { ...about, revokedKeys: [], now: Date.now() + 60_000 };
    await expect(makeArchive(parts, wanted)).rejects.toThrow('made an archive meanwhile');
    expect(await tip('boxreeve/archive')).toBe(made.commit);
  });
});

describe('an archive by who is an approver no more', () => {
  it('is gone by again once an approver has signed for it', async () => {
    await leave('builder2');
    await archive(await fresh());
    await drop('audit/builder2');
    const bea = await newKey(lab.root, 'bea');
    lab.repo.write('desired-state/trust/approvers', `bea@example.org ${bea.publicKey}\n`);
    await lab.repo.merge('Ada leaves');
    expect(await found(await fresh())).toEqual(['builder2 truncated', 'boxreeve/archive bad-archive']);
    const reader = await fresh();
    const adopted = await tip('boxreeve/archive');
    const judged = { revokedKeys: [], now: Date.now(), adopted };
    const { gitDir, mirror, name } = reader;
    const read = await openFleetAccount(gitDir, mirror, 'desired-state', name, null, judged);
    const parts = { ...judged, gitDir, path: 'desired-state', watched: read.watched, remote: 'origin' };
    const person = { name: 'Bea', email: 'bea@example.org', key: bea.key };
    const wanted = { month: '2026-11', begins: later, hosts: read.hosts, before: read.archive, person };
    expect(await makeArchive(parts, wanted)).toMatchObject({ added: true });
    expect(await lab.repo.remoteGit('log', '-1', '--format=%P', 'boxreeve/archive')).toBe(adopted);
    expect(await found(await fresh())).toEqual([]);
  });
});

describe('a host that left', () => {
  it('is archived whole, and its branch may be deleted: its records are read and verified as before', async () => {
    await record(two);
    await record(one);
    await leave('builder2');
    const made = await archive(await fresh());
    expect(made.hosts).toMatchObject([
      { host: 'builder1', records: 2, left: false },
      { host: 'builder2', records: 3, left: true },
    ]);
    const before = await fresh();
    expect(await found(before)).toEqual([]);
    await drop('audit/builder2');
    for (const reader of [before, await fresh()]) {
      expect(await found(reader)).toEqual([]);
      const { hosts } = await lab.audit(reader);
      expect(hosts.map(({ host, records }) => `${host} ${records}`)).toEqual([
        'builder1 3',
        'builder2 3',
        'boxreeve/archive 2',
      ]);
    }
  });

  it('and was not archived, is missed once its branch is gone', async () => {
    await leave('builder2');
    await drop('audit/builder2');
    expect(await found(await fresh())).toEqual(['builder2 truncated']);
  });

  it('is missed if it was archived before the last that others saw of it', async () => {
    await archive(await fresh());
    await record(two);
    await record(one);
    await leave('builder2');
    await drop('audit/builder2');
    expect(await found(await fresh())).toEqual(['builder2 truncated']);
  });
});

describe('a host of the fleet', () => {
  it('is missed once its branch is gone, though it is archived', async () => {
    await archive(await fresh());
    await drop('audit/builder2');
    expect(await found(await fresh())).toEqual(['builder2 truncated']);
  });

  it('whose branch was cut to before what is archived is found out, whatever others saw', async () => {
    const three = await lab.host('builder3');
    await lab.declare({ builder3: `auditKey: ${three.publicKey}` });
    await record(three);
    await record(three);
    await archive(await fresh(), Date.parse(someDraft(lab.desired).time));
    await lab.repo.remoteGit('update-ref', 'refs/heads/audit/builder3', 'audit/builder3~1');
    expect(await found(await fresh())).toEqual(['builder3 truncated']);
  });

  it('goes on after it was archived', async () => {
    await archive(await fresh());
    await record(two);
    expect(await found(await fresh())).toEqual([]);
  });
});

describe('an archive that was tampered with', () => {
  /** A commit that goes on from the archive. */
  async function tamperWith(table: string, key = ada.key, ...more: readonly string[]): Promise<void> {
    await lab.repo.git('fetch', '--quiet', 'origin');
    await lab.repo.git('checkout', '--quiet', '--detach', 'origin/boxreeve/archive');
    lab.repo.write('archive.json', table);
    for (const name of more) lab.repo.write(name, '');
    await lab.repo.git('add', '--all');
    await lab.tamper(key, 'commit', '--quiet', '-m', 'x');
    await lab.repo.git('push', '--quiet', 'origin', 'HEAD:boxreeve/archive');
  }
  const table = () => lab.repo.remoteGit('cat-file', 'blob', 'boxreeve/archive:archive.json');

  beforeEach(async () => {
    await leave('builder2');
    await archive(await fresh());
    await drop('audit/builder2');
  });

  it('by who is no approver is gone by no more, and found', async () => {
    await tamperWith((await table()).replace('2026-11', '2026-12'), (await newKey(lab.root, 'eve')).key);
    expect(await found(await fresh())).toEqual(['builder2 truncated', 'boxreeve/archive bad-archive']);
  });

  it('so that it names what it has not got is found', async () => {
    await tamperWith((await table()).replaceAll(/"tip": "[0-9a-f]{40}"/g, `"tip": "${'1'.repeat(40)}"`));
    expect(await found(await fresh())).toEqual(['builder2 truncated', 'boxreeve/archive bad-archive']);
  });

  it('so that it has more than a table, or none, is found', async () => {
    const good = await table();
    await tamperWith(good, ada.key, 'more');
    expect(await found(await fresh())).toEqual(['builder2 truncated', 'boxreeve/archive bad-archive']);
    lab.repo.remove('more');
    await tamperWith('{}');
    expect(await found(await fresh())).toEqual(['builder2 truncated', 'boxreeve/archive bad-archive']);
  });

  it('so that it names the records of one host for another is found', async () => {
    const read = parseArchive(Buffer.from(await table()));
    const other = read?.hosts.builder1;
    expect(other).toBeDefined();
    await tamperWith(JSON.stringify({ ...read, hosts: { ...read?.hosts, builder2: other } }));
    expect(await found(await fresh())).toContain('builder2 malformed');
  });

  it('so that it is an older one is found by whoever saw the newer', async () => {
    const reader = await fresh();
    await record(one);
    const first = await tip('boxreeve/archive');
    await archive(await fresh(), Date.parse(someDraft(lab.desired).time));
    expect(await found(reader)).toEqual([]);
    await lab.repo.remoteGit('update-ref', 'refs/heads/boxreeve/archive', first);
    expect(await found(reader)).toContain('boxreeve/archive bad-archive');
  });

  it('so that it is gone is found by whoever saw it', async () => {
    const reader = await fresh();
    expect(await found(reader)).toEqual([]);
    await drop('boxreeve/archive');
    expect(await found(reader)).toContain('boxreeve/archive bad-archive');
  });
});

it('a plain clone may leave out what is in the archive', async () => {
  await archive(await fresh());
  await record(one);
  const clone = join(lab.root, 'clone');
  const url = `file://${lab.repo.url}`;
  const what = [
    '--single-branch',
    '--branch=audit/builder1',
    '--shallow-exclude=refs/heads/boxreeve/archive',
  ];
  await execa('git', ['clone', '--quiet', ...what, url, clone]);
  expect((await execa('git', ['rev-list', '--count', 'HEAD'], { cwd: clone })).stdout).toBe('1');
});

it.each([
  ['2026-10', Date.UTC(2026, 9, 1)],
  ['2026-13', null],
  ['2026-1', null],
  ['last', null],
])('the month %s begins at %s', (month, at) => {
  expect(monthBegins(month)).toBe(at);
});
