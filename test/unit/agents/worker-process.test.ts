import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { makeAgent } from '../../../reconciler/agents/make-agent.ts';
import { workerLook, workerSeen } from '../../../reconciler/agents/worker-process.ts';

/** What a guest's shell would make of it. */
async function look(command: string | null) {
  const ended = await execa('/bin/sh', ['-c', command ?? 'exit 3'], { reject: false });
  return workerSeen({ exitStatus: ended.exitCode ?? null, stdout: ended.stdout });
}

describe('a look into the guest', () => {
  it.each([
    ['azure-pipelines', 'Agent.Worker'],
    ['github-actions', 'Runner.Worker'],
  ] as const)('finds the process of %s that runs a job, and only while it runs', async (system, name) => {
    const folder = mkdtempSync(join(tmpdir(), 'boxreeve-worker-'));
    // Narrowed by the folder in the command line, so that the same test running beside this one is not found.
    const narrowed = workerLook(system)?.replace(/'$/, `.*${folder.split('/').at(-1)}'`) ?? null;
    try {
      expect(await look(narrowed)).toEqual({ state: 'idle' });
      const script = join(folder, name);
      writeFileSync(script, '#!/bin/sh\nread line\n', { mode: 0o700 });
      const worker = spawn('/bin/sh', [script, 'spawnclient', folder], {
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      await new Promise((resolve) => worker.once('spawn', resolve));
      expect(await look(narrowed)).toMatchObject({
        state: 'busy',
        detail: expect.stringContaining('a job runs in the guest'),
      });
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      worker.stdin.end();
      await ended;
      expect(await look(narrowed)).toEqual({ state: 'idle' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('does not find itself', async () => {
    const command = workerLook('buildkite');
    expect(command).toContain('[b]uildkite');
    const ended = await execa('/bin/sh', ['-c', `${command} | grep -c "pgrep" || true`]);
    expect(ended.stdout).toBe('0');
  });

  it.each([2, 3, 127, 255, null])('that ends with %s cannot tell', (exitStatus) => {
    expect(workerSeen({ exitStatus, stdout: '' })).toMatchObject({ state: 'unknown' });
  });

  it('is not made for systems that run jobs inside the agent', () => {
    expect([workerLook('jenkins'), workerLook('none'), workerLook('command')]).toEqual([null, null, null]);
  });
});

describe('an agent whose settings cannot be used', () => {
  it.each([
    ['azure-pipelines', {}, 'agent.organization is not set'],
    [
      'github-actions',
      { name: 'x', token: 'T' },
      'one of agent.repository, agent.organization and agent.enterprise',
    ],
    [
      'github-actions',
      { name: 'x', token: 'T', organization: 'a', enterprise: 'b' },
      'one of agent.repository',
    ],
    ['github-actions', { name: 'x', token: 'T', repository: 'a/b/c' }, 'is not owner/name'],
    ['github-actions', { name: 'x', token: 'T', organization: '..' }, 'is no path'],
    ['jenkins', { name: 'x', token: 'T', user: 'u' }, 'agent.url is not set'],
  ] as const)('(%s %j) is never idle, and says why', async (system, settings, why) => {
    const warnings: string[] = [];
    const log = { warn: (_: unknown, text?: string) => void warnings.push(text ?? '') };
    const agent = makeAgent(
      { system, settings },
      { secret: async () => 'x', redact: async (text) => text, log },
    );
    expect(await agent.activity()).toMatchObject({ state: 'unknown', detail: expect.stringContaining(why) });
    expect(await agent.drain()).toMatchObject({ state: 'failed' });
    await expect(agent.undrain()).rejects.toThrow(why);
    expect(warnings.join()).toContain(why);
  });
});
