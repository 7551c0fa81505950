/** What holds a disruptive change: a closed window, a pause, a job. Real guests, one for each group. */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  GOOD_INIT,
  GUEST,
  type GuestOptions,
  writeBoxes,
  writeFleet,
  writeGuest,
  writeHost,
} from '../lab/desired-state.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';
import { waitFor } from '../lab/wait-for.ts';

let lab: Lab;
let scene: Scene;
let generation = 0;

async function open(host: string, guest: Partial<GuestOptions>, window: 'always' | 'closed'): Promise<void> {
  lab = await openLab();
  scene = await newScene(lab, { host, secrets: { VSTS_TOKEN: 'canary-45c48cce2e2d' }, poll: '1s' });
  writeFleet(scene.repo, window);
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, {
    '2022.2.17': await lab.box({ label: 'e2e-old' }),
    '2022.2.24': await lab.box({ label: 'e2e-new' }),
  });
  await change('2022.2.17', guest);
  const first = await scene.host.boxreeve('sync');
  expect(`${first.exitCode} ${first.exitCode === 0 ? '' : first.stderr}`).toBe('0 ');
}

async function close(): Promise<void> {
  await scene?.dispose();
  await lab?.dispose();
}

/** Merges a change of init.sh, or of the box as well. */
async function change(version: string, guest: Partial<GuestOptions> = {}): Promise<string> {
  generation += 1;
  writeGuest(scene.repo, { version, init: `${GOOD_INIT}# generation ${generation}\n`, ...guest });
  return scene.repo.merge(`Generation ${generation}`);
}

/** Of the last commit on the host's audit branch, as anyone reads it. */
function lastMessage(): Promise<string> {
  return scene.repo.remoteGit('log', '-1', '--format=%B', `audit/${scene.host.name}`);
}

async function kinds(): Promise<string[]> {
  const { document } = await scene.host.json('audit', 'log');
  const { records }: { records: { sequence: number; kind: string }[] } = JSON.parse(JSON.stringify(document));
  return records.toSorted((one, other) => one.sequence - other.sequence).map(({ kind }) => kind);
}

describe('a window that is closed, and a pause', () => {
  beforeAll(() => open('window1', {}, 'closed'));
  afterAll(close);

  it('a missing guest is made at any time: nothing is disturbed by it', async () => {
    expect(await lab.containers()).toHaveLength(1);
    expect(await kinds()).toEqual(['applied']);
  });

  it('a rebuild waits for the window, with exit code 5 and one record for one reason', async () => {
    const before = await lab.containers();
    await change('2022.2.17');
    expect(await scene.host.json('sync')).toMatchObject({
      exitCode: 5,
      document: {
        actions: [],
        pending: [
          {
            kind: 'rebuild-guest',
            gates: [{ kind: 'window', detail: expect.stringMatching(/rare is closed until \w+/) }],
          },
        ],
      },
    });
    expect(await scene.host.json('sync')).toMatchObject({ exitCode: 5, document: { records: [] } });
    expect(await kinds()).toEqual(['applied', 'waiting']);
    expect(await lab.containers()).toEqual(before);
    const plan = await scene.host.boxreeve('plan', '--detailed-exitcode');
    expect(plan.exitCode).toBe(2);
    expect(plan.stdout).toContain('rare');
  });

  it('the box of a change is fetched and added before, and outside, the window', async () => {
    await change('2022.2.24');
    expect(await scene.host.json('sync')).toMatchObject({
      exitCode: 5,
      document: {
        actions: [
          { kind: 'fetch-box', result: 'done' },
          { kind: 'add-box', result: 'done' },
        ],
      },
    });
    expect((await lab.vagrant(['box', 'list'])).stdout.split('\n')).toHaveLength(2);
    expect((await scene.host.json('status')).document).toMatchObject({
      state: 'waiting',
      nextWindow: expect.any(String),
    });
  });

  it('a pause is recorded, holds the change also with --now, and ends with resume', async () => {
    expect(await scene.host.json('pause', '--reason', 'release day', '--for', '8h')).toMatchObject({
      exitCode: 0,
      document: { paused: true },
    });
    expect(await scene.host.json('sync', '--now')).toMatchObject({
      exitCode: 5,
      document: {
        pending: [{ gates: [{ kind: 'paused', detail: expect.stringContaining('release day') }] }, {}],
      },
    });
    expect(await scene.host.json('resume')).toMatchObject({ exitCode: 0, document: { resumed: true } });
    expect(await kinds()).toEqual(['applied', 'waiting', 'applied', 'paused', 'waiting', 'resumed']);
  });

  it('sync --dry-run changes nothing, and --now opens the window', async () => {
    const before = await lab.containers();
    expect(await scene.host.json('sync', '--now', '--dry-run')).toMatchObject({
      document: { dryRun: true, actions: [], pending: [{ gates: [] }, { gates: [] }] },
    });
    expect(await lab.containers()).toEqual(before);
    expect(await scene.host.json('sync', '--now')).toMatchObject({
      exitCode: 0,
      document: { actions: [{ kind: 'rebuild-guest' }, { kind: 'remove-box' }] },
    });
    expect(await lab.containers()).not.toEqual(before);
    expect(await scene.host.json('audit', 'verify')).toMatchObject({ exitCode: 0, document: { ok: true } });
  });

  it('an urgent change does not wait for the window, and its record says so', async () => {
    const before = await lab.containers();
    await change('2022.2.24', { more: { urgent: true, reason: 'CVE-2026-1234' } });
    expect(await scene.host.json('sync')).toMatchObject({
      exitCode: 0,
      document: {
        actions: [{ kind: 'rebuild-guest', reason: expect.stringContaining('URGENT') }],
      },
    });
    expect(await lab.containers()).not.toEqual(before);
    expect(await lastMessage()).toContain('URGENT, does not wait for its window (CVE-2026-1234)');
  });
});

describe('a CI agent behind commands', () => {
  let diary: string;
  let job: string;

  /** The agent's programs write down that they were called; a job runs for as long as a file is there. */
  function agent(): Record<string, unknown> {
    diary = join(scene.root, 'diary');
    job = join(scene.root, 'job');
    const program = (name: string, rest: string) => {
      const file = join(scene.root, name);
      writeFileSync(file, `#!/bin/sh\necho ${name} >> ${diary}\n${rest}\n`);
      chmodSync(file, 0o755);
      return [file];
    };
    return {
      system: 'command',
      drain: program('drain', ''),
      idle: program(
        'idle',
        `pgrep -f 'sleep 98765[4]' >/dev/null && { echo 'a job in the guest'; exit 1; }\n[ -e ${job} ] || exit 0; cat ${job}; exit $(cat ${job}.status 2>/dev/null || echo 1)`,
      ),
      undrain: program('undrain', ''),
    };
  }

  function told(): string[] {
    const text = existsSync(diary) ? readFileSync(diary, 'utf8') : '';
    rmSync(diary, { force: true });
    return text.split('\n').filter((line) => line !== '');
  }

  beforeAll(async () => {
    await open('agent1', {}, 'always');
    const agentField = agent();
    await change('2022.2.17', { agent: agentField });
    await scene.host.boxreeve('sync');
    told();
  });
  afterAll(close);

  it('a running job is never killed: drained, asked, put back, and the guest is as it was', async () => {
    const before = await lab.containers();
    writeFileSync(job, 'job 8812 (build #4711)');
    await change('2022.2.17', { agent: agent() });
    expect(await scene.host.json('sync', '--now')).toMatchObject({
      exitCode: 5,
      document: {
        actions: [],
        pending: [
          {
            kind: 'rebuild-guest',
            gates: [{ kind: 'job', detail: expect.stringContaining('job 8812 (build #4711)') }],
          },
        ],
      },
    });
    expect(told()).toEqual(['drain', 'idle', 'undrain']);
    expect(await lab.containers()).toEqual(before);
  });

  it('an answer nobody understands counts as busy', async () => {
    const before = await lab.containers();
    writeFileSync(`${job}.status`, '7');
    expect(await scene.host.json('sync', '--now')).toMatchObject({
      exitCode: 5,
      document: { pending: [{ gates: [{ kind: 'job' }] }] },
    });
    expect(await lab.containers()).toEqual(before);
    rmSync(`${job}.status`);
    told();
  });

  it('the daemon keeps the agent drained while the job runs, and rebuilds the guest when it has ended', async () => {
    const before = await lab.containers();
    const daemon = scene.host.daemon();
    await waitFor('the question', () => existsSync(diary) && readFileSync(diary, 'utf8').includes('idle'));
    await waitFor('a second look', () => readFileSync(diary, 'utf8').split('idle').length > 3);
    expect(await lab.containers()).toEqual(before);
    expect(readFileSync(diary, 'utf8')).not.toContain('undrain');
    rmSync(job);
    await waitFor('the new guest', async () => {
      const now = await lab.containers();
      return now.length === 1 && now[0] !== before[0] && readFileSync(diary, 'utf8').includes('undrain');
    });
    daemon.kill('SIGTERM');
    expect((await daemon.ended).exitCode).toBe(0);
    const calls = told();
    expect(calls.slice(-3)).toEqual(['idle', 'idle', 'undrain']);
  });

  it('a real job in the guest, found there by the idle program, is not killed either', async () => {
    const before = await lab.containers();
    const cwd = join(scene.host.stateDir, 'guests', GUEST);
    const ssh = (command: string) =>
      lab.succeed(['ssh', '-c', command], { cwd, env: { GUEST_NAME: 'x', VSTS_TOKEN: 'x' } });
    await ssh('nohup sleep 987654 >/dev/null 2>&1 </dev/null & exit 0');
    await change('2022.2.17', { agent: agent() });
    expect(await scene.host.json('sync', '--now')).toMatchObject({
      exitCode: 5,
      document: { pending: [{ gates: [{ detail: expect.stringContaining('a job in the guest') }] }] },
    });
    expect(await lab.containers()).toEqual(before);
    await ssh('pkill -f "sleep 98765[4]"; exit 0');
    expect(await scene.host.json('sync', '--now')).toMatchObject({ exitCode: 0 });
    expect(await lab.containers()).not.toEqual(before);
  });

  it('a change that interrupts jobs ends the one that runs, and says which and why', async () => {
    told();
    const before = await lab.containers();
    writeFileSync(job, 'job 8813 (build #4712)');
    await change('2022.2.17', { agent: agent(), more: { interruptJobs: true, reason: 'CVE-2026-1234' } });
    const plan = await scene.host.boxreeve('plan');
    expect(plan.stdout.replaceAll(/\s+/g, ' ')).toContain('INTERRUPTS A RUNNING JOB (CVE-2026-1234)');
    expect(await scene.host.json('sync')).toMatchObject({ exitCode: 0 });
    expect(await lab.containers()).not.toEqual(before);
    expect(told()).toEqual(['drain', 'idle', 'undrain']);
    rmSync(job);
    expect(await lastMessage()).toMatch(
      /note: JOB INTERRUPTED: .*job 8813 \(build #4712\).*because: CVE-2026-1234/,
    );
  });

  it('killed with -9 while drained, the next run puts the agent back', async () => {
    told();
    await change('2022.2.17', { agent: agent(), init: `${GOOD_INIT}sleep 5\n` });
    const before = await lab.containers();
    const sync = scene.host.start(['sync', '--now']);
    await waitFor('the old guest to go', async () => !(await lab.containers()).includes(before[0] ?? ''));
    sync.kill('SIGKILL');
    await sync.ended;
    expect(told()).not.toContain('undrain');
    expect(await scene.host.json('sync', '--now')).toMatchObject({ exitCode: 0 });
    expect(told().at(-1)).toBe('undrain');
    expect(await lab.containers()).toHaveLength(1);
  });
});
