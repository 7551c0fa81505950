import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessIdentity } from '../../../reconciler/apply/process-identity.ts';
import { type ProcessRequest, runProcess } from '../../../reconciler/apply/run-process.ts';
import { createRedactor } from '../../../reconciler/secrets/redactor.ts';
import { lives, openScene, type Scene } from './processes.ts';

let scene: Scene;
beforeEach(() => {
  scene = openScene();
});
afterEach(() => scene.close());

const MINUTE = 60_000;
const PATH = process.env.PATH ?? '/usr/bin:/bin';

function request(script: string, more: Partial<ProcessRequest> = {}): ProcessRequest {
  return {
    program: 'sh',
    args: ['-c', script],
    cwd: scene.folder,
    env: { PATH },
    timeoutMs: MINUTE,
    redactor: createRedactor([]),
    onLine: () => {},
    ...more,
  };
}

describe('a program that ends by itself', () => {
  test('is reported with its exit status and what it printed, in order', async () => {
    const lines: string[] = [];
    const result = await runProcess(
      request('echo one; sleep 0.1; echo two >&2; sleep 0.1; printf three; exit 7', {
        onLine: (line) => lines.push(line),
      }),
    );
    expect(result).toMatchObject({ ended: 'exited', exitStatus: 7, signal: null, problem: null });
    expect(result.tail).toBe('one\ntwo\nthree');
    expect(result.stdout).toBe('one\nthree');
    expect(lines).toEqual(['one', 'two', 'three']);
  });

  test('is reported with the signal that ended it', async () => {
    expect(await runProcess(request('kill -TERM $$'))).toMatchObject({
      ended: 'exited',
      exitStatus: null,
      signal: 'SIGTERM',
    });
  });

  test('has exactly the environment it was given, the folder, and nothing to read', async () => {
    const result = await runProcess(
      request('', { program: '/usr/bin/env', args: [], env: { ONLY: 'this one' } }),
    );
    expect(result.stdout).toBe('ONLY=this one\n');
    expect((await runProcess(request('pwd -P; cat; echo end'))).stdout).toMatch(
      /boxreeve-processes-.*\nend\n$/,
    );
  });

  test('gets its arguments as they are', async () => {
    const args = ['%s\n', '; exit 3', '$HOME', '--help'];
    expect((await runProcess(request('', { program: 'printf', args }))).stdout).toBe(
      '; exit 3\n$HOME\n--help\n',
    );
  });

  test('is not waited for when it leaves a daemon behind that holds its output open', async () => {
    const result = await runProcess(request("setsid sh -c 'echo $$ > daemon; exec sleep 1000' & echo up"));
    expect(result).toMatchObject({ ended: 'exited', exitStatus: 0, stdout: 'up\n' });
    expect(lives(await scene.written('daemon'))).toBe(true);
  });

  test('is reported when it ended before it could be noted', async () => {
    const seen: ProcessIdentity[] = [];
    const onStart = async (process: ProcessIdentity) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      seen.push(process);
    };
    expect(await runProcess(request('exit 0', { onStart }))).toMatchObject({
      ended: 'exited',
      exitStatus: 0,
    });
    expect(seen).toEqual([{ pid: expect.any(Number), startedAt: expect.stringMatching(/ \d+$/) }]);
  });
});

describe('what it prints', () => {
  test('has no secret in its lines and its tail, also where it comes in pieces', async () => {
    const lines: string[] = [];
    const result = await runProcess(
      request('printf "token hun"; sleep 0.1; echo "ter2."; echo hunter2 >&2', {
        redactor: createRedactor(['hunter2']),
        onLine: (line) => lines.push(line),
      }),
    );
    expect(result.tail).toBe('token [redacted].\n[redacted]');
    expect(lines).toEqual(['token [redacted].', '[redacted]']);
    expect(result.stdout).toBe('token hunter2.\n');
  });

  test('is kept to its last 8 KiB, with no character cut', async () => {
    const { tail } = await runProcess(
      request('i=0; while [ $i -lt 2000 ]; do echo "äöü €uro $i"; i=$((i+1)); done'),
    );
    expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(8192);
    expect(Buffer.byteLength(tail)).toBeGreaterThan(8100);
    expect(tail).not.toContain('\ufffd');
    expect(tail).toMatch(/€uro 1999$/);
  });

  test('is taken in without end, and without eating the memory', async () => {
    const { stdout, tail, exitStatus } = await runProcess(
      request('head -c 8000000 /dev/zero | tr "\\0" x; echo; echo last'),
    );
    expect(exitStatus).toBe(0);
    expect(stdout.length).toBe(1024 * 1024);
    expect(tail).toMatch(/x\nlast$/);
  });
});

describe('a program that does not end', () => {
  test('is asked to stop after its time, and may clean up', async () => {
    const result = await runProcess(
      request("trap 'echo cleaning; exit 1' INT; echo began; while :; do sleep 0.01; done", {
        timeoutMs: 300,
      }),
    );
    expect(result).toMatchObject({ ended: 'timed-out', exitStatus: null, problem: null });
    expect(result.tail).toBe('began\ncleaning');
  });

  test('is ended with all it started when it does not listen', async () => {
    const result = await runProcess(
      request(
        `trap '' INT TERM; setsid sh -c 'echo $$ > away; while :; do sleep 1000; done' & echo $$ > root; while :; do sleep 1000; done`,
        { timeoutMs: 300, patienceMs: 200 },
      ),
    );
    expect(result).toMatchObject({ ended: 'timed-out', signal: 'SIGKILL', problem: null });
    expect(lives(await scene.written('root'))).toBe(false);
    expect(lives(await scene.written('away'))).toBe(false);
  });

  test('may end its step when the reconciler is told to stop', async () => {
    const stop = new AbortController();
    const result = await runProcess(
      request('echo began; while [ ! -e go ]; do sleep 0.01; done; echo ended', {
        signal: stop.signal,
        onLine: () => {
          stop.abort();
          writeFileSync(scene.path('go'), '');
        },
      }),
    );
    expect(result).toMatchObject({ ended: 'exited', exitStatus: 0, tail: 'began\nended' });
  });

  test.each([
    ['before it began', true],
    ['while it ran', false],
  ])('is ended after the grace when the reconciler was told to stop %s', async (_when, before) => {
    const stop = new AbortController();
    if (before) stop.abort();
    const result = await runProcess(
      request('echo began; exec sleep 1000', {
        signal: stop.signal,
        graceMs: 300,
        onLine: () => stop.abort(),
      }),
    );
    expect(result).toMatchObject({ ended: 'aborted', exitStatus: null, signal: 'SIGINT', tail: 'began' });
  });

  test('is ended when it cannot be noted in the journal', async () => {
    const result = await runProcess(
      request('exec sleep 1000', { onStart: () => Promise.reject(new Error('no space left')) }),
    );
    expect(result).toMatchObject({ ended: 'aborted', problem: 'it could not be noted: no space left' });
  });
});

describe('a program that cannot be started', () => {
  test('is named', async () => {
    const result = await runProcess(request('', { program: 'no-such-program' }));
    expect(result).toMatchObject({ ended: 'not-started', exitStatus: null, tail: '', stdout: '' });
    expect(result.problem).toBe('no-such-program cannot be run: is it installed, and on PATH?');
  });

  test('is told apart from a folder that is not there', async () => {
    const cwd = scene.path('gone');
    expect((await runProcess(request('true', { cwd }))).problem).toBe(
      `sh cannot be run in ${cwd}: there is no such folder`,
    );
  });

  test('shows no secret that it was given', async () => {
    const { ended, problem } = await runProcess(
      request('true', { env: { PATH, TOKEN: 'hunter2\0' }, redactor: createRedactor(['hunter2']) }),
    );
    expect(ended).toBe('not-started');
    expect(problem).toContain('cannot be run');
    expect(problem).not.toContain('hunter2');
  });
});
