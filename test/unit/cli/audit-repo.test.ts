/** A fleet that keeps its records in a second repository, by the real command line: two bare repositories, two hosts, and a reader. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type InfraRepo, newInfraRepo } from '../../lab/infra-repo.ts';
import { newKey } from '../audit/account-lab.ts';

const ENTRY = fileURLToPath(new URL('../../../reconciler/cli/main.ts', import.meta.url));
const LIMIT = { timeout: 300_000 };

let root: string;
let repo: InfraRepo;
let accounts: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-audit-repo-'));
  repo = await newInfraRepo(root);
  accounts = join(root, 'accounts.git');
  await execa('git', ['init', '--quiet', '--bare', accounts]);
  repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
  for (const name of ['builder1', 'builder2', 'reader']) await configure(name);
  repo.remove('desired-state/hosts/reader.yaml');
  await repo.merge('Declare the fleet');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** With no guests: then a check-in is all there is to record. */
async function configure(name: string): Promise<void> {
  const { key, publicKey } = await newKey(root, name);
  const config = { name, repo: repo.url, stateDir: join(root, name), signingKey: key };
  writeFileSync(join(root, `${name}.yaml`), JSON.stringify(config));
  const says = `kind: Host\nname: ${name}\nauditKey: ${publicKey}\nguests: []\n`;
  repo.write(`desired-state/hosts/${name}.yaml`, says);
}

async function boxreeve(host: string, ...args: readonly string[]) {
  return execa(process.execPath, [ENTRY, ...args, '--config', join(root, `${host}.yaml`)], {
    reject: false,
    stdin: 'ignore',
  });
}

async function move(): Promise<void> {
  repo.write(
    'desired-state/fleet.yaml',
    `kind: Fleet\naudit: { repo: ${accounts} }\nrollout: { waves: [{ hosts: { label: canary } }] }\n`,
  );
  await repo.merge('Keep the records in a repository of their own');
}

async function records(url: string): Promise<readonly string[]> {
  const names = ['builder1', 'builder2'];
  const counts = names.map(async (name) => {
    const listed = await execa('git', ['rev-list', '--count', `audit/${name}`], { cwd: url, reject: false });
    return `${name} ${listed.exitCode === 0 ? listed.stdout : 'none'}`;
  });
  return Promise.all(counts);
}

it('hosts bring their accounts there by themselves, and all that read them follow', LIMIT, async () => {
  for (const host of ['builder1', 'builder2']) expect((await boxreeve(host, 'sync')).exitCode).toBe(0);
  await move();
  for (const host of ['builder1', 'builder2', 'builder1', 'builder2'])
    expect((await boxreeve(host, 'sync')).exitCode).toBe(0);
  expect(await records(accounts)).toEqual(['builder1 2', 'builder2 2']);
  expect(await records(repo.url)).toEqual(['builder1 2', 'builder2 2']);
  const log = await boxreeve('reader', 'audit', 'log', '--json');
  expect(JSON.parse(log.stdout).records).toHaveLength(4);
  expect(await boxreeve('reader', 'audit', 'verify')).toMatchObject({ exitCode: 0 });
  // what builder2 recorded after builder1 had moved tells of it there
  const seen = await execa('git', ['show', '--format=', 'audit/builder2'], { cwd: accounts });
  const tip = await execa('git', ['rev-parse', 'audit/builder1'], { cwd: accounts });
  expect(seen.stdout).toContain(`"builder1": "${tip.stdout}"`);
});

it(
  'a reader is told that hosts are silent while that repository is away, and that what it knows is old',
  LIMIT,
  async () => {
    await move();
    for (const host of ['builder1', 'builder2']) expect((await boxreeve(host, 'sync')).exitCode).toBe(0);
    expect((await boxreeve('reader', 'audit', 'verify')).exitCode).toBe(0);
    renameSync(accounts, `${accounts}.away`);
    const offline = await boxreeve('reader', 'audit', 'verify', '--json');
    expect(JSON.parse(offline.stdout)).toMatchObject({
      ok: true,
      offline: expect.stringContaining('accounts.git'),
    });
  },
);

it('a record that cannot be brought there is kept, and what the host is to do is done', LIMIT, async () => {
  await move();
  renameSync(accounts, `${accounts}.away`);
  expect((await boxreeve('builder1', 'sync')).exitCode).toBe(0);
  expect(JSON.parse((await boxreeve('builder1', 'status', '--json')).stdout)).toMatchObject({ unpushed: 1 });
  renameSync(`${accounts}.away`, accounts);
  expect((await boxreeve('builder1', 'sync')).exitCode).toBe(0);
  expect(await records(accounts)).toEqual(['builder1 1', 'builder2 none']);
});

it.each([
  ['ext::sh -c id', 'audit.repo'],
  ['https://bot:secret@git.example.org/accounts.git', 'has credentials in it'],
  ['accounts.git', 'is neither an address'],
  ['--upload-pack=id', 'audit.repo'],
])('validate refuses %s', LIMIT, async (address, why) => {
  repo.write('desired-state/fleet.yaml', `kind: Fleet\naudit: { repo: ${JSON.stringify(address)} }\n`);
  const folder = join(repo.folder);
  const refused = await execa(process.execPath, [ENTRY, 'validate', folder], { reject: false });
  expect(refused.exitCode).toBe(3);
  expect(`${refused.stdout}${refused.stderr}`).toContain(why);
  expect(`${refused.stdout}${refused.stderr}`).not.toContain('secret@');
});
