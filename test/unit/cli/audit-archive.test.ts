/** `boxreeve audit archive` on the real command line, in a fleet that keeps its records in a second repository. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkDocument } from '../../lab/check-document.ts';
import { type InfraRepo, newInfraRepo } from '../../lab/infra-repo.ts';
import { newKey } from '../audit/account-lab.ts';

const ENTRY = fileURLToPath(new URL('../../../reconciler/cli/main.ts', import.meta.url));
const LIMIT = { timeout: 300_000 };
const MONTH = new Date().toISOString().slice(0, 7);

let root: string;
let repo: InfraRepo;
let accounts: string;
let ada: { readonly key: string; readonly publicKey: string };

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-archive-'));
  repo = await newInfraRepo(root);
  accounts = join(root, 'accounts.git');
  await execa('git', ['init', '--quiet', '--bare', accounts]);
  ada = await newKey(root, 'ada');
  repo.write(
    'desired-state/fleet.yaml',
    `kind: Fleet\ntrust: { requireSignedCommits: true }\naudit: { repo: ${accounts} }\n`,
  );
  repo.write('desired-state/trust/approvers', `ada@example.org ${ada.publicKey}\n`);
  for (const name of ['builder1', 'builder2']) {
    const { key, publicKey } = await newKey(root, name);
    const config = { name, repo: repo.url, stateDir: join(root, name), signingKey: key };
    writeFileSync(join(root, `${name}.yaml`), JSON.stringify(config));
    const says = `kind: Host\nname: ${name}\nauditKey: ${publicKey}\nguests: []\n`;
    repo.write(`desired-state/hosts/${name}.yaml`, says);
  }
  await repo.merge('Declare the fleet', ada.key);
  for (const host of ['builder2', 'builder1']) await boxreeve(host, 'sync');
  repo.remove('desired-state/hosts/builder2.yaml');
  await repo.merge('Retire builder2', ada.key);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function boxreeve(host: string, ...args: readonly string[]) {
  return execa(process.execPath, [ENTRY, ...args, '--config', join(root, `${host}.yaml`)], {
    reject: false,
    stdin: 'ignore',
    env: { HOME: root, GIT_CONFIG_GLOBAL: '/dev/null' },
  });
}

const archive = (...more: readonly string[]) => boxreeve('builder1', 'audit', 'archive', ...more);

async function drop(url: string, branch: string): Promise<void> {
  await execa('git', ['update-ref', '-d', `refs/heads/${branch}`], { cwd: url });
}

it('keeps what a host did that left, once its branch is deleted in both repositories', LIMIT, async () => {
  const made = await archive('--before', MONTH, '--key', ada.key, '--json');
  expect(made).toMatchObject({ exitCode: 0 });
  const document: unknown = JSON.parse(made.stdout);
  checkDocument(['audit', 'archive'], document);
  expect(document).toMatchObject({ added: true, hosts: [{ host: 'builder2', records: 1, left: true }] });
  const again = await archive('--before', MONTH, '--key', ada.key);
  expect(again.stdout).toMatch(/left the fleet: its branch may be deleted\n.* there was nothing to add$/);
  for (const url of [accounts, repo.url]) await drop(url, 'audit/builder2');
  const verified = await boxreeve('builder1', 'audit', 'verify', '--full', '--json');
  expect(verified).toMatchObject({ exitCode: 0 });
  checkDocument(['audit', 'verify'], JSON.parse(verified.stdout));
  const log = await boxreeve('builder1', 'audit', 'log', '--host', 'builder2', '--json');
  expect(JSON.parse(log.stdout).records).toHaveLength(1);
  // the same on a machine that never saw that branch
  rmSync(join(root, 'builder1'), { recursive: true });
  expect(await boxreeve('builder1', 'audit', 'verify')).toMatchObject({ exitCode: 0 });
});

it(
  'exits with 3 for what is no month that has begun, and 4 for a signature that counts for nothing',
  LIMIT,
  async () => {
    for (const month of ['2026', '9999-01', '--help-me'])
      expect(await archive(`--before=${month}`)).toMatchObject({ exitCode: 3 });
    const eve = await newKey(root, 'eve');
    expect(await archive('--before', MONTH, '--key', eve.key)).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('by a key that no approver has. Nothing was pushed'),
    });
    expect((await execa('git', ['for-each-ref', 'refs/heads/boxreeve'], { cwd: accounts })).stdout).toBe('');
  },
);

it(
  'exits with 1 and archives nothing where something is found; verify does where the archive was tampered with',
  LIMIT,
  async () => {
    await archive('--before', MONTH, '--key', ada.key);
    const tree = await execa('git', ['rev-parse', 'boxreeve/archive^{tree}'], { cwd: accounts });
    const who = ['-c', 'user.name=eve', '-c', 'user.email=eve@example.org'];
    const forged = await execa(
      'git',
      [...who, 'commit-tree', tree.stdout, '-p', 'boxreeve/archive', '-m', 'x'],
      { cwd: accounts },
    );
    await execa('git', ['update-ref', 'refs/heads/boxreeve/archive', forged.stdout], { cwd: accounts });
    expect(await boxreeve('builder1', 'audit', 'verify')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/bad-archive: .* is not signed/),
    });
    expect(await archive('--before', MONTH, '--key', ada.key)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('nothing is archived'),
    });
  },
);
