import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { range } from '../unit/boxes/download/lab.ts';
import type { Attack } from './proof/attack.ts';
import { openPeerScene } from './scene/peer.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'says that his host has all chunks of a box, and gives others of the same length',
  holds: 'no chunk of his is taken, and the box comes from elsewhere',
  defence: [
    {
      file: 'reconciler/boxes/download/lane.ts',
      take: '  if (!isRight(list, chunk, bytes)) throw',
      leave: '  if (bytes.length === 0) throw',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, put, peers } = await openPeerScene(randomBytes(4_000_000));
  put(lab.partOf('theirs', range(0, lab.list.count), randomBytes(lab.content.length)));
  const origin = await lab.server();
  const problem = await lab.fetch(lab.box('peers:', origin.url), peers()).then(
    () => null,
    (error: unknown) => String(error),
  );
  expect(problem).toBeNull();
  expect(readFileSync(lab.file).equals(lab.content)).toBe(true);
});
