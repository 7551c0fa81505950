import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandAgent } from '../../../reconciler/agents/command.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-command-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function script(text: string): readonly string[] {
  const path = join(folder, 'script.sh');
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o700 });
  return [path];
}

function agent(idle: readonly string[], limitMs?: number) {
  return commandAgent(
    { system: 'command', drain: idle, idle, undrain: idle },
    {
      redact: async (text) => text.replaceAll('hush', '[redacted]'),
      ...(limitMs === undefined ? {} : { limitMs }),
    },
  );
}

describe('an agent behind commands', () => {
  it('is idle when the command exits with 0', async () => {
    expect(await agent(script('exit 0')).activity()).toEqual({ state: 'idle' });
  });

  it('is busy when it exits with 1, for the reason it prints', async () => {
    expect(await agent(script('echo "job 8812"; echo "build #4711"; exit 1')).activity()).toEqual({
      state: 'busy',
      detail: 'job 8812 build #4711',
    });
  });

  it('shows no secret that its commands print', async () => {
    expect(await agent(script('echo "job of hush"; exit 1')).activity()).toMatchObject({
      detail: 'job of [redacted]',
    });
    expect(await agent(script('echo "hush!" >&2; exit 3')).activity()).toMatchObject({
      detail: 'idle exited with 3: [redacted]!',
    });
  });

  it('is busy without a reason too', async () => {
    expect(await agent(script('exit 1')).activity()).toEqual({
      state: 'busy',
      detail: 'busy, no reason given',
    });
  });

  it.each([
    ['another exit status', 'echo "no token" >&2; exit 2', 'idle exited with 2: no token'],
    ['a signal', 'kill -TERM $$', 'SIGTERM'],
  ])('is unknown after %s', async (_what, text, detail) => {
    const activity = await agent(script(text)).activity();
    expect(activity).toMatchObject({ state: 'unknown', detail: expect.stringContaining(detail) });
  });

  it('is unknown when there is no such command', async () => {
    const activity = await agent([join(folder, 'missing')]).activity();
    expect(activity).toMatchObject({ state: 'unknown', detail: expect.stringContaining('ENOENT') });
  });

  it('is unknown when no idle command is declared', async () => {
    expect(await agent([]).activity()).toMatchObject({ state: 'unknown' });
  });

  it('has nothing to do where no drain command is declared', async () => {
    expect(await agent([]).drain()).toEqual({ state: 'drained' });
    await agent([]).undrain();
  });

  it('is not drained when its command fails, and says why', async () => {
    const failing = agent(script('echo "401 unauthorised" >&2; exit 22'));
    expect(await failing.drain()).toEqual({
      state: 'failed',
      detail: 'drain exited with 22: 401 unauthorised',
    });
    await expect(failing.undrain()).rejects.toThrow('undrain exited with 22: 401 unauthorised');
  });

  it('passes arguments on as they are, with no shell between', async () => {
    const [path = ''] = script(`printf '%s\\n' "$@" > ${folder}/args`);
    await agent([path, '$HOME; touch x', 'a b', '*']).activity();
    expect(readFileSync(join(folder, 'args'), 'utf8')).toBe('$HOME; touch x\na b\n*\n');
  });

  it('is unknown when the command does not end in time, and its children are ended with it', async () => {
    const late = join(folder, 'late');
    const slow = agent(script(`(sleep 1; touch ${late}) & echo started; wait`), 200);
    expect(await slow.activity()).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('did not end within'),
    });
    await new Promise((resolve) => setTimeout(resolve, 1300));
    expect(existsSync(late)).toBe(false);
  });

  it('is unknown when the reconciler is being stopped', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    expect(await agent(script('sleep 30')).activity(stop.signal)).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('stopping'),
    });
  });
});
