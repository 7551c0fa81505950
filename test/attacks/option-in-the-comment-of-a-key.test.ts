import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { stateDirLayout } from '../../reconciler/state-dir.ts';
import type { Attack } from './proof/attack.ts';
import { hostFile, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'writes a line break into the comment of a host’s key, and his own key after it, which would get a shell on every host',
  holds: 'nothing of a key gets into what sshd goes by but its type and its text',
  defence: [
    {
      file: 'reconciler/desired/public-key.ts',
      take: "  if (/[\\r\\n]/.test(line.trim())) return 'must be one line';",
      leave: '',
    },
    {
      file: 'reconciler/desired/audit-keys.ts',
      take: '=== undefined ? keyItself(value) : null',
      leave: '=== undefined ? value : null',
    },
    {
      file: 'reconciler/boxes/peers/authorized-keys.ts',
      take: 'keyItself(key)}\\n',
      leave: 'key}\\n',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, builder1, key, host } = await openScene();
  const serving = `peer: { address: builder1.example, hostKey: ${builder1.publicKey} }\n`;
  repo.write('desired-state/hosts/builder1.yaml', hostFile('builder1', builder1) + serving);
  const { publicKey } = await key('builder2');
  const twoLines = JSON.stringify(`${publicKey} x\nssh-ed25519 ${eve.publicKey.split(' ')[1]}`);
  repo.write('desired-state/hosts/builder2.yaml', `kind: Host\nauditKey: ${twoLines}\n`);
  await repo.merge('Add a host', ada.key);
  const { poll, host: parts, config } = await host();
  const { follows } = await poll();
  await parts.admitPeers(follows ?? 'nothing');
  const admitted = readFileSync(stateDirLayout(config.stateDir).peerKeys, 'utf8');
  expect(admitted).toContain(builder1.publicKey);
  expect(admitted).not.toContain(eve.publicKey);
});
