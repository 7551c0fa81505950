/** Which box a builder builds by itself. */
import { describe, expect, it } from 'vitest';
import { dueBuild, type Rebuilt } from '../../../../reconciler/boxes/build/due-build.ts';
import { DAY, HOUR, iso } from '../../../../reconciler/clock.ts';

const NOW = Date.UTC(2022, 1, 24);
const FREE = { open: true, paused: false };

/** Built so long ago; null: never. */
function recipe(name: string, ago: number | null, change: Partial<Rebuilt> = {}, pushed = true): Rebuilt {
  const result =
    ago === null
      ? null
      : {
          ...{ sha256: 'a', size: 1, chunks: 'b', endedAt: iso(NOW - ago) },
          change: { branch: 'x', commit: 'c', pushed },
        };
  return { recipe: name, every: 7 * DAY, journal: result && { result }, failures: null, ...change };
}

describe('a builder', () => {
  it('builds what has not been built for so long as its recipe says, and not before', () => {
    expect(dueBuild([recipe('x', 7 * DAY)], FREE, NOW)).toEqual({ recipe: 'x', again: true });
    expect(dueBuild([recipe('x', 7 * DAY - 1)], FREE, NOW)).toBeNull();
  });

  it('builds what it never has, and takes up what was cut', () => {
    expect(dueBuild([recipe('x', null)], FREE, NOW)).toMatchObject({ recipe: 'x' });
    expect(dueBuild([recipe('x', null, { journal: { result: null } })], FREE, NOW)).toMatchObject({
      recipe: 'x',
    });
  });

  it('pushes what could not be pushed, and does not build that again', () => {
    expect(dueBuild([recipe('x', HOUR, {}, false)], FREE, NOW)).toEqual({ recipe: 'x', again: false });
  });

  it('begins nothing outside its window, nor while it is paused', () => {
    expect(dueBuild([recipe('x', null)], { open: false, paused: false }, NOW)).toBeNull();
    expect(dueBuild([recipe('x', null)], { open: true, paused: true }, NOW)).toBeNull();
  });

  it('takes the one that has waited longest', () => {
    expect(dueBuild([recipe('x', 8 * DAY), recipe('y', 9 * DAY)], FREE, NOW)).toMatchObject({ recipe: 'y' });
    expect(dueBuild([], FREE, NOW)).toBeNull();
  });

  it.each([
    [1, HOUR],
    [2, 2 * HOUR],
    [3, 4 * HOUR],
    [60, DAY],
  ])('leaves one that failed %i times in a row alone for longer each time', (count, wait) => {
    const failed = (at: number) => [recipe('x', null, { failures: { count, at } })];
    expect(dueBuild(failed(NOW - wait + 1), FREE, NOW)).toBeNull();
    expect(dueBuild(failed(NOW - wait), FREE, NOW)).not.toBeNull();
  });
});
