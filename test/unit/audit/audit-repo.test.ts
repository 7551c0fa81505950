/** The account of a host in a repository of its own, beside the infra repo: two bare repositories, real Git. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAuditLog } from '../../../reconciler/audit/audit-log.ts';
import { localRef } from '../../../reconciler/audit/paths.ts';
import type { AuditLog } from '../../../reconciler/audit/record.ts';
import { openReserve } from '../../../reconciler/audit/reserve.ts';
import { AuditDiverged, RemoteUnreachable } from '../../../reconciler/errors.ts';
import { addRemote, REMOTE } from '../../../reconciler/git/repository.ts';
import { type AccountHost, type AccountLab, kindsIn, openAccountLab, someDraft } from './account-lab.ts';

let lab: AccountLab;
let host: AccountHost;
let accounts: string;

beforeEach(async () => {
  lab = await openAccountLab();
  host = await lab.host('builder1');
  accounts = await bare('accounts');
});
afterEach(() => lab.dispose());

async function bare(name: string): Promise<string> {
  const url = join(lab.root, `${name}.git`);
  await execa('git', ['init', '--quiet', '--bare', url]);
  return url;
}

/** Another process of that host. @param repo where the commit gone by has the records */
function logIn(
  repo: string | null | undefined,
  { gitDir, name, key, publicKey }: AccountHost = host,
  ownRepo: string | null = null,
): AuditLog {
  return openAuditLog({
    gitDir,
    host: name,
    signingKey: key,
    publicKey,
    ownRepo,
    repo: () => repo,
    remote: async (where) => (where === null ? REMOTE : addRemote(gitDir, where)),
    branch: () => `audit/${name}`,
    witness: () => ({}),
    reserve: openReserve(join(lab.root, `reserve-${name}`)),
  });
}

async function records(url: string): Promise<number> {
  const listed = await execa('git', ['rev-list', '--count', 'audit/builder1'], { cwd: url, reject: false });
  return listed.exitCode === 0 ? Number(listed.stdout) : 0;
}

/** How many records each has. */
const both = async () => ({ infra: await records(lab.repo.url), accounts: await records(accounts) });

async function record(log: AuditLog, times = 1): Promise<void> {
  for (let at = 0; at < times; at += 1) await log.append(someDraft(lab.desired));
  await log.push();
}

describe('where the fleet has its records in another repository', () => {
  it('the whole account goes there with the first record that says so, and the infra repo is told of it', async () => {
    await record(logIn(null), 2);
    const log = logIn(accounts);
    await log.push();
    expect(await both()).toEqual({ infra: 2, accounts: 0 });
    expect(await log.append(someDraft(lab.desired))).toMatchObject({ sequence: 3, auditRepo: accounts });
    expect(await log.unpushed()).toBe(3);
    await log.push();
    expect(await both()).toEqual({ infra: 3, accounts: 3 });
    await record(log, 2);
    expect(await both()).toEqual({ infra: 3, accounts: 5 });
    expect(await log.unpushed()).toBe(0);
  });

  it('a process that has read no commit yet records where the last one did', async () => {
    await record(logIn(accounts));
    const log = logIn(undefined);
    expect(await log.append(someDraft(lab.desired))).toMatchObject({ auditRepo: accounts });
    await log.push();
    expect(await both()).toEqual({ infra: 1, accounts: 2 });
  });

  it('they come back whole when it has them in the infra repo again', async () => {
    await record(logIn(accounts), 3);
    await record(logIn(null));
    expect(await both()).toEqual({ infra: 4, accounts: 3 });
  });

  it('they go whole from there to a third, and the infra repo is told of it', async () => {
    const third = await bare('third');
    await record(logIn(accounts), 2);
    await record(logIn(third));
    expect({ ...(await both()), third: await records(third) }).toEqual({ infra: 3, accounts: 2, third: 3 });
  });

  it('a host whose own file names that repository leaves no word in the infra repo', async () => {
    await record(logIn(accounts, host, accounts), 2);
    expect(await both()).toEqual({ infra: 0, accounts: 2 });
  });

  it.each(['accounts', 'infra'])('nothing is lost while %s.git is away', async (name) => {
    await record(logIn(null));
    const url = join(lab.root, `${name}.git`);
    await logIn(accounts).append(someDraft(lab.desired));
    renameSync(url, `${url}.away`);
    await expect(logIn(accounts).push()).rejects.toThrow(RemoteUnreachable);
    renameSync(`${url}.away`, url);
    expect(await logIn(accounts).push()).toEqual({ pushed: 2 });
    expect(await both()).toEqual({ infra: 2, accounts: 2 });
  });

  it('a host that may not push to the infra repo says what to write in its own file', async () => {
    const log = logIn(accounts);
    await log.append(someDraft(lab.desired));
    const hook = join(lab.repo.url, 'hooks', 'pre-receive');
    writeFileSync(hook, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    await expect(log.push()).rejects.toThrow(`write \`auditRepo: ${accounts}\` in its host.yaml`);
    expect(await both()).toEqual({ infra: 0, accounts: 0 });
  });
});

describe('a move that is cut at any call of Git', () => {
  /** Git dies at its `at`th call, before or after it has done what it was asked for. */
  async function dieAt(at: number, when: 'before' | 'after', act: () => Promise<unknown>): Promise<boolean> {
    const bin = join(lab.root, 'bin');
    const count = join(lab.root, 'calls');
    const real = (await execa('sh', ['-c', 'command -v git'])).stdout;
    mkdirSync(bin, { recursive: true });
    const fail = `if [ "$(wc -c < ${count})" -ge ${at} ]`;
    const before = when === 'before' ? `${fail}; then exit 99; fi` : '';
    const after = when === 'after' ? `${fail}; then exit 99; fi` : '';
    const steps = [`printf x >> ${count}`, before, `${real} "$@"; status=$?`, after, 'exit $status'];
    writeFileSync(join(bin, 'git'), `#!/bin/sh\n${steps.join('\n')}\n`);
    chmodSync(join(bin, 'git'), 0o755);
    writeFileSync(count, '');
    const path = process.env.PATH ?? '';
    process.env.PATH = `${bin}:${path}`;
    try {
      await act();
      return false;
    } catch {
      return true;
    } finally {
      process.env.PATH = path;
      expect(existsSync(count) && readFileSync(count).length > 0).toBe(true);
    }
  }

  it.each(['before', 'after'] as const)(
    '%s its effect, loses and doubles nothing',
    { timeout: 300_000 },
    async (when) => {
      await record(logIn(null), 2);
      await logIn(accounts).append(someDraft(lab.desired));
      const refs = await lab.gitIn(host.gitDir, 'for-each-ref', '--format=%(refname) %(objectname)');
      let cut = 0;
      for (let at = 1; await dieAt(at, when, () => logIn(accounts).push()); at += 1) {
        cut += 1;
        await logIn(accounts).push();
        expect(await both()).toEqual({ infra: 3, accounts: 3 });
        // back to before the move, for the next cut
        await execa('git', ['update-ref', '-d', 'refs/heads/audit/builder1'], { cwd: accounts });
        await lab.repo.remoteGit('update-ref', 'refs/heads/audit/builder1', `refs/heads/audit/builder1~1`);
        await lab
          .gitIn(host.gitDir, 'for-each-ref', '--format=delete %(refname)', 'refs/boxreeve/pushed-to')
          .then((input) =>
            execa('git', [`--git-dir=${host.gitDir}`, 'update-ref', '--stdin'], {
              input: input === '' ? '' : `${input}\n`,
            }),
          );
        for (const line of refs.split('\n')) {
          const [ref = '', id = ''] = line.split(' ');
          await lab.gitIn(host.gitDir, 'update-ref', ref, id);
        }
      }
      expect(cut).toBeGreaterThan(6);
    },
  );
});

describe('a host that lost its state', () => {
  async function again(): Promise<AccountHost> {
    return lab.host('builder1', host.key);
  }

  it('finds its account where the infra repo says that it went', async () => {
    await record(logIn(accounts));
    await record(logIn(accounts), 2);
    const log = logIn(undefined, await again());
    expect(await log.last()).toMatchObject({ sequence: 3, auditRepo: accounts });
    await record(log);
    expect(await both()).toEqual({ infra: 1, accounts: 4 });
  });

  it('finds it over several moves', async () => {
    const third = await bare('third');
    await record(logIn(accounts, host, accounts), 2);
    await record(logIn(third, host, accounts));
    await record(logIn(third, host, accounts));
    expect({ ...(await both()), third: await records(third) }).toEqual({ infra: 3, accounts: 2, third: 4 });
    expect(await logIn(undefined, await again(), accounts).last()).toMatchObject({ sequence: 4 });
  });

  it('finds it where its own file says', async () => {
    await record(logIn(accounts, host, accounts), 2);
    expect(await logIn(undefined, await again(), accounts).last()).toMatchObject({ sequence: 2 });
  });

  it('does nothing while that repository is away', async () => {
    await record(logIn(accounts));
    renameSync(accounts, `${accounts}.away`);
    await expect(logIn(undefined, await again()).last()).rejects.toThrow(RemoteUnreachable);
  });

  it('begins no other account where its own was taken away', async () => {
    await record(logIn(accounts));
    rmSync(accounts, { recursive: true });
    await bare('accounts');
    const log = logIn(accounts, await again());
    await expect(log.append(someDraft(lab.desired))).rejects.toThrow(AuditDiverged);
    await expect(log.last()).rejects.toThrow(
      /record 1 of builder1 .* goes on in .*accounts\.git, and it is not there/,
    );
  });

  it('begins no other account where its own was cut to before it came there', async () => {
    await record(logIn(null), 2);
    await record(logIn(accounts), 2);
    await execa('git', ['update-ref', 'refs/heads/audit/builder1', 'audit/builder1~3'], { cwd: accounts });
    await expect(logIn(accounts, await again()).last()).rejects.toThrow(AuditDiverged);
  });

  it('takes up the older part that is left in the infra repo for what it is', async () => {
    await record(logIn(null), 2);
    await record(logIn(accounts), 2);
    await record(logIn(null));
    const there = await again();
    expect(await logIn(undefined, there).last()).toMatchObject({ sequence: 5 });
    expect(await lab.gitIn(there.gitDir, 'rev-parse', localRef('builder1'))).toBe(
      await lab.repo.remoteGit('rev-parse', 'audit/builder1'),
    );
  });
});

describe('audit verify, where the fleet has its records in another repository', () => {
  const auditor = () => lab.host('auditor');

  beforeEach(async () => {
    lab.repo.write('desired-state/fleet.yaml', `kind: Fleet\naudit: { repo: ${accounts} }\n`);
    await lab.declare({ builder1: `auditKey: ${host.publicKey}` });
  });

  it('finds nothing wrong with an account that moved, and reads all of it', async () => {
    await record(logIn(null), 2);
    await record(logIn(accounts), 2);
    const verified = await lab.audit(await auditor());
    expect(kindsIn(verified)).toEqual([]);
    expect(verified.hosts).toMatchObject([{ host: 'builder1', records: 4 }]);
  });

  it('reads a host that has not come to move its account, or left before, in the infra repo', async () => {
    await record(logIn(null), 2);
    const verified = await lab.audit(await auditor());
    expect(kindsIn(verified)).toEqual([]);
    expect(verified.hosts).toMatchObject([{ host: 'builder1', records: 2 }]);
  });

  it('tells that an account is gone from where it went', async () => {
    await record(logIn(accounts), 2);
    await execa('git', ['update-ref', '-d', 'refs/heads/audit/builder1'], { cwd: accounts });
    expect(kindsIn(await lab.audit(await auditor()))).toEqual(['builder1 truncated']);
  });

  it('tells that an account was cut to before it went there', async () => {
    await record(logIn(accounts), 2);
    await record(logIn(accounts), 2);
    await execa('git', ['update-ref', 'refs/heads/audit/builder1', 'audit/builder1~3'], { cwd: accounts });
    expect(kindsIn(await lab.audit(await auditor()))).toEqual(['builder1 truncated']);
  });

  it('reads on the host itself what could not be pushed yet', async () => {
    await record(logIn(accounts));
    await logIn(accounts).append(someDraft(lab.desired));
    const verified = await lab.audit(host);
    expect(kindsIn(verified)).toEqual([]);
    expect(verified.hosts).toMatchObject([{ host: 'builder1', records: 2 }]);
  });

  it('with that repository away says that it is as last seen', async () => {
    await record(logIn(accounts), 2);
    const reader = await auditor();
    await lab.audit(reader);
    renameSync(accounts, `${accounts}.away`);
    const verified = await lab.audit(reader);
    expect(verified.hosts).toMatchObject([{ host: 'builder1', records: 2, findings: [] }]);
  });
});
