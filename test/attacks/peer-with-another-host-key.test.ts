import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { newKey } from '../unit/audit/account-lab.ts';
import { range } from '../unit/boxes/download/lab.ts';
import type { Attack } from './proof/attack.ts';
import { openPeerScene } from './scene/peer.ts';
import { scratch } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'network',
  does: 'answers in place of a host that others read boxes from, with a host key of his own',
  holds: 'he is not talked to, though what he has is right',
  defence: [
    {
      file: 'reconciler/boxes/sources/sftp-connection.ts',
      take: 'other = server.hostKeys.some((key) => key.equals(shown)) ? null',
      leave: 'other = shown.length > 0 ? null',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, put, peers } = await openPeerScene(randomBytes(200_000));
  put(lab.partOf('theirs', range(0, lab.list.count)));
  const inGit = await newKey(scratch(), 'host');
  const problem = await lab.fetch(lab.box('peers:'), peers({ hostKey: inGit.publicKey })).then(
    () => null,
    (error: unknown) => String(error),
  );
  expect(existsSync(lab.file)).toBe(false);
  expect(problem).toContain('shows another host key');
});
