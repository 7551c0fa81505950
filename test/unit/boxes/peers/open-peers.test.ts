import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openPeers, type PeersParts } from '../../../../reconciler/boxes/peers/open-peers.ts';
import { memoryTree } from '../../desired/memory-tree.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdpF4mXsz3wRD0T33J7nq6E2vUB8EoBWmXfp1Pjw4NY';
const BOX = { sha256: '33'.repeat(32) };

function fleet(...names: readonly string[]) {
  const hosts = names.map((name) => [
    `desired-state/hosts/${name}.yaml`,
    `kind: Host\nname: ${name}\nauditKey: ${KEY}\nguests: []\npeer: { address: ${name}.example, hostKey: ${KEY} }\n`,
  ]);
  return memoryTree({
    'desired-state/fleet.yaml': 'kind: Fleet\npeers: { most: 2 }\n',
    ...Object.fromEntries(hosts),
  });
}

function parts(more: Partial<PeersParts>): PeersParts & { readonly said: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-open-peers-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const said: string[] = [];
  return {
    config: { name: 'b', path: 'desired-state', signingKey: join(root, 'key') },
    mirror: {
      tree: () => fleet('a', 'b', 'c', 'd'),
      auditTips: () => ({}),
      auditUrl: () => '/nowhere/away.git',
    },
    records: join(root, 'records.git'),
    commit: () => '0'.repeat(40),
    pattern: () => 'audit/{host}',
    log: { warn: (_fields: unknown, text?: string) => said.push(text ?? '') },
    said,
    ...more,
  };
}

const names = (peers: readonly { readonly name: string }[]) => peers.map(({ name }) => name).join('');

it('other hosts are asked round the fleet when nobody says what it holds', async () => {
  const { said, ...given } = parts({});
  const { now, later } = await openPeers(given)(BOX);
  expect([names(now), names(later), said]).toEqual(['cd', 'a', []]);
});

it('hosts are asked all the same while the remote is away, and it is said why not in a better order', async () => {
  const mirror = {
    tree: () => fleet('a', 'b', 'c'),
    auditTips: () => ({ c: '1'.repeat(40) }),
    auditUrl: () => '/nowhere/away.git',
  };
  const { said, ...given } = parts({ mirror });
  const { now } = await openPeers(given)(BOX);
  expect(names(now)).toBe('ca');
  expect(said.join('\n')).toContain('whom to ask first for a box is not known');
});

it('nobody is asked before a commit was followed, or while the desired state cannot be read', async () => {
  expect(await openPeers(parts({ commit: () => null }))(BOX)).toEqual({ now: [], later: [] });
  const broken = () => {
    throw new Error('no such commit');
  };
  const { said, ...given } = parts({
    mirror: { tree: broken, auditTips: () => ({}), auditUrl: () => '/nowhere/away.git' },
  });
  expect(await openPeers(given)(BOX)).toEqual({ now: [], later: [] });
  expect(said).toEqual(['no other host is asked for a box: Error: no such commit']);
});
