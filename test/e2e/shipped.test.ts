/** The desired state that is shipped for people to copy, on the command line, as its first reader would try it. No guest is made. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Lab, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';

const SHIPPED = join(import.meta.dirname, '..', '..', 'desired-state');
let lab: Lab;
let scene: Scene;
let approver: string;

beforeAll(async () => {
  lab = await openLab();
  scene = await newScene(lab, {
    host: 'builder1',
    secrets: { VSTS_TOKEN: 'x'.repeat(20), AZURE_PAT: 'y'.repeat(20) },
  });
  cpSync(SHIPPED, join(scene.repo.folder, 'desired-state'), { recursive: true });
  approver = join(scene.root, 'approver');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', approver]);
  const { stdout } = await execa('ssh-keygen', ['-y', '-f', approver]);
  scene.repo.write(
    'desired-state/trust/approvers',
    `ada@example.org ${stdout.split(' ').slice(0, 2).join(' ')}\n`,
  );
});
afterAll(async () => {
  await scene?.dispose();
  await lab?.dispose();
});

it('is valid', async () => {
  const { exitCode, document } = await scene.host.json('validate', scene.repo.folder);
  expect({ exitCode, document }).toMatchObject({
    exitCode: 0,
    document: { valid: true, complaints: [], hosts: 8, guests: 2, boxes: 2 },
  });
});

it('is not followed before one of its approvers has signed it', async () => {
  await scene.repo.merge('Begin with the shipped fleet');
  expect(await scene.host.json('sync')).toMatchObject({
    exitCode: 4,
    document: { actions: [], refused: { error: expect.stringContaining('is not signed') } },
  });
});

it('is planned once it is signed, with a reason for each action', async () => {
  await scene.repo.merge('Sign it', approver);
  const one = await scene.host.json('plan');
  expect(one).toMatchObject({
    exitCode: 0,
    document: {
      host: 'builder1',
      actions: [{ kind: 'fetch-box' }, { kind: 'add-box' }, { kind: 'create-guest', guest: 'azure-agent' }],
    },
  });
  const text = (await scene.host.boxreeve('plan', '--detailed-exitcode')).stdout;
  expect(text).toContain('create-guest azure-agent');
  expect(text).toContain('it does not exist yet');
});
