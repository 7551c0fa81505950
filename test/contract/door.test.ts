/** The shipped pre-receive hook in a real bare repository, met by real pushes. Rules: docs/explanation/at-the-door.md. */
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuditLog, RecordDraft } from '../../reconciler/audit/record.ts';
import { checkDocument } from '../lab/check-document.ts';
import { writeHost } from '../lab/desired-state.ts';
import { BOXREEVE, type DoorLab, installHook, openDoorLab, type Push, signedBy } from '../lab/door.ts';
import { pathWithStub } from '../lab/stub.ts';
import { type AccountHost, newKey, someDraft } from '../unit/audit/account-lab.ts';

let lab: DoorLab;
let one: AccountHost;
let two: AccountHost;

// what is refused leaves the server as it was, so one does for all; what is let in, the next test begins from
beforeAll(async () => {
  lab = await openDoorLab(['builder1', 'builder2', 'builder3']);
  [one, two] = [lab.member('builder1'), lab.member('builder2')];
  for (const host of [one, two]) {
    await host.log.append(someDraft(lab.desired));
    await host.log.push();
  }
});
afterAll(() => lab.dispose());
beforeEach(async () => {
  await lab.repo.git('fetch', '--quiet', 'origin');
  await lab.repo.git('checkout', '--quiet', '--force', '--detach', 'origin/main');
  await lab.repo.git('clean', '--quiet', '-ffdx');
});

/** What a push is told, and that the server is as it was: no ref moved, and the tip that was pushed is not there. */
async function refused(specs: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Push> {
  const before = await lab.refs();
  const tip = await lab.repo.git('rev-parse', 'HEAD');
  const there = await lab.has(tip);
  const push = await lab.push(specs, env);
  expect(push.ok).toBe(false);
  expect(push.said).toMatch(/^remote: boxreeve: refused, for \d+ reasons?; nothing of this push is taken$/m);
  expect(await lab.refs()).toBe(before);
  expect(await lab.has(tip)).toBe(there);
  return push;
}

/** A host's next record, not pushed, in the work tree of someone who has got hold of it. */
async function nextRecord(host: AccountHost, desired = lab.desired): Promise<{ path: string; text: string }> {
  await append(host, someDraft(desired));
  await lab.repo.git('fetch', '--quiet', host.gitDir, `refs/boxreeve/audit/${host.name}`);
  await lab.repo.git('checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD');
  const path = await lab.repo.git('diff-tree', '--root', '--no-commit-id', '--name-only', '-r', 'HEAD');
  return { path, text: readFileSync(join(lab.repo.folder, path), 'utf8') };
}

/** Onto what the server has of the host's account: what a test before made of it and could not push is forgotten. */
async function append(host: AccountHost, draft: RecordDraft, key = host.key): Promise<AuditLog> {
  const ref = `refs/heads/audit/${host.name}`;
  const own = `refs/boxreeve/audit/${host.name}`;
  if ((await lab.refs()).includes(`${ref}\n`) || (await lab.refs()).endsWith(ref))
    await lab.gitIn(host.gitDir, 'fetch', '--quiet', '--no-filter', lab.repo.url, `+${ref}:${own}`);
  const log = lab.logOf({ ...host, key });
  await log.append(draft);
  return log;
}

async function amend(key: string): Promise<void> {
  await lab.repo.git('add', '--all');
  await lab.repo.git(...signedBy(key), 'commit', '--quiet', '--amend', '--no-edit');
}

const TO_ONE = ['HEAD:refs/heads/audit/builder1'];

describe('rule 1: the account of a host', () => {
  it('takes the records of that host, one or many, and says nothing', async () => {
    await nextRecord(one);
    const push = await lab.push(TO_ONE);
    expect(push.ok).toBe(true);
    expect(push.said).not.toContain('remote:');
    const log = await append(one, someDraft(lab.desired));
    for (let count = 0; count < 2; count += 1) await log.append(someDraft(lab.desired));
    await log.push();
    expect(await lab.repo.remoteGit('rev-list', '--count', 'audit/builder1')).toBe('5');
  });

  it('takes a record of a commit that was refused, which need not be on the watched branch', async () => {
    const stray = await lab.commit('Never merged');
    const log = await append(one, someDraft(stray, { kind: 'refused', outcome: 'refused' }));
    expect((await log.push()).pushed).toBe(1);
  });

  it('takes a record with an odd time: an honest host with a wrong clock must be able to account for itself', async () => {
    const log = await append(one, someDraft(lab.desired, { time: '2020-01-01T00:00:00.000Z' }));
    expect((await log.push()).pushed).toBe(1);
  });

  it('takes a record that was signed before the host had its newest key', async () => {
    const { log } = lab.member('builder3');
    await log.append(someDraft(lab.desired));
    const next = await newKey(lab.root, 'builder3');
    writeHost(lab.repo, { name: 'builder3', publicKey: next.publicKey }, []);
    await lab.commit('A new key', lab.ada.key);
    expect(await lab.push(['HEAD:main'])).toMatchObject({ ok: true });
    expect((await log.push()).pushed).toBe(1);
  });

  it.each<[string, RegExp, () => Promise<unknown>]>([
    [
      'a record that is not signed',
      /audit\/builder1 [0-9a-f]{7}: is not signed$/m,
      async () => {
        await nextRecord(one);
        await lab.repo.git('commit', '--quiet', '--amend', '--no-edit', '--no-gpg-sign');
      },
    ],
    [
      "a record that another host's key signed",
      /is signed by the key of builder2, which/,
      async () => {
        await nextRecord(one);
        await amend(two.key);
      },
    ],
    [
      'a record that an approver signed',
      /is signed by a key that the watched branch never gave this host$/m,
      async () => {
        await nextRecord(one);
        await amend(lab.ada.key);
      },
    ],
    [
      "another host's record, carried over",
      /adds a record of builder2$/m,
      async () => {
        const { path, text } = await nextRecord(two);
        await lab.repo.git('checkout', '--quiet', '--force', 'origin/audit/builder1');
        mkdirSync(dirname(join(lab.repo.folder, path)), { recursive: true });
        writeFileSync(join(lab.repo.folder, path), text);
        await lab.commit('carried over', one.key);
      },
    ],
    [
      'a record with a number left out',
      /has number 40 where \d is due/,
      async () => {
        const { path, text } = await nextRecord(one);
        writeFileSync(join(lab.repo.folder, path), text.replace(/"sequence": \d/, '"sequence": 40'));
        await amend(one.key);
      },
    ],
    [
      'a record that does not follow on the one that is there',
      /does not carry the digest of the record before it/,
      async () => {
        const { path, text } = await nextRecord(one);
        writeFileSync(
          join(lab.repo.folder, path),
          text.replace(/"previous": "sha256:..../, '"previous": "sha256:0000'),
        );
        await amend(one.key);
      },
    ],
    [
      'what is no record',
      /is no audit record/,
      async () => {
        const { path, text } = await nextRecord(one);
        writeFileSync(join(lab.repo.folder, path), text.replace('"check-in"', '"holiday"'));
        await amend(one.key);
      },
    ],
    [
      'a record with something beside it',
      /changes 2 files: a record adds one/,
      async () => {
        await nextRecord(one);
        writeFileSync(join(lab.repo.folder, 'also.txt'), 'x');
        await amend(one.key);
      },
    ],
    [
      'a commit that changes what was recorded',
      /changes or removes audit\/builder1\/.*: a record once written stays/,
      async () => {
        await lab.repo.git('fetch', '--quiet', 'origin', 'audit/builder1');
        await lab.repo.git('checkout', '--quiet', '--force', 'FETCH_HEAD');
        const path = await lab.repo.git('diff-tree', '--root', '--no-commit-id', '--name-only', '-r', 'HEAD');
        rmSync(join(lab.repo.folder, path));
        await lab.commit('Tidy up', one.key);
      },
    ],
    [
      'a record of a commit that never was on the watched branch',
      /went by commit [0-9a-f]{12}, which is not on the watched branch/,
      async () => nextRecord(one, await lab.commit('Never merged')),
    ],
    [
      'a merge',
      /is a merge: the history of an audit branch is one line/,
      async () => {
        await nextRecord(one);
        await lab.repo.git(
          ...signedBy(one.key),
          ...['merge', '--quiet', '--no-ff', '--allow-unrelated-histories', '-m', 'both', 'origin/main'],
        );
      },
    ],
  ])('refuses %s', async (_what, said, forge) => {
    await forge();
    expect((await refused(TO_ONE)).said).toMatch(said);
  });

  it('refuses a good record after a bad one, and says what is wrong with the bad one', async () => {
    await nextRecord(one);
    await amend(two.key);
    const bad = await lab.repo.git('rev-parse', 'HEAD');
    const { path, text } = await nextRecord(one);
    await lab.repo.git('checkout', '--quiet', '--force', bad);
    mkdirSync(dirname(join(lab.repo.folder, path)), { recursive: true });
    writeFileSync(join(lab.repo.folder, path), text);
    await lab.commit('good', one.key);
    expect((await refused(TO_ONE)).said).toContain(
      `audit/builder1 ${bad.slice(0, 7)}: is signed by the key of builder2`,
    );
  });

  it('refuses to be rewound, rewritten or deleted', async () => {
    await (await append(one, someDraft(lab.desired))).push();
    await lab.repo.git('fetch', '--quiet', 'origin');
    await lab.repo.git('checkout', '--quiet', '--force', 'origin/audit/builder1~1');
    expect((await refused(['--force', ...TO_ONE])).said).toMatch(
      /does not go on from [0-9a-f]{7}, which is there/,
    );
    await amend(one.key);
    expect((await refused(['--force', ...TO_ONE])).said).toMatch(
      /does not go on from [0-9a-f]{7}, which is there/,
    );
    expect((await refused([':refs/heads/audit/builder1'])).said).toContain(
      'this is the account of builder1: it is never deleted',
    );
  });

  it('refuses an account of a host that the fleet does not have', async () => {
    const stranger = await lab.host('builder9');
    await nextRecord(stranger);
    expect((await refused(['HEAD:refs/heads/audit/builder9'])).said).toContain(
      'the fleet has no host builder9 with an auditKey',
    );
  });

  it.each([
    ['GL_USER', 'gitolite'],
    ['BOXREEVE_PUSHER', 'a forced command of sshd'],
  ])('refuses a host that carries the record of another, by %s of %s', async (name) => {
    await nextRecord(one);
    expect((await refused(TO_ONE, { [name]: 'builder2' })).said).toContain(
      'the host builder2 pushes to the account of builder1',
    );
    expect(await lab.push(TO_ONE, { [name]: 'builder1' })).toMatchObject({ ok: true });
  });

  it('goes by the keys that were there, not by those that are pushed with it', async () => {
    const { publicKey, key } = await newKey(lab.root, 'thief');
    await nextRecord(one);
    await amend(key);
    const forged = await lab.repo.git('rev-parse', 'HEAD');
    await lab.repo.git('checkout', '--quiet', '--force', 'origin/main');
    writeHost(lab.repo, { name: 'builder1', publicKey }, []);
    await lab.commit('A key of mine', lab.ada.key);
    const push = await refused(['HEAD:main', `${forged}:refs/heads/audit/builder1`]);
    expect(push.said).toContain('is signed by a key that the watched branch never gave this host');
  });

  it('tells the host why, which tells it in its own status', async () => {
    const thief = await append(one, someDraft(lab.desired), two.key);
    await expect(thief.push()).rejects.toThrow(/is signed by the key of builder2/);
  });
});

describe('rule 2: the branch that hosts follow', () => {
  it('takes what hosts would follow', async () => {
    await lab.commit('Nothing new', lab.ada.key);
    expect(await lab.push(['HEAD:main'])).toMatchObject({ ok: true });
  });

  it('refuses what hosts would not: a commit that is not signed, by one who let himself in, or below a signed merge', async () => {
    const { key, publicKey } = await newKey(lab.root, 'eve');
    const start = await lab.repo.git('rev-parse', 'HEAD');
    await lab.commit('Unsigned');
    expect((await refused(['HEAD:main'])).said).toMatch(/main [0-9a-f]{7}: commit [0-9a-f]{7} is not signed/);
    await lab.repo.git(...signedBy(lab.ada.key), 'merge', '--quiet', '--no-ff', '-m', 'merge', 'HEAD');
    await lab.repo.git('checkout', '--quiet', '--detach', start);
    await lab.repo.git(...signedBy(lab.ada.key), 'merge', '--quiet', '--no-ff', '-m', 'merge', 'HEAD@{1}');
    expect((await refused(['HEAD:main'])).said).toContain('is not signed');
    await lab.repo.git('checkout', '--quiet', '--force', '--detach', start);
    lab.repo.write('desired-state/trust/approvers', `eve@example.org ${publicKey}\n`);
    await lab.commit('Let me in', key);
    await lab.commit('I am in', key);
    expect((await refused(['HEAD:main'])).said).toContain('is signed by a key that no approver has');
  });

  it('refuses a desired state with mistakes, all of them with their places, also where a later commit hides none', async () => {
    lab.repo.write(
      'desired-state/hosts/builder1.yaml',
      'kind: Host\nname: builder1\nauditKey: none\nguests: []\n',
    );
    lab.repo.write('desired-state/guests/lost/guest.yaml', 'kind: Guest\nnmae: lost\n');
    await lab.commit('Mistakes', lab.ada.key);
    const { said } = await refused(['HEAD:main']);
    expect(said).toMatch(/^remote: {3}desired-state\/hosts\/builder1\.yaml:3:11: auditKey /m);
    expect(said).toMatch(/^remote: {3}desired-state\/guests\/lost\/guest\.yaml:2:1: /m);
  });

  it('refuses to be rewound, rewritten or deleted', async () => {
    await lab.repo.git('checkout', '--quiet', '--detach', 'HEAD~1');
    expect((await refused(['--force', 'HEAD:main'])).said).toContain(
      'no host follows a branch that was rewound or rewritten',
    );
    await lab.commit('Another history', lab.ada.key);
    expect((await refused(['--force', 'HEAD:main'])).said).toContain(
      'no host follows a branch that was rewound or rewritten',
    );
    expect((await refused([':main'])).said).toContain('hosts follow this branch: it is never deleted');
  });

  it('refuses a host, where the server says that it is one', async () => {
    await lab.commit('By a host', lab.ada.key);
    expect((await refused(['HEAD:main'], { BOXREEVE_PUSHER: 'builder1' })).said).toContain(
      'a host writes its own account and nothing else',
    );
    expect(await lab.push(['HEAD:main'], { BOXREEVE_PUSHER: 'ada' })).toMatchObject({ ok: true });
  });

  it('takes a commit elsewhere in the repository, though a mistake was there before', async () => {
    lab.repo.write('desired-state/guests/lost/guest.yaml', 'kind: Guest\n');
    const broken = await lab.commit('A mistake', lab.ada.key);
    await lab.repo.remoteGit('fetch', '--quiet', lab.repo.folder, `${broken}:refs/heads/main`);
    lab.repo.write('README.md', 'hello\n');
    await lab.commit('Elsewhere', lab.ada.key);
    expect(await lab.push(['HEAD:main'])).toMatchObject({ ok: true });
    lab.repo.remove('desired-state/guests');
    await lab.commit('Mend it', lab.ada.key);
    expect(await lab.push(['HEAD:main'])).toMatchObject({ ok: true });
  });
});

describe('rule 3: names', () => {
  it('lets branches of pull requests and tags come and go, unsigned, broken and rewritten', async () => {
    lab.repo.write('desired-state/fleet.yaml', 'kind: Nothing\n');
    await lab.commit('Try something');
    expect(await lab.push(['HEAD:refs/heads/ada/try', 'HEAD:refs/tags/try'])).toMatchObject({ ok: true });
    await lab.repo.git('commit', '--quiet', '--amend', '-m', 'Try it anew');
    expect(await lab.push(['--force', 'HEAD:refs/heads/ada/try', ':refs/tags/try'])).toMatchObject({
      ok: true,
    });
    expect(await lab.push([':refs/heads/ada/try'])).toMatchObject({ ok: true });
  });

  it.each([
    'refs/heads/audit/builder9/x',
    'refs/heads/Audit/builder1',
    'refs/tags/audit/builder1',
    'refs/tags/main',
    `refs/replace/${'a'.repeat(40)}`,
  ])('refuses %s', async (ref) => {
    await lab.commit('Hide it', lab.ada.key);
    expect((await refused([`HEAD:${ref}`])).said).toMatch(
      /this name (?:could be taken for|stands in the way of|would show)/,
    );
  });

  it('refuses a branch that every audit branch would be below, before there is one', async () => {
    const names = (await lab.refs()).split('\n').filter((line) => line.includes('refs/heads/audit/'));
    for (const line of names) await lab.repo.remoteGit('update-ref', '-d', line.slice(line.indexOf(' ') + 1));
    const { said } = await refused(['HEAD:refs/heads/audit']);
    for (const line of names) await lab.repo.remoteGit('update-ref', ...line.split(' ').reverse());
    expect(said).toContain('stands in the way of an audit branch');
  });

  it('goes by audit.branch of the fleet', async () => {
    const usual = readFileSync(join(lab.repo.folder, 'desired-state/fleet.yaml'), 'utf8');
    lab.repo.write('desired-state/fleet.yaml', `${usual}audit: { branch: "log/{host}" }\n`);
    await lab.commit('Elsewhere', lab.ada.key);
    expect(await lab.push(['HEAD:main'])).toMatchObject({ ok: true });
    await nextRecord(one);
    await amend(two.key);
    expect((await refused(['HEAD:refs/heads/log/builder1'])).said).toContain(
      'is signed by the key of builder2',
    );
    await lab.repo.git('checkout', '--quiet', '--force', '--detach', 'origin/main');
    lab.repo.write('desired-state/fleet.yaml', usual);
    await lab.commit('And back', lab.ada.key);
    expect(await lab.push(['HEAD:main'])).toMatchObject({ ok: true });
  });
});

describe('a server', () => {
  afterEach(() => lab.repo.remoteGit('config', 'boxreeve.command', BOXREEVE));

  it('of which the program is gone lets nothing in', async () => {
    await lab.repo.remoteGit('config', 'boxreeve.command', join(lab.root, 'gone'));
    await nextRecord(one);
    const before = await lab.refs();
    const { ok, said } = await lab.push(TO_ONE);
    expect(ok).toBe(false);
    expect(said).toContain(`remote: boxreeve: refused: this server has no program ${join(lab.root, 'gone')}`);
    expect(await lab.refs()).toBe(before);
  });

  it('of which the program dies lets nothing in', async () => {
    const broken = join(lab.root, 'broken');
    writeFileSync(broken, '#!/bin/sh\nkill -9 $$\n');
    chmodSync(broken, 0o755);
    await lab.repo.remoteGit('config', 'boxreeve.command', broken);
    await nextRecord(one);
    expect(await lab.push(TO_ONE)).toMatchObject({ ok: false });
  });

  it('that names objects by SHA-256 is guarded as well', async () => {
    const bare = join(lab.root, 'sha256.git');
    const work = join(lab.root, 'sha256');
    await execa('git', [
      'init',
      '--quiet',
      '--bare',
      '--object-format=sha256',
      '--initial-branch=main',
      bare,
    ]);
    await execa('git', ['init', '--quiet', '--object-format=sha256', '--initial-branch=main', work]);
    cpSync(join(lab.repo.folder, 'desired-state'), join(work, 'desired-state'), { recursive: true });
    await installHook(bare);
    const git = (...args: readonly string[]) =>
      execa('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], {
        cwd: work,
        reject: false,
      });
    await git('add', '--all');
    await git(...signedBy(lab.ada.key), 'commit', '--quiet', '-m', 'Begin');
    expect((await git('push', bare, 'HEAD:main')).stderr).not.toContain('refused');
    await git('commit', '--quiet', '--allow-empty', '-m', 'Unsigned');
    expect((await git('push', bare, 'HEAD:main')).stderr).toContain('is not signed');
  });

  it('lets 32 hosts in at once', async () => {
    const names = Array.from({ length: 32 }, (_, at) => `node${at}`);
    const many = await openDoorLab(names);
    try {
      for (const name of names) await many.member(name).log.append(someDraft(many.desired));
      const pushed = await Promise.all(names.map((name) => many.member(name).log.push()));
      expect(pushed.every((push) => push.pushed === 1)).toBe(true);
      const refs = (await many.refs()).split('\n').filter((line) => line.includes('refs/heads/audit/'));
      expect(refs).toHaveLength(32);
    } finally {
      many.dispose();
    }
  });
});

describe('boxreeve admit in a clone', () => {
  async function admit(...args: readonly string[]) {
    const answer = await execa(BOXREEVE, ['admit', ...args], {
      cwd: lab.repo.folder,
      reject: false,
      input: '',
    });
    return { code: answer.exitCode, said: `${answer.stdout}${answer.stderr}`, stdout: answer.stdout };
  }
  const ids = async () => ({
    main: await lab.repo.git('rev-parse', 'origin/main'),
    head: await lab.repo.git('rev-parse', 'HEAD'),
  });

  it('judges what a pull request would bring, also where the branch has moved on since', async () => {
    const start = await lab.repo.git('rev-parse', 'HEAD');
    await lab.commit('Moved on', lab.ada.key);
    await lab.push(['HEAD:main']);
    await lab.repo.git('checkout', '--quiet', '--detach', start);
    await lab.commit('Proposed', lab.ada.key);
    const { main, head } = await ids();
    const asked = ['--ref', 'refs/heads/main', '--base', main, '--head', head];
    expect(await admit('--proposed', ...asked)).toMatchObject({
      code: 0,
      said: 'boxreeve: 1 ref may come in',
    });
    expect((await admit(...asked)).code).toBe(4);
    await lab.commit('Unsigned');
    const unsigned = await ids();
    expect(
      await admit('--proposed', '--ref', 'refs/heads/main', '--base', main, '--head', unsigned.head),
    ).toMatchObject({
      code: 4,
      said: expect.stringContaining('is not signed'),
    });
  });

  it('prints a document, and exits with 3 for what is only written wrongly', async () => {
    lab.repo.write(
      'desired-state/fleet.yaml',
      'apiVersion: boxreeve/v1\nkind: Fleet\nwindow: 1\ntrust: { requireSignedCommits: true }\n',
    );
    await lab.commit('A mistake', lab.ada.key);
    const { main, head } = await ids();
    const { code, stdout } = await admit(
      '--json',
      '--ref',
      'refs/heads/main',
      '--base',
      main,
      '--head',
      head,
    );
    const document: unknown = JSON.parse(stdout);
    checkDocument(['admit'], document);
    expect(code).toBe(3);
    expect(document).toMatchObject({
      admitted: false,
      refs: [{ ref: 'refs/heads/main', role: 'watched', admitted: false }],
      reasons: [{ kind: 'invalid', file: 'desired-state/fleet.yaml', line: 3, column: 1 }],
    });
  });

  it('judges an audit branch that a forge has taken already', async () => {
    await nextRecord(one);
    await amend(two.key);
    const { head } = await ids();
    const there = await lab.repo.git('rev-parse', 'origin/audit/builder1');
    const asked = ['--ref', 'refs/heads/audit/builder1', '--base', there, '--head', head];
    expect(await admit(...asked)).toMatchObject({
      code: 4,
      said: expect.stringContaining('is signed by the key of builder2'),
    });
  });

  it('asks Git the same of one record, however long the account and whatever other hosts there are', async () => {
    const log = await append(two, someDraft(lab.desired));
    for (let count = 0; count < 20; count += 1) await log.append(someDraft(lab.desired));
    await log.push();
    await lab.repo.git('fetch', '--quiet', 'origin');
    const path = pathWithStub(lab.root, process.env.PATH ?? '', 'git', `echo "$*" >>'${lab.root}/calls'`);
    const commits = await lab.repo.remoteGit('rev-list', '--reverse', 'audit/builder2');
    const calls = async (from: number) => {
      const [base = '', head = ''] = commits.split('\n').slice(from, from === -2 ? undefined : from + 2);
      writeFileSync(join(lab.root, 'calls'), '');
      const asked = ['--ref', 'refs/heads/audit/builder2', '--base', base, '--head', head];
      await execa(BOXREEVE, ['admit', ...asked], { cwd: lab.repo.folder, env: { PATH: path } });
      return readFileSync(join(lab.root, 'calls'), 'utf8').trim().split('\n');
    };
    const [early, late] = [await calls(0), await calls(-2)];
    expect(early.length).toBeGreaterThan(5);
    expect(late).toHaveLength(early.length);
    expect(late.filter((call) => call.includes('builder1'))).toEqual([]);
  });

  it('says that a shallow clone is none to judge by', async () => {
    const shallow = join(lab.root, 'shallow');
    await execa('git', ['clone', '--quiet', '--depth=1', `file://${lab.repo.url}`, shallow]);
    const { main } = await ids();
    const asked = [
      '--git-dir',
      join(shallow, '.git'),
      '--ref',
      'refs/heads/main',
      '--base',
      main,
      '--head',
      main,
    ];
    expect(await admit(...asked)).toMatchObject({
      code: 1,
      said: expect.stringContaining('this clone is shallow'),
    });
  });

  it('says that a commit is not there, where a push would bring it', async () => {
    const { main } = await ids();
    const asked = ['--ref', 'refs/heads/main', '--base', main, '--head', 'a'.repeat(40)];
    expect(await admit(...asked)).toMatchObject({
      code: 1,
      said: expect.stringContaining('has no commit aaaaaaa: fetch it'),
    });
  });

  it.each([
    [['--base', 'HEAD', '--head', 'HEAD', '--ref', 'refs/heads/main'], 'is not the full id of a commit'],
    [['--ref', 'refs/heads/main'], '--base, --head and --ref belong together'],
    [['--branch', '--all'], '--branch "--all" is not the name of a branch'],
    [['--path', '../elsewhere'], 'is not a folder in the repository'],
  ])('refuses the arguments %j', async (args, said) => {
    expect(await admit(...args)).toMatchObject({ code: 3, said: expect.stringContaining(said) });
  });
});
