import { expect, it } from 'vitest';
import { knownPeers } from '../../../../reconciler/boxes/peers/known-peers.ts';
import { memoryTree } from '../../desired/memory-tree.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdpF4mXsz3wRD0T33J7nq6E2vUB8EoBWmXfp1Pjw4NY';

function host(name: string, more = ''): Record<string, string> {
  return {
    [`desired-state/hosts/${name}.yaml`]: `kind: Host\nname: ${name}\nauditKey: ${KEY}\nguests: []\n${more}`,
  };
}

const peer = (name: string) => host(name, `peer: { address: ${name}.example, hostKey: ${KEY} }\n`);

async function known(files: Record<string, string>, own = 'a') {
  const tree = memoryTree(files);
  const warnings: string[] = [];
  const log = { warn: (_fields: unknown, text?: string) => warnings.push(text ?? '') };
  const found = await knownPeers(tree, 'desired-state', own, log);
  return { ...found, names: found.peers.map(({ name }) => name), warnings, reads: tree.reads };
}

const FLEET = { 'desired-state/fleet.yaml': 'kind: Fleet\npeers: { near: [zurich], most: 3 }\n' };

it('knows the hosts that have `peer:`, with what is usual filled in, and how the fleet chooses', async () => {
  const files = { ...FLEET, ...host('a', 'labels: [zurich]\n'), ...peer('b'), ...host('c') };
  const { peers, rules, asker, warnings } = await known(files);
  expect(peers).toEqual([
    {
      name: 'b',
      address: 'b.example',
      port: 22,
      user: 'boxreeve-peer',
      hostKey: KEY,
      folder: '/boxes',
      labels: [],
    },
  ]);
  expect([rules, asker]).toEqual([
    { near: ['zurich'], most: 3 },
    { name: 'a', labels: ['zurich'] },
  ]);
  expect(warnings).toEqual([]);
});

it('asks eight at a time, and nobody first for where he is, in a fleet that says nothing', async () => {
  const { rules } = await known({ 'desired-state/fleet.yaml': 'kind: Fleet\n', ...host('a') });
  expect(rules).toEqual({ near: [], most: 8 });
});

it('goes on without a host whose file has a mistake, or another name, and says which', async () => {
  const { names, warnings } = await known({
    ...FLEET,
    ...peer('a'),
    ...peer('b'),
    'desired-state/hosts/c.yaml': 'kind: Host\npeer: 7\n',
    'desired-state/hosts/d.yaml': peer('e')['desired-state/hosts/e.yaml'] ?? '',
    ...peer('f'),
  });
  expect(names).toEqual(['b', 'f']);
  expect(warnings.join('\n')).toContain('not asked for boxes: desired-state/hosts/c.yaml');
  expect(warnings.join('\n')).toContain('desired-state/hosts/d.yaml');
});

it('reads a few hundred files of a fleet of ten thousand', async () => {
  const all = Array.from({ length: 10_000 }, (_, at) => peer(`host${at}`));
  const { reads, names } = await known(Object.assign({ ...FLEET }, ...all), 'host77');
  expect(names).toHaveLength(256);
  expect(new Set(reads).size).toBeLessThan(270);
});
