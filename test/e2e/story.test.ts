/** The main job, end to end: real Git, real Vagrant, a real guest, one host, from the first sync to a refused commit. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BOX,
  GOOD_INIT,
  GUEST,
  writeBoxes,
  writeFleet,
  writeGuest,
  writeHost,
} from '../lab/desired-state.ts';
import { type Lab, type LabBox, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';

const HOST = 'story1';
const TOKEN = 'canary-token-5d41402abc4b';
let lab: Lab;
let scene: Scene;
let old: LabBox;
let next: LabBox;

beforeAll(async () => {
  lab = await openLab();
  [old, next] = [await lab.box({ label: 'e2e-old' }), await lab.box({ label: 'e2e-new' })];
  scene = await newScene(lab, { host: HOST, secrets: { VSTS_TOKEN: TOKEN } });
  writeFleet(scene.repo);
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, { '2022.2.17': old, '2022.2.24': next });
  writeGuest(scene.repo, { version: '2022.2.17' });
  await scene.repo.merge('Declare the first host (#1)');
});
afterAll(async () => {
  await scene?.dispose();
  await lab?.dispose();
});

/** What a command prints in the guest, by plain ssh through Vagrant. */
async function inGuest(command: string): Promise<string> {
  const cwd = join(scene.host.stateDir, 'guests', GUEST);
  const env = { GUEST_NAME: HOST, VSTS_TOKEN: 'x' };
  return (await lab.vagrant(['ssh', '-c', command], { cwd, env })).stdout.trim();
}

async function boxes(): Promise<string> {
  return (await lab.vagrant(['box', 'list'])).stdout;
}

async function records(): Promise<{ kind: string; outcome: string; sequence: number; summary: string }[]> {
  const { document } = await scene.host.json('audit', 'log');
  return expectRecords(document);
}

function expectRecords(
  document: unknown,
): { kind: string; outcome: string; sequence: number; summary: string }[] {
  expect(document).toMatchObject({ records: expect.any(Array) });
  return JSON.parse(JSON.stringify(document)).records;
}

describe('a merged commit becomes a running guest and a signed audit commit', () => {
  it('the first sync fetches the box, creates the guest with its name and token, and records it', async () => {
    const { exitCode, document, stderr } = await scene.host.json('sync');
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(document).toMatchObject({
      actions: [
        { kind: 'fetch-box', result: 'done' },
        { kind: 'add-box', result: 'done' },
        { kind: 'create-guest', result: 'done' },
      ],
      records: [{ sequence: 1, kind: 'applied', outcome: 'applied' }],
    });
    expect(await inGuest('cat /etc/guest-name /etc/boxreeve-box')).toBe(
      `${HOST}\ne2e-old`.replace('\n', '\r\n').replaceAll('\r', ''),
    );
    expect(await boxes()).toContain(`${BOX} (lxc, 2022.2.17)`);
  });

  it('a sync with nothing to do changes nothing and records nothing', async () => {
    const before = await lab.containers();
    const { exitCode, document } = await scene.host.json('sync');
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ actions: [], pending: [], records: [] });
    expect(await lab.containers()).toEqual(before);
    const plan = await scene.host.boxreeve('plan', '--detailed-exitcode');
    expect(plan.exitCode).toBe(0);
  });

  it('a commit that changes init.sh rebuilds the guest, and the reason says what changed', async () => {
    const before = await lab.containers();
    writeGuest(scene.repo, { version: '2022.2.17', init: `${GOOD_INIT}echo second > /etc/generation\n` });
    await scene.repo.merge('Leave a mark in the guest (#2)');
    const plan = await scene.host.boxreeve('plan', '--detailed-exitcode');
    expect(plan.exitCode).toBe(2);
    expect(plan.stdout).toMatch(/init\.sh changed \(1 line\), last applied [0-9a-f]{7}/);
    const { exitCode, document } = await scene.host.json('sync');
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ actions: [{ kind: 'rebuild-guest', result: 'done' }] });
    expect(await inGuest('cat /etc/generation')).toBe('second');
    const after = await lab.containers();
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
  });

  it('a commit that bumps the box fetches, checks and adds it, rebuilds the guest, and removes the old box', async () => {
    writeGuest(scene.repo, { version: '2022.2.24' });
    await scene.repo.merge('Bump azure-ci-node to 2022.2.24 (#3)');
    const { exitCode, document } = await scene.host.json('sync');
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({
      actions: [
        { kind: 'fetch-box' },
        { kind: 'add-box' },
        { kind: 'rebuild-guest', reason: expect.stringContaining('2022.2.17 → 2022.2.24') },
        { kind: 'remove-box' },
      ],
    });
    expect(await inGuest('cat /etc/boxreeve-box')).toBe('e2e-new');
    expect(await boxes()).toBe(`${BOX} (lxc, 2022.2.24)\n`.trim());
  });

  it('a guest destroyed behind its back is put right', async () => {
    const cwd = join(scene.host.stateDir, 'guests', GUEST);
    const destroyed = await lab.vagrant(['destroy', '-f'], {
      cwd,
      env: { GUEST_NAME: HOST, VSTS_TOKEN: 'x' },
    });
    expect(destroyed.exitCode).toBe(0);
    expect(await lab.containers()).toEqual([]);
    const { exitCode, document } = await scene.host.json('sync');
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ actions: [{ kind: 'create-guest', result: 'done' }] });
    expect(await inGuest('cat /etc/guest-name')).toBe(HOST);
  });

  it('a commit with a mistake is refused with file, line and column, once on the record, and the host stays as it was', async () => {
    const before = await lab.containers();
    const path = `desired-state/guests/${GUEST}/guest.yaml`;
    scene.repo.write(path, (await scene.repo.git('show', `HEAD:${path}`)).replace('2022.2.24', '2022.02'));
    await scene.repo.merge('Bump to a version that is not there (#4)');
    const { exitCode, document } = await scene.host.json('sync');
    expect(exitCode).toBe(3);
    expect(document).toMatchObject({
      refused: {
        error: expect.stringMatching(
          /^desired-state\/guests\/azure-agent\/guest\.yaml:\d+:\d+ box\.version "2022\.02" is not in boxes\/azure-ci-node\.yaml \(has 2022\.2\.17, 2022\.2\.24\)$/,
        ),
      },
      records: [{ kind: 'refused' }],
    });
    expect((await scene.host.json('sync')).document).toMatchObject({ records: [] });
    expect(await lab.containers()).toEqual(before);
  });

  it('a correction is followed, and the guest that was right all along is left alone', async () => {
    const before = await lab.containers();
    writeGuest(scene.repo, { version: '2022.2.24' });
    await scene.repo.merge('Correct the version (#5)');
    const { exitCode, document } = await scene.host.json('sync');
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ actions: [] });
    expect(await lab.containers()).toEqual(before);
  });

  it('the account verifies with plain git and an allowed_signers file, and with audit verify', async () => {
    const signers = join(scene.root, 'allowed_signers');
    writeFileSync(signers, `${HOST} ${scene.host.publicKey.split(' ').slice(0, 2).join(' ')}\n`);
    const { stdout } = await execa(
      'git',
      [
        '-c',
        'gpg.format=ssh',
        '-c',
        `gpg.ssh.allowedSignersFile=${signers}`,
        'log',
        '--format=%G? %GS %s',
        `audit/${HOST}`,
      ],
      { cwd: scene.repo.url },
    );
    const lines = stdout.split('\n');
    expect(lines).toHaveLength((await records()).length);
    for (const line of lines) expect(line).toMatch(new RegExp(`^G ${HOST} ${HOST}: `));
    const verified = await scene.host.json('audit', 'verify');
    expect(verified).toMatchObject({ exitCode: 0, document: { ok: true } });
  });

  it('records are one an attempt, in order, and name what happened', async () => {
    const log = (await records()).toSorted((one, other) => one.sequence - other.sequence);
    expect(log.map(({ sequence }) => sequence)).toEqual(log.map((_, index) => index + 1));
    expect(log.map(({ kind }) => kind)).toEqual(['applied', 'applied', 'applied', 'applied', 'refused']);
    expect(log[2]?.summary).toBe('rebuilt azure-agent on azure-ci-node 2022.2.24 (was 2022.2.17)');
  });

  it('no secret is in the audit, the log or any file of the state folder', async () => {
    const found = await execa(
      'grep',
      ['-rl', '--binary-files=text', TOKEN, scene.host.stateDir, scene.repo.url],
      { reject: false },
    );
    expect(found.stdout).toBe('');
  });
});
