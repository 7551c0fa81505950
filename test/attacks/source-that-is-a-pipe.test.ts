import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { boxOf, fetchIt } from './scene/box.ts';
import { scratch } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'box source',
  does: 'puts a pipe in place of a file, which never ends, and whose opening never returns',
  holds: 'the host does not open it',
  defence: [
    {
      file: 'reconciler/boxes/sources/file.ts',
      take: '  if (!about.isFile()) throw',
      leave: '  if (about.isDirectory()) throw',
    },
  ],
};

it(ATTACK.holds, async () => {
  const pipe = join(scratch(), 'image.box');
  execFileSync('mkfifo', [pipe]);
  // with a writer there the opening returns: what is shown is that it is not opened, without waiting for ever
  openSync(pipe, 'r+');
  const { problem } = await fetchIt(boxOf(randomBytes(1000), pathToFileURL(pipe).href));
  expect(problem).toContain('is not a file');
});
