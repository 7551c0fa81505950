import { expect, it } from 'vitest';
import { examine } from '../../reconciler/exposure/examine.ts';
import type { Attack } from './proof/attack.ts';
import { startSshd } from './scene/sshd.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'has the SSH of a guest forwarded to every address of the host',
  holds: 'the host finds it at its own sockets, and says so',
  defence: [
    {
      file: 'reconciler/exposure/examine.ts',
      take: "offered.state === 'ssh' && offered.hostKey === hostKey",
      leave: "offered.state === 'ssh' && offered.hostKey === null",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { target } = await startSshd({ address: '0.0.0.0', pinned: true });
  const found = await examine([{ guest: 'azure-agent', ssh: target }], { vagrantHome: '/nowhere' });
  expect(found.get('azure-agent')?.violations).toContainEqual(
    expect.objectContaining({ kind: 'ssh-beyond-host' }),
  );
});
