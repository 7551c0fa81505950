import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { wrapperVagrantfile } from '../../reconciler/apply/vagrantfile.ts';
import type { Attack } from './proof/attack.ts';
import { scratch } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'writes a box version that ends a string of the Vagrantfile we make, and goes on in Ruby',
  holds: 'Ruby reads it as a version, and runs nothing of it',
  defence: [
    {
      file: 'reconciler/apply/vagrantfile.ts',
      take: "text.replace(/[\\\\']/g, (character)",
      leave: '((_) => text)((character)',
    },
  ],
};

it(ATTACK.holds, async () => {
  const mark = join(scratch(), 'mark');
  const box = { name: 'node', version: `1'; File.write('${mark}', ''); '`, provider: 'lxc', sha256: '' };
  const lines = wrapperVagrantfile(box, 'machine').split('\n');
  await execa('ruby', [
    '-e',
    lines
      .filter((line) => line.includes('box_version'))
      .join('\n')
      .replace(/.*?=/, 'x ='),
  ]);
  expect(existsSync(mark)).toBe(false);
});
