/**
 * A box from one host to three others, end to end: each host in a network of its own with a link that has a limit, real sshds, real
 * Git, real Vagrant, and a real guest on each of the three.
 */
import { rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repackBox } from '../../reconciler/boxes/chunks/repack.ts';
import { stateDirLayout } from '../../reconciler/state-dir.ts';
import { type HeldBox, hold, sftpAddress } from '../bench/boxes/box-files.ts';
import { BOX, GUEST, writeCatalogue, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type InfraRepo, newInfraRepo } from '../lab/infra-repo.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { type NetHost, type NetLab, openNetHosts, scpArguments } from '../lab/net-hosts.ts';
import { newSceneHost, type SceneHost } from '../lab/scene.ts';

const MIB = 1024 * 1024;
const RATE = 8 * MIB;
const NAMES = ['builder1', 'builder2', 'builder3'];

type Builder = { readonly net: NetHost; readonly lab: Lab; readonly host: SceneHost };

let net: NetLab;
let repo: InfraRepo;
let seed: NetHost;
const labs: Lab[] = [];
const builders: Builder[] = [];

beforeAll(async () => {
  net = await openNetHosts({ names: ['seed', ...NAMES], rate: RATE });
  seed = net.host('seed');
  repo = await newInfraRepo(net.folder);
  for (const name of NAMES) {
    const lab = await openLab(net.host(name).namespace);
    labs.push(lab);
    builders.push({ net: net.host(name), lab, host: await builder(lab, net.host(name)) });
  }
  writeFleet(repo);
  for (const { net: at, host } of builders)
    writeHost(repo, host, [GUEST], `peer: ${JSON.stringify(peerOf(at))}\n`);
});
afterAll(async () => {
  for (const lab of labs) await lab.dispose();
  await net?.dispose();
});

describe('a box that one host has', () => {
  let first: HeldBox;
  let second: HeldBox;

  it('reaches three hosts at once, which also fetch it from each other, and a guest comes up on each', async () => {
    first = await offered('boxes-first');
    publish({ '2022.2.17': first });
    writeGuest(repo, { version: '2022.2.17' });
    await repo.merge('Declare three hosts (#1)');
    const before = await seed.traffic();
    await allSync(['fetch-box', 'add-box', 'create-guest']);
    const given = (await seed.traffic()).sent - before.sent;
    for (const each of builders) expect(await inGuest(each, 'cat /etc/boxreeve-box')).toBe('boxes-first');
    // each by itself would have taken it whole
    expect(given / first.size).toBeLessThan(2.5);
  });

  it('stays where it was fetched, for others and for the next version', () => {
    for (const { net: at } of builders)
      expect(statSync(join(at.sftp.folder, `${first.sha256}.box`)).size).toBe(first.size);
  });

  it('is followed by its next version, of which only what changed goes over the links', async () => {
    second = await offered('boxes-second');
    publish({ '2022.2.17': first, '2022.2.24': second });
    writeGuest(repo, { version: '2022.2.24' });
    await repo.merge('Bump azure-ci-node to 2022.2.24 (#2)');
    const before = await Promise.all(builders.map(({ net: at }) => at.traffic()));
    await allSync(['fetch-box', 'add-box', 'rebuild-guest', 'remove-box']);
    for (const [index, each] of builders.entries()) {
      expect(await inGuest(each, 'cat /etc/boxreeve-box')).toBe('boxes-second');
      const came = (await each.net.traffic()).received - (before[index]?.received ?? 0);
      expect(came / second.size).toBeLessThan(0.5);
    }
  });

  it('is read by the hosts of the fleet alone', async () => {
    const [one, other] = builders;
    if (one === undefined || other === undefined) throw new Error('there are no hosts');
    const { net: at } = one;
    const stranger = { ...at, key: seed.key };
    const target = join(net.folder, 'stolen');
    const args = scpArguments(stranger, at, `${second.sha256}.box`, target);
    expect((await seed.run('scp', args)).stderr).toMatch(/Permission denied \(publickey\)/);
    const known = { ...at, key: join(other.host.folder, 'id_ed25519') };
    expect((await seed.run('scp', scpArguments(known, at, `${second.sha256}.box`, target))).exitCode).toBe(0);
  });
});

describe('a box that one of them builds by its recipe', () => {
  it('is proposed on a branch, and once that is merged the others have it from its builder alone', async () => {
    const [maker, ...others] = builders;
    if (maker === undefined) throw new Error('there are no hosts');
    writeRecipe('2022.3.1', '2022.2.24');
    await repo.merge('Build azure-ci-node by a recipe (#3)');
    const { exitCode, document, stderr } = await maker.host.json('box', 'build', 'common-box');
    expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
    expect(document).toMatchObject({ state: 'built', branch: `boxreeve/box-${BOX}-2022.3.1` });
    await repo.mergeBranch(`boxreeve/box-${BOX}-2022.3.1`, 'Merge the box (#4)');
    writeGuest(repo, { version: '2022.3.1' });
    await repo.merge('Bump azure-ci-node to 2022.3.1 (#5)');
    const before = await seed.traffic();
    await Promise.all([
      allSync(['add-box', 'rebuild-guest', 'remove-box'], [maker]),
      allSync(['fetch-box', 'add-box', 'rebuild-guest', 'remove-box'], others),
    ]);
    for (const each of builders) expect(await inGuest(each, 'cat /etc/made-by-init')).toBe('by the recipe');
    expect((await seed.traffic()).sent - before.sent).toBeLessThan(MIB);
    const { stdout } = await maker.host.boxreeve('box', 'list');
    expect(stdout).toContain('2022.3.1');
  });
});

/** From a box of the catalogue, with one thing more in it. */
function writeRecipe(version: string, base: string): void {
  const stage = { name: 'common', vagrant: { base: { box: BOX, version: base }, wait: 'stop' } };
  const recipe = { kind: 'Recipe', name: 'common-box', box: BOX, provider: 'lxc', version, stages: [stage] };
  repo.write('desired-state/boxes/common-box.recipe.yaml', JSON.stringify(recipe));
  repo.write(
    'desired-state/boxes/common-box.recipe/Vagrantfile',
    `Vagrant.configure("2") do |config|
  config.vm.synced_folder ".", "/vagrant", disabled: true
  config.vm.provision "shell", inline: "echo by the recipe > /etc/made-by-init"
end
`,
  );
}

/** All at once; each does these actions and no others. */
async function allSync(kinds: readonly string[], all: readonly Builder[] = builders): Promise<void> {
  const runs = await Promise.all(all.map(({ host }) => host.json('sync')));
  for (const { exitCode, document, stderr } of runs) {
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(document).toMatchObject({ actions: kinds.map((kind) => ({ kind, result: 'done' })) });
  }
}

/** The lab's box of this label, packed so that what stays alike in it stays alike in its file; held by the seed. */
async function offered(label: string): Promise<HeldBox> {
  const lab = builders[0]?.lab;
  if (lab === undefined) throw new Error('there is no host');
  const file = join(net.folder, `${label}.box`);
  return hold(seed, file, await repackBox((await lab.box({ label })).file, file));
}

function publish(versions: Readonly<Record<string, HeldBox>>): void {
  writeCatalogue(
    repo,
    Object.entries(versions).map(([version, box]) => ({
      version,
      ...box,
      sources: ['peers:', sftpAddress(seed, box)],
    })),
  );
}

async function builder(lab: Lab, at: NetHost): Promise<SceneHost> {
  const sftp = { key: at.key, knownHosts: at.knownHosts };
  const config = [`boxesDir: ${at.sftp.folder}`, `sftp: ${JSON.stringify(sftp)}`];
  const host = await newSceneHost(
    lab,
    join(net.folder, 'scene'),
    repo.url,
    { host: at.name, secrets: { VSTS_TOKEN: 'e2e-boxes-token' }, config },
    [],
  );
  // whom its sshd lets in is what its reconciler wrote: the fleet's hosts, by the keys they sign with
  rmSync(at.sftp.authorizedKeysFile);
  symlinkSync(stateDirLayout(host.stateDir).peerKeys, at.sftp.authorizedKeysFile);
  return host;
}

function peerOf({ address, sftp }: NetHost) {
  return { address, port: sftp.port, user: sftp.user, hostKey: sftp.hostKey, folder: '/boxes' };
}

/** What a command prints in the builder's guest. */
async function inGuest({ lab, host }: Builder, command: string): Promise<string> {
  const cwd = join(host.stateDir, 'guests', GUEST);
  return (
    await lab.vagrant(['ssh', '-c', command], { cwd, env: { GUEST_NAME: host.name, VSTS_TOKEN: 'x' } })
  ).stdout.trim();
}
