import { expect, it } from 'vitest';
import { boxesHere } from '../../../reconciler/audit/boxes-here.ts';
import { box, guest, host, observation, observedBox, observedFile, running } from '../plan/builders.ts';

it('a record names the boxes of the catalogue, in Vagrant’s store or as files, and no folder of a stranger', () => {
  const found = boxesHere(
    host([guest()]),
    observation({
      boxes: [
        observedBox(box('2022.2.24')),
        observedBox(box('2022.2.17'), ['azure-agent', '/home/me/try']),
        observedBox(box('2020.1.1'), [], null),
        observedBox(box('1', { name: 'debian/bookworm64' })),
      ],
      guests: [running(guest())],
      strangers: [{ name: 'default', folder: '/home/me/try', provider: 'lxc', box: 'azure-ci-node' }],
      files: [
        observedFile(box('2022.2.17')),
        observedFile(box('3')),
        observedFile(box('4'), { state: 'cut' }),
        observedFile(box('5'), { box: null }),
      ],
    }),
  );
  const common = { name: 'azure-ci-node', provider: 'lxc' };
  expect(found).toEqual([
    { ...common, version: '2020.1.1', sha256: null, added: true, file: false, verifiedAt: null, usedBy: [] },
    {
      ...common,
      ...{ version: '2022.2.17', sha256: box('2022.2.17').sha256, added: true, file: true },
      ...{ verifiedAt: '2026-01-13T20:00:00.000Z', usedBy: ['azure-agent'] },
    },
    {
      ...common,
      ...{ version: '2022.2.24', sha256: box('2022.2.24').sha256, added: true, file: false },
      ...{ verifiedAt: null, usedBy: [] },
    },
    {
      ...common,
      ...{ version: '3', sha256: box('3').sha256, added: false, file: true },
      ...{ verifiedAt: '2026-01-13T20:00:00.000Z', usedBy: [] },
    },
  ]);
});
