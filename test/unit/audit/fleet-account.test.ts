import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFleetAccount } from '../../../reconciler/audit/fleet-account.ts';
import { verifyAudit } from '../../../reconciler/audit/verify.ts';
import { openMirror } from '../../../reconciler/git/mirror.ts';
import {
  type AccountHost,
  type AccountLab,
  kindsIn,
  newKey,
  openAccountLab,
  someDraft,
} from './account-lab.ts';

let lab: AccountLab;
let one: AccountHost;

beforeEach(async () => {
  lab = await openAccountLab();
  one = await lab.host('builder1');
  lab.repo.write('desired-state/fleet.yaml', 'apiVersion: boxreeve/v1\nkind: Fleet\n');
});
afterEach(() => lab.dispose());

/** Declares the host with a key, as a pull request does. */
async function declare(publicKey: string): Promise<void> {
  lab.repo.write(
    'desired-state/hosts/builder1.yaml',
    `apiVersion: boxreeve/v1\nkind: Host\nname: builder1\nauditKey: ${publicKey}\nguests: []\n`,
  );
  await lab.repo.merge('Declare builder1');
}

function account(reader: AccountHost = one) {
  return openFleetAccount(reader.gitDir, reader.mirror, 'desired-state', reader.name);
}

async function verify(reader: AccountHost): Promise<string[]> {
  const asked = {
    ...(await account(reader)),
    gitDir: reader.gitDir,
    checkpoint: null,
    full: false,
    now: Date.now(),
  };
  const { hosts } = await verifyAudit(asked);
  return hosts.flatMap(({ findings }) => findings.map(({ problem }) => problem));
}

describe('the keys of a host', () => {
  it('are the one it has and those it had, so that records from before a change of key stay good', async () => {
    await declare(one.publicKey);
    await one.log.append(someDraft(lab.desired));
    await one.log.push();
    const next = await newKey(lab.root, 'builder1');
    await declare(next.publicKey);
    const auditor = await lab.host('builder2');
    expect((await account(auditor)).hosts).toMatchObject([
      { host: 'builder1', keys: { keys: [{ key: one.publicKey }, { key: next.publicKey }] } },
    ]);
    expect(await verify(auditor)).toEqual([]);
  });

  it('are none that only another branch names', async () => {
    await declare(one.publicKey);
    const eve = await newKey(lab.root, 'eve');
    await lab.repo.git('checkout', '--quiet', '-b', 'proposal');
    lab.repo.write('desired-state/hosts/builder1.yaml', `auditKey: ${eve.publicKey}\n`);
    await lab.repo.git('commit', '--quiet', '--all', '-m', 'Propose a key');
    await lab.repo.git('push', '--quiet', 'origin', 'HEAD:proposal');
    expect((await account()).hosts).toMatchObject([
      { host: 'builder1', keys: { keys: [{ key: one.publicKey }] } },
    ]);
  });

  it('of a host that was taken out of the fleet are known still, and its records stay good', async () => {
    await declare(one.publicKey);
    await one.log.append(someDraft(lab.desired));
    await one.log.push();
    lab.repo.remove('desired-state/hosts/builder1.yaml');
    await lab.repo.merge('Retire builder1');
    const auditor = await lab.host('builder2');
    expect(await verify(auditor)).toEqual([]);
    expect((await account(auditor)).hosts).toMatchObject([
      { host: 'builder1', keys: { keys: [{ key: one.publicKey }] } },
    ]);
  });
});

describe('a mirror that has no old contents, since it is a partial clone', () => {
  it('gets all that the keys of hosts were read from', async () => {
    const keys = [
      one.publicKey,
      ...(await Promise.all([1, 2].map(() => newKey(lab.root, 'k')))).map((key) => key.publicKey),
    ];
    for (const key of keys) await declare(key);
    await lab.repo.remoteGit('config', 'uploadpack.allowFilter', 'true');
    const gitDir = join(lab.root, 'partial.git');
    const remote = `file://${lab.repo.url}`;
    const log = { info: () => undefined, debug: () => undefined };
    const mirror = await openMirror({
      gitDir,
      remote,
      branch: 'main',
      path: 'desired-state',
      log,
      alone: true,
    });
    await mirror.fetch();
    const missing = async () =>
      (await lab.gitIn(gitDir, 'rev-list', '--objects', '--missing=print', 'refs/boxreeve/tip'))
        .split('\n')
        .filter((line) => line.startsWith('?')).length;
    expect(await missing()).toBeGreaterThan(1);
    const { hosts } = await openFleetAccount(gitDir, mirror, 'desired-state', 'auditor');
    expect(hosts.flatMap(({ keys: found }) => found.keys.map(({ key }) => key))).toEqual(keys);
  });
});

describe('with the remote away', () => {
  it('the account is what was last seen, and says that it is old', async () => {
    await declare(one.publicKey);
    await one.log.append(someDraft(lab.desired));
    await one.log.push();
    const auditor = await lab.host('builder2');
    const before = await account(auditor);
    renameSync(lab.repo.url, `${lab.repo.url}.away`);
    expect(before.offline).toBe(null);
    expect(await account(auditor)).toEqual({ ...before, offline: expect.stringContaining('git ls-remote') });
  });

  it('records that could not be pushed are in it', async () => {
    await declare(one.publicKey);
    await one.log.append(someDraft(lab.desired));
    await one.log.push();
    const { hosts: before } = await account();
    await one.log.append(someDraft(lab.desired));
    const { hosts } = await account();
    expect(hosts[0]?.tip).not.toBe(before[0]?.tip);
    expect(await one.mirror.isAncestor(before[0]?.tip ?? '', hosts[0]?.tip ?? '')).toBe(true);
  });
});

describe('what this host knows of its own branch', () => {
  const kinds = async () => kindsIn(await lab.audit(one));
  beforeEach(async () => {
    await declare(one.publicKey);
    for (let count = 0; count < 2; count += 1) await one.log.append(someDraft(lab.desired));
    await one.log.push();
  });

  it('is that the remote has another line than its own copy: a fork', async () => {
    await lab.repo.remoteGit('update-ref', '-d', 'refs/heads/audit/builder1');
    const forger = await lab.host('builder1', one.key);
    for (let count = 0; count < 3; count += 1) await forger.log.append(someDraft(lab.desired));
    await forger.log.push();
    await one.log.append(someDraft(lab.desired));
    expect(await kinds()).toEqual(['builder1 fork']);
  });

  it('is that what it had pushed is gone from the remote: a truncation', async () => {
    await lab.repo.remoteGit('update-ref', 'refs/heads/audit/builder1', 'refs/heads/audit/builder1~1');
    expect(await kinds()).toEqual(['builder1 truncated']);
    await lab.repo.remoteGit('update-ref', '-d', 'refs/heads/audit/builder1');
    expect(await kinds()).toEqual(['builder1 truncated']);
  });

  it('is nothing of the kind while it has records that it could not push yet', async () => {
    await one.log.append(someDraft(lab.desired));
    expect(await kinds()).toEqual([]);
  });
});
