/** `boxreeve rollout status` on the real command line: real Git, real keys, and neither a daemon nor Vagrant. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWords } from '../../../reconciler/rollout/open-words.ts';
import type { GuestProgress } from '../../../reconciler/rollout/progress.ts';
import { resumeBranch } from '../../../reconciler/rollout/resume-form.ts';
import { checkDocument } from '../../lab/check-document.ts';
import { waitFor } from '../../lab/wait-for.ts';
import { type AccountHost, type AccountLab, openAccountLab, someDraft } from '../audit/account-lab.ts';
import { swap } from '../desired/complaints-of.ts';
import { FLEET, goodFleet } from '../desired/memory-tree.ts';

const ENTRY = fileURLToPath(new URL('../../../reconciler/cli/main.ts', import.meta.url));
const GUEST = 'azure-agent';
const SINCE = '2026-11-25T12:00:00.000Z';

let lab: AccountLab;
let config: string;
let one: AccountHost;
let two: AccountHost;
/** What is asked of each host. */
let asked: (host: string) => string;
let changes: ReadonlyMap<string, string>;

beforeEach(async () => {
  lab = await openAccountLab();
  one = await lab.host('builder1');
  two = await lab.host('builder2');
  for (const [path, item] of Object.entries(goodFleet()))
    lab.repo.write(path, typeof item === 'string' ? item : String(item.content));
  for (const { name, publicKey } of [one, two])
    lab.repo.write(
      `desired-state/hosts/${name}.yaml`,
      `kind: Host\nname: ${name}\nlabels: [${name === 'builder1' ? 'canary' : 'catalina'}]\nauditKey: ${publicKey}\nguests: [${GUEST}]\n`,
    );
  const commit = await lab.repo.merge('Bump azure-ci-node (#13063)');
  await one.mirror.fetch();
  const words = openWords({
    ...one,
    folder: join(lab.root, 'words'),
    path: 'desired-state',
    pattern: () => 'audit/{host}',
  });
  const facts = await words.facts(commit, [GUEST]);
  changes = facts.changes;
  asked = (host) => facts.members.find(({ name }) => name === host)?.guests.get(GUEST) ?? '';
  config = join(lab.root, 'host.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      name: 'builder1',
      repo: lab.repo.url,
      stateDir: join(lab.root, 'state'),
      signingKey: one.key,
    }),
  );
});

afterEach(() => lab.dispose());

async function says(host: AccountHost, change: Partial<GuestProgress>): Promise<void> {
  const progress: GuestProgress = {
    ...{ fingerprint: asked(host.name), state: 'healthy', since: SINCE },
    ...{ healthyMs: 0, probed: true, detail: '' },
    ...change,
  };
  await host.log.append(someDraft(lab.desired, { progress: { [GUEST]: progress } }));
  await host.log.push();
}

/** Somebody pushes a branch of one commit with one file. */
async function offer(branch: string, path: string, content: string): Promise<void> {
  await lab.repo.git('checkout', '--quiet', '--orphan', 'offered');
  await lab.repo.git('rm', '-rfq', '.');
  lab.repo.write(path, content);
  await lab.repo.git('add', '--all');
  await lab.repo.git('commit', '--quiet', '-m', 'x');
  await lab.repo.git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`);
  await lab.repo.git('checkout', '--quiet', 'main');
  await lab.repo.git('branch', '--quiet', '-D', 'offered');
}

function start(...args: readonly string[]) {
  return execa(process.execPath, [ENTRY, 'rollout', 'status', ...args, '--config', config], {
    reject: false,
    stdin: 'ignore',
    buffer: true,
  });
}

const HOUR = 3_600_000;

it('tells how far each host is by its own signed record, and what it waits for', async () => {
  await says(one, { state: 'pending', healthyMs: null });
  const waiting = await start();
  expect(waiting.stderr).toBe('');
  expect(waiting.exitCode).toBe(0);
  expect(waiting.stdout).toContain('azure-agent: 0 of 2 hosts done, wave 1 of 2');
  expect(waiting.stdout).toMatch(/builder1 {2}azure-agent {2}pending .* has not changed yet/);
  expect(waiting.stdout).toMatch(/builder2 {2}azure-agent {2}silent .* has no record on the remote/);

  await says(one, { healthyMs: 2 * HOUR });
  await says(two, { state: 'failed', healthyMs: null, detail: 'its init failed' });
  const { stdout, exitCode } = await start('--json');
  const document: unknown = JSON.parse(stdout);
  checkDocument(['rollout', 'status'], document);
  expect(exitCode).toBe(0);
  expect(document).toMatchObject({
    state: 'halted',
    guests: [{ guest: GUEST, done: 1, hosts: 2, wave: 2 }],
    waves: [
      { state: 'done', hosts: [{ host: 'builder1', guests: [{ state: 'done', healthyMs: 2 * HOUR }] }] },
      {
        state: 'halted',
        hosts: [{ host: 'builder2', guests: [{ state: 'failed', detail: 'its init failed' }] }],
      },
    ],
    halts: [{ guest: GUEST, failures: [{ host: 'builder2', detail: 'its init failed' }] }],
  });
});

it('believes no record that its host did not sign', async () => {
  const mallory = await lab.host('builder1', two.key);
  await says(mallory, { healthyMs: 2 * HOUR });
  const { stdout } = await start();
  expect(stdout).toMatch(
    /builder1 {2}azure-agent {2}silent\n {6}has a newest record \(\w{12}\) that is signed by a key/,
  );
});

it('tells who holds leases, and which slots cannot be read', async () => {
  const lease = {
    token: 7,
    host: 'builder2',
    guests: [GUEST],
    since: SINCE,
    until: '2026-11-25T13:00:00.000Z',
    nonce: 'n',
  };
  await offer('boxreeve/lease-4', 'lease.json', JSON.stringify({ ...lease, state: 'held' }));
  await offer('boxreeve/lease-1', 'lease.json', JSON.stringify({ ...lease, state: 'free' }));
  await offer('boxreeve/lease-2', 'lease.json', 'nothing');
  await offer('boxreeve/lease-3', 'lease.json/inside', 'nothing');
  const { stdout } = await start();
  expect(stdout.split('\n').filter((line) => line.includes('lease'))).toEqual([
    '  3 of 1 leases are taken',
    '  lease 4: builder2 for azure-agent, since 2026-11-25 12:00Z, until 2026-11-25 13:00Z',
    '  lease 2: boxreeve/lease-2 cannot be read, so it counts as taken',
    '  lease 3: boxreeve/lease-3 cannot be read, so it counts as taken',
  ]);
});

it('tells what was forgiven, and that nobody had to sign it', async () => {
  await says(one, { state: 'failed', healthyMs: null, detail: 'its init failed' });
  await one.mirror.fetch();
  const change = changes.get(GUEST) ?? '';
  const word = {
    guest: GUEST,
    change,
    forgiven: [{ host: 'builder1', since: SINCE }],
    reason: 'a full disk',
  };
  await offer(resumeBranch(GUEST, change), 'resume.json', JSON.stringify(word));
  lab.repo.write(
    'desired-state/fleet.yaml',
    swap(FLEET, 'requireSignedCommits: true', 'requireSignedCommits: false'),
  );
  await lab.repo.merge('Ask for no signatures');
  const { stdout } = await start();
  expect(stdout).toMatch(/resumed azure-agent in spite of builder1, .*Z by somebody who can push/);
  expect(stdout).not.toContain('HALTED');
});

it('shows the next picture when something is different, also that the remote went away, until it is interrupted', async () => {
  await says(one, { state: 'pending', healthyMs: null });
  const watching = start('--watch', '1s', '--json');
  let seen = '';
  watching.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    seen += chunk;
  });
  const documents = () => seen.split('\n').slice(0, -1);
  await waitFor('the first picture', () => documents().length === 1);
  // what changes nothing of the picture, and leaves a trace of having been read
  const free = JSON.stringify({ state: 'free', token: 1, nonce: 'n' });
  for (const slot of [1, 2]) {
    await offer(`boxreeve/lease-${slot}`, 'lease.json', free);
    const ref = join(lab.root, 'state', 'mirror.git', 'refs', 'boxreeve', 'leases', String(slot));
    await waitFor(`lease ${slot} was read`, () => existsSync(ref));
  }
  expect(documents()).toHaveLength(1);
  await says(one, {});
  await waitFor('one of the new record', () => documents().length === 2);
  renameSync(lab.repo.url, `${lab.repo.url}.away`);
  await waitFor('one without the remote', () => documents().length === 3);
  watching.kill('SIGINT');
  const { exitCode, stderr } = await watching;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const [first, second, third] = documents().map((line): unknown => JSON.parse(line));
  for (const document of [first, second, third]) checkDocument(['rollout', 'status'], document);
  const ofOne = (state: string) => ({ waves: [{ hosts: [{ guests: [{ state }] }] }, {}] });
  expect(first).toMatchObject(ofOne('pending'));
  expect(second).toMatchObject({ ...ofOne('soaking'), offline: null });
  expect(third).toMatchObject({
    ...ofOne('soaking'),
    offline: expect.stringContaining('does not appear to be a git repository'),
  });
});

it('says so if nothing could be read, and if it is asked to look at no sane interval', async () => {
  renameSync(lab.repo.url, `${lab.repo.url}.away`);
  const away = await start();
  expect(away.exitCode).toBe(1);
  expect(away.stdout).toBe('');
  expect(away.stderr).toContain('does not appear to be a git repository');
  const wrong = await start('--watch', '0s');
  expect(wrong.exitCode).toBe(3);
  expect(wrong.stderr).toContain('give an interval of at least 1s');
});

it('goes by fleet.yaml alone where a guest cannot be read, and tells that', async () => {
  lab.repo.write(`desired-state/guests/${GUEST}/guest.yaml`, 'kind: Gast\n');
  await lab.repo.merge('Break the guest');
  const { stdout, exitCode } = await start();
  expect(exitCode).toBe(0);
  expect(stdout).toContain('cannot be read: desired-state/guests/azure-agent/guest.yaml');
});

it('needs a fleet.yaml that can be read', async () => {
  lab.repo.write('desired-state/fleet.yaml', 'kind: Flotte\n');
  await lab.repo.merge('Break the fleet');
  const { exitCode, stderr } = await start();
  expect(exitCode).toBe(3);
  expect(stderr).toContain('desired-state/fleet.yaml:1:7 kind must be');
});
