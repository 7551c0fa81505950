import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AccountHost, type AccountLab, newKey, openAccountLab, someDraft } from './account-lab.ts';

let lab: AccountLab;
let one: AccountHost;
let two: AccountHost;

beforeEach(async () => {
  lab = await openAccountLab();
  [one, two] = [await lab.host('builder1'), await lab.host('builder2')];
  for (const host of [one, two]) {
    for (let count = 0; count < 3; count += 1) await host.log.append(someDraft(lab.desired));
    await host.log.push();
  }
});
afterEach(() => lab.dispose());

/** What is found, as `host kind: problem`. */
async function findings(
  keys: Record<string, string[]> = { builder1: [one.publicKey], builder2: [two.publicKey] },
): Promise<string[]> {
  return (await lab.verify(keys)).flatMap((account) =>
    account.findings.map(({ host, kind, problem }) => `${host} ${kind}: ${problem}`),
  );
}

/** Works on a host's branch in the scratch work tree, and forces the result onto the remote. */
async function rewrite(
  host: AccountHost,
  work: (git: (...args: string[]) => Promise<string>) => Promise<unknown>,
): Promise<void> {
  await lab.repo.git('fetch', '--quiet', 'origin', `audit/${host.name}`);
  await lab.repo.git('checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD');
  await work((...args) => lab.tamper(host.key, ...args));
  await lab.repo.git('push', '--quiet', '--force', 'origin', `HEAD:audit/${host.name}`);
}

async function lastRecord(): Promise<{ path: string; text: string }> {
  const path = await lab.repo.git('diff-tree', '--root', '--no-commit-id', '--name-only', '-r', 'HEAD');
  return { path, text: readFileSync(join(lab.repo.folder, path), 'utf8') };
}

describe('an account that nobody cooked', () => {
  it('is whole', async () => {
    const accounts = await lab.verify({ builder1: [one.publicKey], builder2: [two.publicKey] });
    expect(accounts.map(({ host, records, findings: found }) => [host, records, found])).toEqual([
      ['builder1', 3, []],
      ['builder2', 3, []],
    ]);
  });

  it('is whole for records signed by a key the host had before', async () => {
    const next = await newKey(lab.root, 'builder1');
    expect(await findings({ builder1: [next.publicKey, one.publicKey], builder2: [two.publicKey] })).toEqual(
      [],
    );
  });
});

describe('what is found', () => {
  it('records that are signed by no key of this host', async () => {
    expect(await findings({ builder1: [two.publicKey], builder2: [two.publicKey] })).toEqual(
      Array.from(
        { length: 3 },
        () => 'builder1 wrong-key: is signed by a key that the watched branch never gave this host',
      ),
    );
  });

  it("a record on a host's branch that another host's key signed", async () => {
    await rewrite(one, async () => {
      await lab.tamper(two.key, 'commit', '--quiet', '--amend', '--no-edit');
    });
    expect(await findings()).toEqual([
      expect.stringMatching(/^builder1 wrong-key: is signed by the key of builder2, /),
    ]);
  });

  it('a record whose commit is not signed at all', async () => {
    await rewrite(one, () => lab.repo.git('commit', '--quiet', '--amend', '--no-edit', '--no-gpg-sign'));
    expect(await findings()).toContain('builder1 bad-signature: is not signed');
  });

  it('a record that was edited, though signed again with the stolen key', async () => {
    await rewrite(one, async (git) => {
      await lab.repo.git('checkout', '--quiet', 'HEAD~1');
      const { path, text } = await lastRecord();
      writeFileSync(join(lab.repo.folder, path), text.replace('"in sync"', '"all fine"'));
      await git('commit', '--quiet', '--amend', '--all', '--no-edit');
      await git('cherry-pick', '--quiet', 'FETCH_HEAD').catch(() => git('cherry-pick', 'FETCH_HEAD'));
    });
    expect(await findings()).toEqual([
      expect.stringMatching(/^builder1 rewritten: does not carry the digest of the record before it: /),
    ]);
  });

  it('a record that was taken out: the numbers have a gap', async () => {
    await rewrite(one, async (git) => {
      await lab.repo.git('checkout', '--quiet', 'HEAD~2');
      await git('cherry-pick', 'FETCH_HEAD');
    });
    expect(await findings()).toEqual([
      'builder1 gap: has number 3 where 2 is due: a record is missing before it',
    ]);
  });

  it('a commit that changes or removes an earlier record', async () => {
    await rewrite(one, async (git) => {
      const { path } = await lastRecord();
      rmSync(join(lab.repo.folder, path));
      await git('commit', '--quiet', '--all', '-m', 'tidy up');
    });
    expect(await findings()).toEqual([
      expect.stringMatching(
        /^builder1 malformed: changes or removes audit\/builder1\/.*: a record once written stays$/,
      ),
    ]);
  });

  it('a commit that adds more than a record', async () => {
    await rewrite(one, async (git) => {
      writeFileSync(join(lab.repo.folder, 'also.txt'), 'x');
      await lab.repo.git('add', 'also.txt');
      await git('commit', '--quiet', '--amend', '--no-edit');
    });
    expect(await findings()).toContain('builder1 malformed: changes 2 files: a record adds one');
  });

  it("a record in another host's place", async () => {
    await rewrite(one, async (git) => {
      const { path } = await lastRecord();
      const wrong = path.replaceAll('builder1', 'builder2');
      mkdirSync(dirname(join(lab.repo.folder, wrong)), { recursive: true });
      renameSync(join(lab.repo.folder, path), join(lab.repo.folder, wrong));
      await lab.repo.git('add', '--all');
      await git('commit', '--quiet', '--amend', '--no-edit');
    });
    expect(await findings()).toContainEqual(
      expect.stringMatching(
        /^builder1 malformed: adds audit\/builder2\/.*; this record belongs at audit\/builder1\//,
      ),
    );
  });

  it('what is no record by the schema', async () => {
    await rewrite(one, async (git) => {
      const { path, text } = await lastRecord();
      writeFileSync(join(lab.repo.folder, path), text.replace('"check-in"', '"holiday"'));
      await git('commit', '--quiet', '--amend', '--all', '--no-edit');
    });
    expect(await findings()).toContainEqual(expect.stringContaining('is no audit record'));
  });

  it('a merge in the history of a branch', async () => {
    await rewrite(one, async (git) => {
      await git('merge', '--quiet', '--no-ff', '--allow-unrelated-histories', '-m', 'both', lab.desired);
    });
    expect(await findings()).toContainEqual(
      expect.stringContaining('the history of an audit branch is one line'),
    );
  });

  it('a branch that was cut short, by what another host saw of it, though its own key did it', async () => {
    await two.mirror.fetch();
    await two.log.append(someDraft(lab.desired));
    await two.log.push();
    await rewrite(one, () => lab.repo.git('checkout', '--quiet', 'HEAD~1'));
    expect(await findings()).toEqual([
      expect.stringMatching(
        /^builder1 truncated: is not in the branch any more, which ends at [0-9a-f]{12} before it: builder2 saw it there/,
      ),
    ]);
  });

  it('a history written anew with the stolen key, whole in itself, by what another host saw of the old one', async () => {
    await two.mirror.fetch();
    await two.log.append(someDraft(lab.desired));
    await two.log.push();
    await lab.repo.git('push', '--quiet', 'origin', ':audit/builder1');
    const forger = await lab.host('builder1', one.key);
    for (let count = 0; count < 3; count += 1) await forger.log.append(someDraft(lab.desired));
    await forger.log.push();
    expect(await findings()).toEqual([
      expect.stringMatching(
        /^builder1 rewritten: is not in the branch any more, which has other records in its place: builder2 saw/,
      ),
    ]);
  });

  it('nothing in a branch that went on since another host saw it', async () => {
    await two.mirror.fetch();
    await two.log.append(someDraft(lab.desired));
    await two.log.push();
    await one.log.append(someDraft(lab.desired));
    await one.log.push();
    expect(await findings()).toEqual([]);
  });

  it('a branch that is gone', async () => {
    await two.mirror.fetch();
    await two.log.append(someDraft(lab.desired));
    await two.log.push();
    await lab.repo.git('push', '--quiet', 'origin', ':audit/builder1');
    expect(await findings()).toEqual([
      expect.stringMatching(/^builder1 truncated: is gone with the whole branch: builder2 saw/),
    ]);
  });

  it('a record that went by a commit which never was on the watched branch', async () => {
    await lab.repo.git('checkout', '--quiet', '--orphan', 'elsewhere');
    await lab.repo.git('commit', '--quiet', '-m', 'Elsewhere');
    const stray = await lab.repo.git('rev-parse', 'HEAD');
    await lab.repo.git('push', '--quiet', 'origin', 'HEAD:elsewhere');
    await one.log.append(someDraft(stray));
    await one.log.push();
    expect(await findings()).toEqual([
      `builder1 unknown-commit: went by commit ${stray.slice(0, 12)}, which is not on the watched branch`,
    ]);
  });

  it('a clock that goes back', async () => {
    await one.log.append(someDraft(lab.desired, { time: '2020-01-01T00:00:00.000Z' }));
    await one.log.push();
    expect(await findings()).toEqual([
      expect.stringMatching(
        /^builder1 clock: is dated 2020-01-01T00:00:00\.000Z, before the record it follows/,
      ),
      expect.stringMatching(
        /^builder1 clock: is dated 2020-01-01T00:00:00\.000Z, before the commit it went by/,
      ),
    ]);
  });

  it('a branch that begins with all its records in one commit', async () => {
    await rewrite(one, async (git) => {
      const tree = await lab.repo.git('rev-parse', 'HEAD^{tree}');
      const orphan = await git('commit-tree', '-S', '-m', 'begin here', tree);
      await lab.repo.git('checkout', '--quiet', orphan);
    });
    expect(await findings()).toEqual([
      expect.stringMatching(/^builder1 malformed: changes 3 files: a record adds one/),
    ]);
  });

  it('two records that claim one number', async () => {
    await one.log.append(someDraft(lab.desired));
    await one.log.push();
    await rewrite(one, async (git) => {
      const { path, text } = await lastRecord();
      const other = path.replace(/[^/]+$/, (name) => name.replace(/-.*/, '-other-id-1.json'));
      const again = text.replace(/"id": "[^"]+"/, '"id": "other-id-1"');
      writeFileSync(join(lab.repo.folder, other), again);
      await lab.repo.git('add', '--all');
      await git('commit', '--quiet', '-m', 'the same again');
    });
    expect(await findings()).toEqual([
      'builder1 fork: has number 4 where 5 is due: two records claim one number',
    ]);
  });

  it('a guest that is another than the record before it says, and nobody acted on it', async () => {
    const is = (print: string | null) => ({ fingerprints: { agent: print } });
    const built = { ...is('aa'), actions: [anAction('agent')] };
    for (const more of [built, is('aa'), is('bb')]) await one.log.append(someDraft(lab.desired, more));
    await one.log.push();
    expect(await findings()).toEqual([
      'builder1 unrecorded-change: has another agent than the record before it (fingerprint bb, was aa), and no action that changed it',
    ]);
  });

  it('a guest that no action made, or that changed while it was not proven', async () => {
    // a name that every object has something of
    const is = (print: string | null) => ({ fingerprints: { constructor: print } });
    for (const more of [is('aa'), is(null), is('bb')]) await one.log.append(someDraft(lab.desired, more));
    await one.log.push();
    expect(await findings()).toEqual([
      'builder1 unrecorded-change: has a guest constructor that the record before it does not know, and no action that made it',
      expect.stringMatching(
        /^builder1 unrecorded-change: has another constructor than .*fingerprint bb, was aa/,
      ),
    ]);
  });

  it('no change in a guest that an action changed, made anew or left unproven', async () => {
    const states: readonly (readonly [string | null, boolean])[] = [
      ['aa', true],
      ['bb', true],
      [null, true],
      ['cc', true],
      ['cc', false],
    ];
    for (const [print, acted] of states)
      await one.log.append(
        someDraft(lab.desired, { fingerprints: { agent: print }, actions: acted ? [anAction('agent')] : [] }),
      );
    await one.log.push();
    expect(await findings()).toEqual([]);
  });

  it('no change in a pause that is recorded while an attempt is under way', async () => {
    const built = { fingerprints: { agent: 'aa' }, actions: [anAction('agent')] };
    const pause = { fingerprints: { agent: 'bb' }, kind: 'paused', outcome: 'paused' } as const;
    const rebuilt = { fingerprints: { agent: 'bb' }, actions: [anAction('agent')] };
    for (const more of [built, pause, rebuilt]) await one.log.append(someDraft(lab.desired, more));
    await one.log.push();
    expect(await findings()).toEqual([]);
  });

  it('a change in a guest whose action was skipped', async () => {
    const first = { fingerprints: { agent: 'aa' }, actions: [anAction('agent')] };
    const second = { fingerprints: { agent: 'bb' }, actions: [anAction('agent', 'skipped')] };
    for (const more of [first, second]) await one.log.append(someDraft(lab.desired, more));
    await one.log.push();
    expect(await findings()).toEqual([expect.stringMatching(/^builder1 unrecorded-change: /)]);
  });

  it('a record that is younger than the one of another host which saw it', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    await one.log.append(someDraft(lab.desired, { time: tomorrow }));
    await one.log.push();
    await two.mirror.fetch();
    await two.log.append(someDraft(lab.desired));
    await two.log.push();
    expect(await findings()).toEqual([
      expect.stringMatching(/^builder1 clock: is dated .*, long after builder2 had seen it /),
    ]);
  });

  it('a record that is older than the commit it went by', async () => {
    await lab.repo.git('commit', '--quiet', '--allow-empty', '-m', 'Later', '--date', '2090-01-01T00:00:00Z');
    await lab.repo.git('push', '--quiet', 'origin', 'HEAD:main');
    const later = await lab.repo.git('rev-parse', 'HEAD');
    await one.log.append(someDraft(later));
    await one.log.push();
    const accounts = await lab.verify({ builder1: [one.publicKey], builder2: [two.publicKey] }, later);
    expect(accounts.flatMap(({ findings: found }) => found)).toMatchObject([
      {
        kind: 'clock',
        problem: expect.stringMatching(/before the commit it went by was authored \(.*2090-01-01/),
      },
    ]);
  });
});

function anAction(guest: string, result: 'done' | 'skipped' = 'done') {
  return {
    kind: 'rebuild-guest' as const,
    guest,
    box: null,
    reason: 'for the test',
    before: '',
    after: '',
    result,
    start: null,
    durationMs: 0,
    exitStatus: null,
    output: '',
    error: null,
  };
}
