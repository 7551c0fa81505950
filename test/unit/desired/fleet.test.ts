/** What verifying records and judging commits need of the fleet. */
import { describe, expect, it } from 'vitest';
import { readFleet, requiresSignedCommits } from '../../../reconciler/desired/fleet.ts';
import { FILES, swap } from './complaints-of.ts';
import { FLEET, GUEST, goodFleet, HOST, type Item, KEYS, memoryTree } from './memory-tree.ts';

function read(change: Readonly<Record<string, Item | null>> = {}) {
  return readFleet(memoryTree(goodFleet(change)), 'desired-state');
}

describe('the fleet', () => {
  it("has each host's key and labels, sorted by name", async () => {
    const second = HOST.replaceAll('builder1', 'builder0');
    expect(await read({ 'desired-state/hosts/builder0.yaml': second })).toEqual({
      hosts: [
        {
          name: 'builder0',
          auditKey: KEYS.builder1.replace('builder1', 'builder0'),
          labels: ['catalina', 'canary'],
        },
        { name: 'builder1', auditKey: KEYS.builder1, labels: ['catalina', 'canary'] },
      ],
      auditRepo: null,
      auditBranch: 'audit/{host}',
      requireSignedCommits: true,
    });
  });
  it('is read although a guest, a box or another host is wrong', async () => {
    const facts = await read({
      [FILES.guest]: swap(GUEST, 'kind: Guest', 'kind: Nonsense'),
      [FILES.box]: '{ broken',
      'desired-state/hosts/broken.yaml': '{ broken',
      'desired-state/hosts/keyless.yaml': 'kind: Host\nname: keyless\nguests: []\n',
    });
    expect(facts.hosts.map(({ name }) => name)).toEqual(['builder1']);
  });
  it('keeps the key of a host whose file is wrong in something else, so that its records can be verified', async () => {
    const facts = await read({ [FILES.host]: `${HOST}nonsense: 1\n` });
    expect(facts.hosts.map(({ name, auditKey }) => ({ name, auditKey }))).toEqual([
      { name: 'builder1', auditKey: KEYS.builder1 },
    ]);
  });
  it('asks for no signatures where it says nothing of trust', async () => {
    const silent =
      'kind: Fleet\nwindows: {}\nblackouts: [2026-12-24]\ndefaults: {}\nrollout: {}\npeers: {}\n';
    expect(await read({ [FILES.fleet]: silent })).toMatchObject({
      requireSignedCommits: false,
      auditRepo: null,
      auditBranch: 'audit/{host}',
    });
  });
  it('is read although something in fleet.yaml is wrong that trust does not hang on', async () => {
    expect(await read({ [FILES.fleet]: swap(FLEET, 'Europe/Zurich', 'Mars/Olympus') })).toMatchObject({
      requireSignedCommits: true,
    });
  });
});

it('whether commits must be signed is told by fleet.yaml alone, without a look at the hosts', async () => {
  const tree = memoryTree(goodFleet());
  expect(await requiresSignedCommits(tree, 'desired-state')).toBe(true);
  expect(tree.reads).toEqual([FILES.fleet]);
});

describe('whether commits must be signed is never guessed: it throws', () => {
  const cases: readonly (readonly [string, Item | null, string])[] = [
    ['when fleet.yaml is a list', '- trust\n', 'desired-state/fleet.yaml:1:1 this file must be a map'],
    ['when fleet.yaml is missing', null, 'desired-state/fleet.yaml is missing'],
    ['when fleet.yaml is no YAML', 'trust: {', 'desired-state/fleet.yaml:1:9 this is not YAML'],
    [
      'when the key is misspelt',
      swap(FLEET, 'trust:', 'trsut:'),
      'desired-state/fleet.yaml unknown key `trsut`: it cannot be told whether commits must be signed',
    ],
    [
      'when the key within is misspelt',
      swap(FLEET, 'requireSignedCommits', 'requireSigned'),
      'desired-state/fleet.yaml unknown keys in trust: it cannot be told whether commits must be signed',
    ],
    [
      'when the value is text',
      swap(FLEET, 'Commits: true', 'Commits: "false"'),
      'desired-state/fleet.yaml trust.requireSignedCommits must be true or false: it cannot be told whether commits must be signed',
    ],
    [
      'when fleet.yaml is a symlink',
      { kind: 'symlink', content: 'x' },
      'desired-state/fleet.yaml must be a regular file',
    ],
  ];
  it.each(cases)('%s', async (_title, fleet, message) => {
    await expect(read({ [FILES.fleet]: fleet })).rejects.toThrow(message);
    const tree = memoryTree(goodFleet({ [FILES.fleet]: fleet }));
    await expect(requiresSignedCommits(tree, 'desired-state')).rejects.toThrow(message);
  });
});
