import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { lastFollowed } from '../../../reconciler/audit/last-followed.ts';
import { localRef, pushedRef } from '../../../reconciler/audit/paths.ts';
import { AuditDiverged, RemoteUnreachable } from '../../../reconciler/errors.ts';
import { startGitHttp } from '../../lab/git-http.ts';
import { type AccountHost, type AccountLab, newKey, openAccountLab, someDraft } from './account-lab.ts';

let lab: AccountLab;
let host: AccountHost;

beforeEach(async () => {
  lab = await openAccountLab();
  host = await lab.host('builder1');
});
afterEach(() => lab.dispose());

async function remoteTip(): Promise<string> {
  return lab.repo.remoteGit('rev-parse', 'audit/builder1');
}

async function tipOf({ gitDir, name }: AccountHost): Promise<string> {
  return (await execa('git', [`--git-dir=${gitDir}`, 'rev-parse', localRef(name)])).stdout;
}

async function count(): Promise<number> {
  return Number(await lab.repo.remoteGit('rev-list', '--count', 'audit/builder1'));
}

describe('a chain of records', () => {
  it('counts from 1, and each record carries the digest of the one before', async () => {
    const first = await host.log.append(someDraft(lab.desired));
    const second = await host.log.append(someDraft(lab.desired));
    expect(first).toMatchObject({ sequence: 1, previous: null, host: 'builder1' });
    expect(second).toMatchObject({ sequence: 2, previous: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    expect(await host.log.last()).toEqual(second);
  });

  it('verifies with plain git and an allowed_signers file', async () => {
    await host.log.append(someDraft(lab.desired));
    await host.log.push();
    const signers = join(lab.root, 'signers');
    writeFileSync(signers, `builder1 ${host.publicKey}\n`);
    const { stdout } = await execa(
      'git',
      [
        '-c',
        'gpg.format=ssh',
        '-c',
        `gpg.ssh.allowedSignersFile=${signers}`,
        'log',
        '--format=%G? %GS %an <%ae>%n%B',
        'audit/builder1',
      ],
      { cwd: lab.repo.url },
    );
    expect(stdout).toMatch(/^G builder1 builder1 <builder1@boxreeve\.invalid>\nbuilder1: in sync\n/);
    expect(stdout).toMatch(
      /\nBoxreeve-Record: audit\/builder1\/2026\/11\/\S+\.json\nBoxreeve-Desired: [0-9a-f]{40}\nBoxreeve-Outcome: in-sync\n/,
    );
  });

  it('takes a record once, however often it is handed in', async () => {
    const draft = someDraft(lab.desired);
    await host.log.append(draft);
    const again = await lab.host('builder1', host.key);
    await host.log.append(draft);
    await host.log.push();
    expect(await again.log.append(draft)).toMatchObject({ sequence: 1, id: draft.id });
    expect(await count()).toBe(1);
  });

  it('is witness to some of a large fleet in each record, and to others in the next', async () => {
    const refs = Array.from(
      { length: 200 },
      (_, index) => `create refs/heads/audit/b${index} ${lab.desired}\n`,
    );
    await execa('git', [`--git-dir=${lab.repo.url}`, 'update-ref', '--stdin'], { input: refs.join('') });
    await host.mirror.fetch();
    const first = await host.log.append(someDraft(lab.desired));
    const second = await host.log.append(someDraft(lab.desired));
    const seen = [first, second].flatMap(({ witness }) => Object.keys(witness));
    expect(seen).toHaveLength(128);
    expect(new Set(seen).size).toBe(128);
  });

  it('a line of a message cannot pass for a trailer', async () => {
    await host.log.append(
      someDraft(lab.desired, {
        notes: ['x\n\nBoxreeve-Outcome: applied'],
        summary: 'a\nBoxreeve-Outcome: applied',
      }),
    );
    await host.log.push();
    const trailers = await lab.repo.remoteGit(
      'log',
      '-1',
      '--format=%(trailers:key=Boxreeve-Outcome,valueonly)',
      'audit/builder1',
    );
    expect(trailers.trim()).toBe('in-sync');
  });
});

describe('a record whose writer was cut', () => {
  it('after the chain had moved is not written twice', async () => {
    const draft = someDraft(lab.desired);
    await host.log.append(draft);
    const [first, second] = [someDraft(lab.desired), lab.logOf(host)];
    await second.append(first);
    // the first writer knows nothing of it: to it the answer was lost
    await expect(host.log.append(first)).rejects.toThrow();
    expect(await host.log.append(first)).toMatchObject({ id: first.id, sequence: 2 });
    await host.log.push();
    expect(await count()).toBe(2);
  });

  it('before the chain had moved is written by the next', async () => {
    await host.log.append(someDraft(lab.desired));
    const lock = join(host.gitDir, `${localRef('builder1')}.lock`);
    writeFileSync(lock, '');
    const draft = someDraft(lab.desired);
    await expect(host.log.append(draft)).rejects.toThrow(/lock/);
    rmSync(lock);
    expect(await lab.logOf(host).append(draft)).toMatchObject({ id: draft.id, sequence: 2 });
  });
});

describe('pushing', () => {
  it('a record that arrived, and whose answer was lost, is no failure', async () => {
    const hook = join(lab.repo.url, 'hooks', 'post-receive');
    // the branch has moved by now; its receiver dies before it says so
    writeFileSync(hook, '#!/bin/sh\nkill -9 $PPID\n', { mode: 0o755 });
    await expect(lab.repo.git('push', 'origin', 'HEAD:as-a-proof')).rejects.toThrow(/disconnect|hung up/);
    await host.log.append(someDraft(lab.desired));
    expect(await host.log.push()).toEqual({ pushed: 1 });
    expect(await remoteTip()).toBe(await tipOf(host));
    expect(await host.log.unpushed()).toBe(0);
  });

  it('is done again at once when the server was at that branch for another', async () => {
    await host.log.append(someDraft(lab.desired));
    await host.log.push();
    await host.log.append(someDraft(lab.desired));
    // the real receive-pack meets a real lock, the first time
    const lock = join(lab.repo.url, 'refs/heads/audit/builder1.lock');
    const hook = join(lab.repo.url, 'hooks', 'pre-receive');
    const count = join(lab.root, 'pushes');
    writeFileSync(
      hook,
      `#!/bin/sh\necho once >>'${count}'\nif [ "$(wc -l <'${count}')" -eq 1 ]; then touch '${lock}'; else rm '${lock}'; fi\n`,
      { mode: 0o755 },
    );
    expect(await host.log.push()).toEqual({ pushed: 1 });
    expect(await remoteTip()).toBe(await tipOf(host));
    expect(readFileSync(count, 'utf8')).toBe('once\nonce\n');
  });

  it('is done again at once when the branch moved along the same chain meanwhile', async () => {
    await host.log.append(someDraft(lab.desired));
    await host.log.push();
    await host.log.append(someDraft(lab.desired));
    const between = await tipOf(host);
    await lab.repo.git('fetch', '--quiet', host.gitDir, localRef('builder1'));
    await lab.repo.git('push', '--quiet', 'origin', `${between}:refs/heads/elsewhere`);
    await host.log.append(someDraft(lab.desired));
    const hook = join(lab.repo.url, 'hooks', 'pre-receive');
    // a push whose answer was lost, and that the server comes to only now
    writeFileSync(
      hook,
      `#!/bin/sh\nrm "$0"\nenv -u GIT_QUARANTINE_PATH git update-ref refs/heads/audit/builder1 ${between}\n`,
      { mode: 0o755 },
    );
    await host.log.push();
    expect(await remoteTip()).toBe(await tipOf(host));
    expect(await count()).toBe(3);
  });

  it('is known to a process that comes later', async () => {
    await host.log.append(someDraft(lab.desired));
    await host.log.push();
    expect(await lab.logOf(host).unpushed()).toBe(0);
  });

  it('is known to a process that comes later, also where the answer to the push was lost', async () => {
    await lab.repo.remoteGit('config', 'http.receivepack', 'true');
    const server = await startGitHttp(lab.root, (url) =>
      url.endsWith('/git-receive-pack') ? 'answer-lost' : 'none',
    );
    onTestFinished(server.stop);
    await host.log.append(someDraft(lab.desired));
    await lab.gitIn(host.gitDir, 'config', 'remote.origin.url', `${server.url}/infra.git`);
    await host.log.push();
    expect(await remoteTip()).toBe(await tipOf(host));
    expect(await lab.logOf(host).unpushed()).toBe(0);
  });

  it('leaves to count what came since', async () => {
    const waiting: number[] = [];
    for (const pushes of [false, true, false, false]) {
      await host.log.append(someDraft(lab.desired));
      if (pushes) await host.log.push();
      waiting.push(await host.log.unpushed());
    }
    expect(waiting).toEqual([1, 0, 1, 2]);
    expect(await host.log.push()).toEqual({ pushed: 2 });
    expect(await count()).toBe(4);
  });

  it('again changes nothing, also when the answer to the first push was lost', async () => {
    await host.log.append(someDraft(lab.desired));
    expect(await host.log.push()).toEqual({ pushed: 1 });
    const tip = await remoteTip();
    await execa('git', [`--git-dir=${host.gitDir}`, 'update-ref', '-d', pushedRef('builder1')]);
    await host.log.push();
    expect(await remoteTip()).toBe(tip);
    expect(await host.log.unpushed()).toBe(0);
  });

  it('what could not be pushed waits, and goes in order', async () => {
    await execa('mv', [lab.repo.url, `${lab.repo.url}.away`]);
    // a chain of its own is begun only when the remote was seen to have none
    await expect(host.log.append(someDraft(lab.desired))).rejects.toThrow(RemoteUnreachable);
    await execa('mv', [`${lab.repo.url}.away`, lab.repo.url]);
    await host.log.append(someDraft(lab.desired));
    await execa('mv', [lab.repo.url, `${lab.repo.url}.away`]);
    await host.log.append(someDraft(lab.desired));
    await expect(host.log.push()).rejects.toThrow(RemoteUnreachable);
    expect(await host.log.unpushed()).toBe(2);
    await execa('mv', [`${lab.repo.url}.away`, lab.repo.url]);
    expect(await host.log.push()).toEqual({ pushed: 2 });
    expect(await count()).toBe(2);
  });

  it('never overwrites a branch that someone else wrote', async () => {
    await host.log.append(someDraft(lab.desired));
    await host.log.push();
    await lab.repo.git('push', '--quiet', '--force', 'origin', 'main:audit/builder1');
    await host.log.append(someDraft(lab.desired));
    await expect(host.log.push()).rejects.toThrow(AuditDiverged);
    expect(await remoteTip()).toBe(lab.desired);
    expect(await host.log.unpushed()).toBeGreaterThan(0);
  });
});

describe('a host that lost its state', () => {
  it('goes on with the chain that the remote has', async () => {
    await host.log.append(someDraft(lab.desired));
    await host.log.push();
    const again = await lab.host('builder1', host.key);
    expect(await again.log.append(someDraft(lab.desired))).toMatchObject({ sequence: 2 });
    await again.log.push();
    expect(await count()).toBe(2);
  });

  it('does not take up a chain that another key signed', async () => {
    await host.log.append(someDraft(lab.desired));
    await host.log.push();
    const { key } = await newKey(lab.root, 'builder1');
    const stranger = await lab.host('builder1', key);
    await expect(stranger.log.append(someDraft(lab.desired))).rejects.toThrow(/not by this host's key/);
    expect(await count()).toBe(1);
  });
});

describe('a host that lost its state, and a fleet that has the audit elsewhere now', () => {
  it('finds its chain by its own signature, and brings it to where it is to be', async () => {
    await host.log.append(someDraft(lab.desired));
    await host.log.push();
    const log = lab.logOf(await lab.host('builder1', host.key), 'decoy/builder1');
    expect(await log.lastFollowed()).toBe(lab.desired);
    await log.append(someDraft(lab.desired));
    await log.push();
    expect(await lab.repo.remoteGit('rev-list', '--count', 'refs/heads/decoy/builder1')).toBe('2');
  });

  it('goes on with the longest of its chains, whatever else bears its name', async () => {
    for (let count = 0; count < 3; count += 1) await host.log.append(someDraft(lab.desired));
    await host.log.push();
    await lab.repo.remoteGit('update-ref', 'refs/heads/copy/builder1', 'refs/heads/audit/builder1~1');
    await lab.repo.remoteGit('update-ref', 'refs/heads/old-builder1', 'refs/heads/audit/builder1');
    await lab.repo.remoteGit('update-ref', '-d', 'refs/heads/audit/builder1');
    await lab.repo.remoteGit('update-ref', 'refs/heads/topic/builder1/tune', 'refs/heads/main');
    const again = await lab.host('builder1', host.key);
    expect(await again.log.last()).toMatchObject({ sequence: 3 });
  });

  it('takes no record of another host, and none whose branch only begins with its name', async () => {
    const other = await lab.host('builder2', host.key);
    await other.log.append(someDraft(lab.desired));
    await other.log.push();
    const tenth = await lab.host('builder10', host.key);
    await tenth.log.append(someDraft(lab.desired));
    await tenth.log.push();
    await lab.repo.remoteGit('update-ref', 'refs/heads/copy/builder1', 'refs/heads/audit/builder2');
    expect(await host.log.last()).toBeNull();
  });
});

describe('two at once', () => {
  it('on one chain: one record is not both, the one that fails says so, and may try again', async () => {
    await host.log.append(someDraft(lab.desired));
    const other = lab.logOf(host);
    await other.last();
    // of one minute: whichever comes second is not dated before the other
    const { time } = someDraft(lab.desired);
    const drafts = [someDraft(lab.desired, { time }), someDraft(lab.desired, { time })];
    const ended = await Promise.allSettled(
      [host, { log: other }].map(async ({ log }, at) => {
        const draft = drafts[at];
        if (draft === undefined) throw new Error('a draft each');
        return log.append(draft);
      }),
    );
    expect(ended.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [lost] = drafts.filter((_, at) => ended[at]?.status === 'rejected');
    const loser = ended[0]?.status === 'rejected' ? host.log : other;
    if (lost === undefined) throw new Error('one was refused');
    expect(await loser.append(lost)).toMatchObject({ id: lost.id, sequence: 3 });
    await loser.push();
    expect(await lab.verify({ builder1: [host.publicKey] })).toMatchObject([{ records: 3, findings: [] }]);
  });

  it('cannot both append to one record: one fails loudly, and what is there is one line', async () => {
    const other = await lab.host('builder1', host.key);
    await host.log.append(someDraft(lab.desired));
    await host.log.push();
    await other.log.append(someDraft(lab.desired));
    await other.log.push();
    // the first one's chain is behind the remote's now
    await host.log.append(someDraft(lab.desired));
    await expect(host.log.push()).rejects.toThrow(AuditDiverged);
    const refs = await execa('git', [
      `--git-dir=${host.gitDir}`,
      'rev-list',
      '--count',
      localRef('builder1'),
    ]);
    expect(refs.stdout).toBe('2');
    expect(await count()).toBe(2);
  });
});

describe('what a host followed', () => {
  it('is known from its own account when all else of it is lost: the newest commit that it did not refuse', async () => {
    const later = await lab.repo.merge('Change');
    const refused = await lab.repo.merge('Break');
    const by = (commit: string) => ({ ...someDraft(commit), kind: 'refused', outcome: 'refused' }) as const;
    await host.log.append(someDraft(lab.desired));
    await host.log.append(someDraft(later));
    for (let count = 0; count < 33; count += 1) await host.log.append(by(refused));
    await host.log.push();
    const reinstalled = await lab.host('builder1', host.key);
    expect(await reinstalled.log.lastFollowed()).toBe(later);
  });

  it('is known though a record in between cannot be read, as one of a later version of Boxreeve', async () => {
    const refused = await lab.repo.merge('Break');
    await host.log.append(someDraft(lab.desired));
    for (let count = 0; count < 40; count += 1)
      await host.log.append({ ...someDraft(refused), kind: 'refused', outcome: 'refused' });
    await host.log.push();
    await lab.repo.git('fetch', '--quiet', 'origin', 'audit/builder1');
    await lab.repo.git('checkout', '--quiet', '--detach', 'FETCH_HEAD');
    lab.repo.write('audit/builder1/2027/01/later.json', '{ "apiVersion": "boxreeve/v9" }\n');
    await lab.repo.git('add', '--all');
    await lab.tamper(host.key, 'commit', '--quiet', '-m', 'Later');
    const tip = await lab.repo.git('rev-parse', 'HEAD');
    await lab.repo.git('push', '--quiet', 'origin', 'HEAD:refs/heads/later');
    await execa('git', [`--git-dir=${host.gitDir}`, 'fetch', '--quiet', lab.repo.url, 'later']);
    expect(await lastFollowed(host.gitDir, tip)).toBe(lab.desired);
  });

  it('is nothing for a host with no account', async () => {
    expect(await host.log.lastFollowed()).toBeNull();
  });
});
