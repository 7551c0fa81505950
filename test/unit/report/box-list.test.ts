import { expect, it } from 'vitest';
import { boxListDocument, type HostBoxes, showBoxList } from '../../../reconciler/report/box-list.ts';
import { checkDocument } from '../../lab/check-document.ts';

const box = (version: string, change = {}) => ({
  ...{ name: 'azure-ci-node', version, provider: 'lxc', sha256: 'ab'.repeat(32) },
  ...{ added: true, file: false, verifiedAt: null, usedBy: [] },
  ...change,
});
const hosts: readonly HostBoxes[] = [
  {
    ...{ host: 'builder1', source: 'live', commit: null, time: '2026-01-14T12:00:00.000Z', verified: true },
    detail: 'as it is now',
    boxes: [
      box('2022.2.9'),
      box('2022.2.17', { file: true, verifiedAt: '2026-01-13T20:00:00.000Z', usedBy: ['azure-agent'] }),
    ],
  },
  {
    ...{ host: 'builder2', source: 'record', commit: 'c'.repeat(40), time: '2026-01-14T11:00:00.000Z' },
    ...{ verified: false, detail: 'is not signed', boxes: [box('2022.2.17')] },
  },
  {
    ...{ host: 'builder3', source: 'none', commit: null, time: null, verified: false },
    ...{ detail: 'it has recorded nothing yet', boxes: [] },
  },
];

it('each box is told with the hosts that have it, the newest version first, and whom that is believed of', () => {
  const document = boxListDocument(hosts, null);
  checkDocument(['box', 'list'], document);
  expect(showBoxList(document)).toBe(
    [
      'BOX            VERSION    PROVIDER  SHA-256   HOST                   HAS          USED BY      FILE VERIFIED',
      'azure-ci-node  2022.2.17  lxc       abababab  builder1               added, file  azure-agent  2026-01-13 20:00Z',
      'azure-ci-node  2022.2.17  lxc       abababab  builder2 (unverified)  added        -            -',
      'azure-ci-node  2022.2.9   lxc       abababab  builder1               added        -            -',
      '',
      'builder1: as it is now',
      'builder2: by its record of 2026-01-14 11:00Z, which is UNVERIFIED: it is not signed',
      'builder3: not known, it has recorded nothing yet',
    ].join('\n'),
  );
});

it('a list of nothing says so', () => {
  expect(showBoxList(boxListDocument([], 'no route'))).toBe(
    'no host is known to have a box of the catalogue\n\nas last seen: the remote cannot be reached',
  );
});
