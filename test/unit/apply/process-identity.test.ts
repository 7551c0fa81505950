import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  listProcesses,
  parsePsLine,
  parseStat,
  processStart,
  readProcess,
  startedNotBefore,
} from '../../../reconciler/apply/process-identity.ts';
import { openScene, type Scene, untilGone } from './processes.ts';

let scene: Scene;
beforeEach(() => {
  scene = openScene();
});
afterEach(() => scene.close());

describe('a process', () => {
  test('has the same start whenever it is asked, and none once it has ended', async () => {
    const sleeper = scene.start('exec sleep 1000');
    expect(processStart(sleeper.pid)).toBe(sleeper.startedAt);
    process.kill(sleeper.pid, 'SIGKILL');
    await untilGone(sleeper);
    expect(processStart(sleeper.pid)).toBeNull();
  });

  test('is read right with any name', async () => {
    scene.start(`cp /bin/sleep './a) Z 1 (b'; echo $$ > ready; exec './a) Z 1 (b' 1000`);
    const odd = await scene.written('ready');
    expect(readProcess(odd.pid)).toMatchObject({ parent: process.pid, group: odd.pid, zombie: false });
  });

  test('is found in the list with its parent and its group', async () => {
    const leader = scene.start('sleep 1000 & echo $! > child; wait');
    const child = await scene.written('child');
    expect(listProcesses()).toContainEqual(
      expect.objectContaining({ ...child, parent: leader.pid, group: leader.pid }),
    );
  });

  test('that started later is known to have', async () => {
    const first = scene.start('sleep 1000 & sleep 0.05; echo $! > ready; wait');
    await scene.written('ready');
    const second = scene.start('exec sleep 1000');
    expect(startedNotBefore(second.startedAt, first.startedAt)).toBe(true);
    expect(startedNotBefore(first.startedAt, second.startedAt)).toBe(false);
  });
});

test('starts of two boots, and unknown ones, are not compared', () => {
  expect(startedNotBefore('one 20', 'one 10')).toBe(true);
  expect(startedNotBefore('two 20', 'one 10')).toBe(false);
  expect(startedNotBefore('one 20', '')).toBe(false);
  expect(startedNotBefore('', '')).toBe(false);
});

test('what ps of macOS prints is read, with the start in UTC', () => {
  expect(parsePsLine('  501   1  499 Ss   Mon Nov 23 23:06:43 2026    ')).toEqual({
    pid: 501,
    parent: 1,
    group: 499,
    session: null,
    zombie: false,
    startedAt: `1970 ${Date.UTC(2026, 10, 23, 23, 6, 43) / 1000}`,
  });
  expect(parsePsLine('  501   1  499 Z    Mon Nov  2 03:06:43 2026')).toMatchObject({ zombie: true });
  expect(parsePsLine('')).toBeNull();
});

test('a line that is cut off is no process', () => {
  expect(parsePsLine('  777   501   501 S   Mon Nov')).toBeNull();
  expect(parseStat(8151, '8151 (ruby) S 1 2', 'boot')).toBeNull();
});
