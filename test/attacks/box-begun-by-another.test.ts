import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { boxOf, fetchIt, serve } from './scene/box.ts';

const ATTACK: Attack = {
  attacker: 'box source',
  does: 'gives the first half of another file and breaks off, so that the right source is joined to it, and blamed',
  holds: 'the right source is asked for all of it',
  defence: [
    {
      file: 'reconciler/boxes/download/streamed.ts',
      take: '    if (error instanceof WrongDigest && error.resumed) return',
      leave: "    if (error instanceof WrongDigest && file === '') return",
    },
  ],
};

it(ATTACK.holds, async () => {
  const content = randomBytes(300_000);
  const [evil, right] = [await serve(randomBytes(content.length)), await serve(content)];
  evil.manners.stopAfter = 150_000;
  const { problem, here, file } = await fetchIt(boxOf(content, evil.url, right.url), { stallMs: 200 });
  expect(problem).toBe(null);
  expect(here.filter((name) => !name.endsWith('.json'))).toHaveLength(1);
  expect(readFileSync(file).equals(content)).toBe(true);
});
