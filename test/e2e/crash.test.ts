/** The reconciler is killed with -9 in the middle of what it does; the next run converges, with one record an attempt. */
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GOOD_INIT, writeBoxes, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type Lab, type LabBox, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';
import { pathWithStub } from '../lab/stub.ts';
import { waitFor } from '../lab/wait-for.ts';

let lab: Lab;
let box: LabBox;
let scene: Scene;
let count = 0;

beforeAll(async () => {
  lab = await openLab();
  box = await lab.box({ label: 'e2e-old' });
});
afterAll(async () => lab?.dispose());

beforeEach(async () => {
  count += 1;
  scene = await newScene(lab, { host: `crash${count}`, secrets: { VSTS_TOKEN: 'canary-9a0364b9e99b' } });
  writeFleet(scene.repo);
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, { '2022.2.17': box });
  writeGuest(scene.repo, { version: '2022.2.17' });
  return async () => {
    await scene.dispose();
    await lab.vagrant(['destroy', '-f'], {
      cwd: join(scene.host.stateDir, 'guests', 'azure-agent'),
      env: { VSTS_TOKEN: 'x', GUEST_NAME: 'x' },
    });
    await lab.vagrant(['box', 'remove', 'azure-ci-node', '--all', '--force']);
  };
});

/** Starts a sync with more environment and kills it with -9 once `moment` has come. */
async function killSync(
  moment: () => boolean | Promise<boolean>,
  env: Record<string, string> = {},
): Promise<void> {
  const sync = scene.host.start(['sync'], env);
  await waitFor('the moment to kill at', moment);
  sync.kill('SIGKILL');
  await sync.ended;
}

async function log(): Promise<{ sequence: number; outcome: string; kind: string; id: string }[]> {
  const { document } = await scene.host.json('audit', 'log');
  const records: { sequence: number; outcome: string; kind: string; id: string }[] = JSON.parse(
    JSON.stringify(document),
  ).records;
  return records.toSorted((one, other) => one.sequence - other.sequence);
}

describe('killed with -9', () => {
  it('in the middle of vagrant up: the half-made guest is replaced, one guest runs, and the cut attempt is on record', async () => {
    writeGuest(scene.repo, { version: '2022.2.17', init: `${GOOD_INIT}sleep 4\n` });
    await scene.repo.merge('Declare a guest that takes its time');
    await killSync(async () => (await lab.containers()).length > 0);
    const after = await scene.host.json('sync');
    expect(after).toMatchObject({ exitCode: 0 });
    expect(await lab.containers()).toHaveLength(1);
    expect((await log()).map(({ outcome }) => outcome)).toEqual(['interrupted', 'applied']);
    expect((await scene.host.json('sync')).document).toMatchObject({ actions: [], pending: [] });
    expect(await scene.host.json('audit', 'verify')).toMatchObject({ document: { ok: true } });
  });

  it('in the middle of box add: the box is whole in the end, and the guest is built from it', async () => {
    await scene.repo.merge('Declare a guest');
    const mark = join(scene.root, 'adding');
    const PATH = pathWithStub(
      scene.root,
      scene.host.env.PATH ?? '',
      'vagrant',
      `case "$*" in *"box add"*) touch ${mark}; sleep 30;; esac`,
    );
    await killSync(() => existsSync(mark), { PATH });
    const after = await scene.host.json('sync');
    expect(after).toMatchObject({ exitCode: 0 });
    expect(await lab.containers()).toHaveLength(1);
    expect((await lab.vagrant(['box', 'list'])).stdout).toBe('azure-ci-node (lxc, 2022.2.17)');
    expect((await log()).map(({ outcome }) => outcome)).toEqual(['interrupted', 'applied']);
  });

  it('in the middle of a push: the record arrives once', async () => {
    await scene.repo.merge('Declare a guest');
    const mark = join(scene.root, 'pushing');
    const hook = join(scene.repo.url, 'hooks', 'post-receive');
    writeFileSync(hook, `#!/bin/sh\ntouch ${mark}\nsleep 3\n`);
    chmodSync(hook, 0o755);
    await killSync(() => existsSync(mark));
    writeFileSync(hook, '#!/bin/sh\n');
    expect(await scene.host.json('sync')).toMatchObject({
      exitCode: 0,
      document: { actions: [], unpushed: 0 },
    });
    expect((await log()).map(({ sequence, outcome }) => [sequence, outcome])).toEqual([[1, 'applied']]);
    expect(await scene.repo.remoteGit('rev-list', '--count', `audit/${scene.host.name}`)).toBe('1');
  });

  it('while a guest is being rebuilt: the old one is not missed for longer than the next run', async () => {
    await scene.repo.merge('Declare a guest');
    expect(await scene.host.boxreeve('sync')).toMatchObject({ exitCode: 0 });
    writeGuest(scene.repo, { version: '2022.2.17', init: `${GOOD_INIT}# changed\n` });
    await scene.repo.merge('Change init.sh');
    const [before] = await lab.containers();
    await killSync(async () => !(await lab.containers()).includes(before ?? ''));
    expect(await scene.host.json('sync')).toMatchObject({ exitCode: 0 });
    expect(await lab.containers()).toHaveLength(1);
    expect((await log()).map(({ outcome }) => outcome)).toEqual(['applied', 'interrupted', 'applied']);
  });
});
