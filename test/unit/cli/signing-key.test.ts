/** A host that signs with another key than the watched branch gives it, on the real command line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type InfraRepo, newInfraRepo } from '../../lab/infra-repo.ts';
import { newKey } from '../audit/account-lab.ts';

const ENTRY = fileURLToPath(new URL('../../../reconciler/cli/main.ts', import.meta.url));

let root: string;
let repo: InfraRepo;
let named: string;
let own: { key: string; publicKey: string };

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-signing-'));
  repo = await newInfraRepo(root);
  named = (await newKey(root, 'named')).publicKey;
  own = await newKey(root, 'own');
  const config = { name: 'builder1', repo: repo.url, stateDir: join(root, 'state'), signingKey: own.key };
  writeFileSync(join(root, 'host.yaml'), JSON.stringify(config));
  repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The host's file, with no guests: then a check-in is all there is to record. */
async function declare(keys: string): Promise<void> {
  repo.write('desired-state/hosts/builder1.yaml', `kind: Host\nname: builder1\n${keys}\nguests: []\n`);
  await repo.merge('Declare builder1');
}

async function sync() {
  return execa(process.execPath, [ENTRY, 'sync', '--config', join(root, 'host.yaml')], {
    reject: false,
    stdin: 'ignore',
  });
}

it('does nothing, and says which key it would need', async () => {
  await declare(`auditKey: ${named}`);
  const { exitCode, stderr } = await sync();
  expect(exitCode).toBe(3);
  expect(stderr).toContain('is neither auditKey nor nextAuditKey of desired-state/hosts/builder1.yaml at ');
  expect(stderr).toContain(`have this one merged as nextAuditKey: ${own.publicKey}`);
  expect(await repo.remoteGit('for-each-ref', 'refs/heads/audit')).toBe('');
});

it.each([
  ['auditKey', () => `auditKey: ${own.publicKey} with a comment`],
  ['nextAuditKey', () => `auditKey: ${named}\nnextAuditKey: ${own.publicKey}`],
])('goes ahead once the key is its %s', async (_name, keys) => {
  await declare(keys());
  expect((await sync()).exitCode).toBe(0);
  expect(await repo.remoteGit('rev-list', '--count', 'audit/builder1')).toBe('1');
});
