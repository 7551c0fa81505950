/**
 * An Azure Pipelines agent, from a merge to the new guest: the daemon as it runs, a server that answers as the vendor's does, and a
 * real process in the guest that is called as the vendor's worker is. The two questions are a minute apart, as they are in earnest.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../reconciler/clock.ts';
import { type AzureLab, startAzurePipelines } from '../lab/ci/azure-pipelines.ts';
import { GOOD_INIT, GUEST, writeBoxes, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { newScene, type Running, type Scene } from '../lab/scene.ts';
import { waitFor } from '../lab/wait-for.ts';

let lab: Lab;
let azure: AzureLab;
let scene: Scene;
let daemon: Running;
let first: readonly string[];

beforeAll(async () => {
  lab = await openLab();
  azure = await startAzurePipelines(systemClock);
  const secrets = { VSTS_TOKEN: 'canary-45c48cce2e2d', ...azure.secrets };
  scene = await newScene(lab, { host: 'builder3', secrets, poll: '1s' });
  writeFleet(scene.repo, 'always');
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, { '2022.2.17': await lab.box({ label: 'e2e-old' }) });
  await merge(1);
  const { exitCode, stderr } = await scene.host.boxreeve('sync');
  expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
  first = await lab.containers();
});
afterAll(async () => {
  await scene?.dispose();
  await azure?.server.close();
  await lab?.dispose();
});

async function merge(generation: number): Promise<void> {
  if (azure.spec.system !== 'azure-pipelines') throw new Error('another system');
  const agent = { system: azure.spec.system, ...azure.spec.settings, name: '{host}' };
  const init = `${GOOD_INIT}# generation ${generation}\n`;
  writeGuest(scene.repo, { version: '2022.2.17', init, agent, timeouts: { drain: '1h' } });
  await scene.repo.merge(`Generation ${generation}`);
}

function inGuest(command: string): Promise<unknown> {
  const cwd = join(scene.host.stateDir, 'guests', GUEST);
  return lab.succeed(['ssh', '-c', command], { cwd, env: { GUEST_NAME: 'x', VSTS_TOKEN: 'x' } });
}

async function waitingFor(): Promise<string> {
  const { document } = await scene.host.json('status');
  const { pending }: { pending: { gates: string[] }[] } = JSON.parse(JSON.stringify(document));
  return pending.flatMap(({ gates }) => gates).join('; ');
}

function lastMessage(): Promise<string> {
  return scene.repo.remoteGit('log', '-1', '--format=%B', 'audit/builder3');
}

const ours = () => azure.agents.find(({ name }) => name === 'Builder3');

describe('a job that runs when a change is merged', () => {
  it('keeps its guest: the agent is disabled first, and status, plan and record say what is waited for', async () => {
    expect(azure.assign()).toBe(true);
    await inGuest(
      'nohup bash -c "exec -a /agent/bin/Agent.Worker sleep 3000" >/dev/null 2>&1 </dev/null & exit 0',
    );
    await merge(2);
    daemon = scene.host.daemon();
    await waitFor('the job to be told of', async () => (await waitingFor()).includes('job 8812'));
    expect(ours()?.enabled).toBe(false);
    const said =
      /azure-agent: job 8812 \(build 20260114\.3\) running for \d+ (s|min).*; drained \d\d:\d\d; gives up \d\d:\d\d \(UTC\)/;
    expect(await waitingFor()).toMatch(said);
    await waitFor('the record', async () => said.test(await lastMessage()));
    const plan = await scene.host.boxreeve('plan');
    expect(plan.stdout.replaceAll(/\s+/g, ' ')).toMatch(said);
    expect(await lab.containers()).toEqual(first);
  });

  it('also when Azure knows of none any more, and the process is still there', async () => {
    azure.finish();
    await waitFor('the look into the guest', async () =>
      /a job runs in the guest: process \d+/.test(await waitingFor()),
    );
    expect(await lab.containers()).toEqual(first);
  });

  it('lets it go when it has ended: rebuilt, and put back as it was', async () => {
    await inGuest('pkill -f "[A]gent.Worker"; exit 0');
    await waitFor('the new guest', async () => {
      const now = await lab.containers();
      return now.length === 1 && now[0] !== first[0] && ours()?.enabled === true;
    });
    expect(ours()).toMatchObject({ maxParallelism: 1, assignedRequest: null });
    await waitFor('the record', async () => (await lastMessage()).includes('rebuilt azure-agent'));
  });
});

describe('an agent that a person has disabled', () => {
  it('is left disabled when its guest is built anew, and that is said', async () => {
    azure.takenOffByPerson();
    const before = await lab.containers();
    await merge(3);
    await waitFor('the new guest', async () => (await lab.containers())[0] !== before[0]);
    await waitFor('the record', async () => (await lastMessage()).includes('taken off by someone else'));
    expect(ours()?.enabled).toBe(false);
    daemon.kill('SIGTERM');
    expect((await daemon.ended).exitCode).toBe(0);
    expect(ours()?.enabled).toBe(false);
  });
});
