import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endSurvivors, endTree } from '../../../reconciler/apply/end-tree.ts';
import { lives, openScene, type Scene, untilGone } from './processes.ts';

let scene: Scene;
beforeEach(() => {
  scene = openScene();
});
afterEach(() => scene.close());

/** Keeps a process going that would not stop for SIGINT or SIGTERM. */
const DEAF = "trap '' INT TERM; while :; do sleep 1000; done";

describe('ending a process', () => {
  test('asks it to stop with SIGINT, and lets it clean up', async () => {
    const root = scene.start(
      "trap 'echo cleaned > out; echo 1 > done; exit' INT; echo $$ > ready; while :; do sleep 0.01; done",
    );
    await scene.written('ready');
    expect(await endTree(root)).toEqual([]);
    expect(lives(root)).toBe(false);
    await scene.written('done');
  });

  test('ends one that does not listen, and its children', async () => {
    const root = scene.start(`(${DEAF}) & echo $! > child; ${DEAF}`);
    const child = await scene.written('child');
    expect(await endTree(root, 100)).toEqual([]);
    expect([lives(root), lives(child)]).toEqual([false, false]);
  });

  test('ends a child that has left for a session of its own, also when its parent goes first', async () => {
    const root = scene.start(
      'setsid sh -c \'echo $$ > away; trap "" INT TERM; while :; do sleep 1000; done\' & wait',
    );
    const away = await scene.written('away');
    expect(await endTree(root, 100)).toEqual([]);
    expect([lives(root), lives(away)]).toEqual([false, false]);
  });

  test('leaves others alone', async () => {
    const root = scene.start('exec sleep 1000');
    const other = scene.start('exec sleep 1000');
    await endTree(root);
    expect([lives(root), lives(other)]).toEqual([false, true]);
  });
});

describe('after a crash of the reconciler', () => {
  test('a noted process is ended', async () => {
    const noted = scene.start('exec sleep 1000');
    await endSurvivors([noted]);
    expect(lives(noted)).toBe(false);
  });

  test('what is left of the group of a noted process is ended', async () => {
    const noted = scene.start('sleep 1000 & echo $! > orphan');
    const orphan = await scene.written('orphan');
    await untilGone(noted);
    await endSurvivors([noted]);
    expect(lives(orphan)).toBe(false);
  });

  test('a process that has only the number of a noted one lives on, and its children', async () => {
    const stranger = scene.start('sleep 1000 & echo $! > child; wait');
    const child = await scene.written('child');
    const [boot, ticks] = stranger.startedAt.split(' ');
    await endSurvivors([
      { pid: stranger.pid, startedAt: `${boot} ${Number(ticks) - 1}` },
      { pid: stranger.pid, startedAt: `another-boot ${ticks}` },
      { pid: stranger.pid, startedAt: '' },
    ]);
    expect([lives(stranger), lives(child)]).toEqual([true, true]);
  });

  test.each([
    ['of before a reboot', 'another-boot 1'],
    ['whose start is not known', ''],
  ])('a group without its leader lives on if it has only the number of one %s', async (_when, startedAt) => {
    const leader = scene.start('sleep 1000 & echo $! > orphan');
    const orphan = await scene.written('orphan');
    await untilGone(leader);
    await endSurvivors([{ pid: leader.pid, startedAt }]);
    expect(lives(orphan)).toBe(true);
  });

  test('nothing happens if all is gone', async () => {
    const gone = scene.start('exit 0');
    await untilGone(gone);
    await expect(endSurvivors([gone])).resolves.toBeUndefined();
  });
});
