/** Boxes built by recipes and brought in from elsewhere: real Vagrant, real guests, a real infra repo. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOX, writeBoxes, writeFleet, writeHost } from '../lab/desired-state.ts';
import { type Lab, type LabBox, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';
import { waitFor } from '../lab/wait-for.ts';

let lab: Lab;
let scene: Scene;
let base: LabBox;

const FOLDER = 'desired-state/boxes/common-box.recipe';
const SECRET = 'canary-2f8a61c07d19';

/** The guest shuts itself down a moment after its init script has ended: the lab's first process ends on SIGPWR. */
const SHUTDOWN = '(sleep 1; kill -PWR 1) >/dev/null 2>&1 </dev/null &\n';

type RecipeChange = { readonly init?: string; readonly first?: string; readonly wait?: string };

/** `input`: where the base box lies, for the command that "makes" one. */
async function mergeRecipe({ init = '', first = '', wait = 'shutdown' }: RecipeChange): Promise<string> {
  const recipe = {
    kind: 'Recipe',
    name: 'common-box',
    box: BOX,
    provider: 'lxc',
    version: '2022.3.1',
    sources: ['peers:', 'https://boxes.example.org/{version}/{sha256}.box'],
    timeouts: { command: '2m', up: '2m', shutdown: '1m', package: '2m' },
    stages: [
      {
        name: 'base',
        command: ['./make-base.sh', base.file],
        output: 'out/base.box',
        env: { FLAVOUR: 'plain' },
        secrets: ['VSTS_TOKEN'],
      },
      { name: 'common', vagrant: { wait }, env: { GREETING: 'hello' } },
    ],
  };
  scene.repo.write('desired-state/boxes/common-box.recipe.yaml', JSON.stringify(recipe));
  scene.repo.write(
    `${FOLDER}/make-base.sh`,
    `#!/bin/sh\nset -eu\necho "making $FLAVOUR with $VSTS_TOKEN"\n${first}mkdir out\ncp "$1" out/base.box\n`,
  );
  await execa('chmod', ['+x', join(scene.repo.folder, FOLDER, 'make-base.sh')]);
  scene.repo.write(
    `${FOLDER}/Vagrantfile`,
    `Vagrant.configure("2") do |config|
  config.vm.boot_timeout = 60
  config.vm.synced_folder ".", "/vagrant", disabled: true
  config.vm.provision "shell", path: "init.sh", args: [ENV.fetch("GREETING")]
end
`,
  );
  scene.repo.write(
    `${FOLDER}/init.sh`,
    `#!/bin/bash\nset -eu\necho "$1" > /etc/made-by-init\n${init}${wait === 'shutdown' ? SHUTDOWN : ''}`,
  );
  return scene.repo.merge('A recipe');
}

const builds = () => join(scene.host.stateDir, 'builds', 'common-box');
const stages = (text: string) => text.split('\n').filter((line) => line.startsWith('stage '));

async function catalogueOn(branch: string): Promise<string> {
  return scene.repo.remoteGit('show', `${branch}:desired-state/boxes/${BOX}.yaml`);
}

beforeAll(async () => {
  lab = await openLab();
  scene = await newScene(lab, { host: 'builder3', secrets: { VSTS_TOKEN: SECRET } });
  base = await lab.box({ label: 'e2e-old' });
  writeFleet(scene.repo, 'always');
  writeHost(scene.repo, scene.host, []);
  writeBoxes(scene.repo, { '2022.2.17': base });
});
afterAll(async () => {
  await scene?.dispose();
  await lab?.dispose();
});

describe('box build', () => {
  it('leaves no machine behind when init fails, and says why and where to read more', async () => {
    await mergeRecipe({ init: 'echo "no room for Nix" >&2\nexit 3\n' });
    const { exitCode, stderr } = await scene.host.boxreeve('box', 'build', 'common-box');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /common-box, stage common: vagrant up: the provisioner failed; its last words: no room for Nix/,
    );
    const log = join(builds(), 'stage-2-common.log');
    expect(stderr).toContain(`its log: ${log}`);
    expect(readFileSync(log, 'utf8')).toContain('no room for Nix');
    expect(await lab.containers()).toEqual([]);
    expect(await lab.succeed(['box', 'list'])).not.toContain('boxreeve-build');
  });

  it('does a stage again only if what it is made from has changed, also after a kill', async () => {
    // its guest comes up and never goes down: killed there, as by a power cut
    await mergeRecipe({ init: 'touch /etc/waits\n', wait: 'stop' });
    await mergeRecipe({ init: 'sleep 300\n', wait: 'stop' });
    const cut = scene.host.start(['box', 'build', 'common-box']);
    await waitFor('the guest', async () => (await lab.containers()).length === 1);
    const [first] = await lab.containers();
    cut.kill('SIGKILL');
    await cut.ended;
    const again = scene.host.start(['box', 'build', 'common-box']);
    await waitFor('the second guest', async () => {
      const now = await lab.containers();
      return now.length === 1 && now[0] !== first;
    });
    again.kill('SIGTERM');
    const { exitCode, stderr } = await again.ended;
    expect(exitCode).toBe(1);
    expect(stages(stderr)).toEqual([
      'stage 1 of 2, base: done before',
      expect.stringMatching(/^stage 2 of 2, common: begun/),
    ]);
    expect(stderr).toContain('the build of common-box was stopped; the same command takes it up');
    expect(await lab.containers()).toEqual([]);
  });

  it('makes a box that boots again and has what init made, and proposes it on a branch', async () => {
    await mergeRecipe({});
    const { exitCode, document, stderr } = await scene.host.json('box', 'build', 'common-box');
    expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
    expect(document).toMatchObject({
      state: 'built',
      version: '2022.3.1',
      branch: `boxreeve/box-${BOX}-2022.3.1`,
    });
    expect(await lab.containers()).toEqual([]);
    const followed = await scene.repo.remoteGit('rev-parse', 'main');
    expect(await scene.repo.remoteGit('rev-parse', `boxreeve/box-${BOX}-2022.3.1^`)).toBe(followed);
    const file = await boxFileOf(document);
    await lab.addBox({ ...file }, 'built', '1.0');
    const project = await lab.project('built', { box: 'built' });
    await lab.succeed(['up'], { cwd: project });
    expect(await lab.succeed(['ssh', '-c', 'cat /etc/made-by-init'], { cwd: project })).toContain('hello');
    await lab.succeed(['destroy', '-f'], { cwd: project });
  });

  it('shows no secret, in no log', async () => {
    for (const name of readdirSync(builds()).filter((each) => each.endsWith('.log')))
      expect(readFileSync(join(builds(), name), 'utf8')).not.toContain(SECRET);
    expect(readFileSync(join(builds(), 'stage-1-base.log'), 'utf8')).toContain(
      'making plain with [redacted]',
    );
  });

  it('signs where the box comes from, so that ssh-keygen alone can check it', async () => {
    const branch = `boxreeve/box-${BOX}-2022.3.1`;
    const stem = `${branch}:desired-state/boxes/${BOX}.provenance/2022.3.1-lxc.json`;
    const text = `${await scene.repo.remoteGit('show', stem)}\n`;
    const folder = join(lab.folder, 'provenance');
    mkdirSync(folder);
    writeFileSync(join(folder, 'allowed'), `builder3 ${scene.host.publicKey}\n`);
    writeFileSync(join(folder, 'sig'), `${await scene.repo.remoteGit('show', `${stem}.sig`)}\n`);
    const args = [
      '-Y',
      'verify',
      '-f',
      'allowed',
      '-I',
      'builder3',
      '-n',
      'boxreeve-provenance',
      '-s',
      'sig',
    ];
    const verify = (input: string) => execa('ssh-keygen', args, { cwd: folder, input, reject: false });
    expect((await verify(text)).exitCode).toBe(0);
    expect((await verify(text.replace('builder3', 'builder4'))).exitCode).not.toBe(0);
    expect(JSON.parse(text)).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: { runDetails: { builder: { id: 'urn:boxreeve:host:builder3' } } },
    });
    expect(await catalogueOn(branch)).toContain(JSON.parse(text).subject[0].digest.sha256);
    const keys = ['-c', `gpg.ssh.allowedSignersFile=${join(folder, 'allowed')}`];
    expect(await scene.repo.remoteGit(...keys, 'log', '-1', '--format=%G?', branch)).toBe('G');
  });

  it('says that there is nothing to do, before and after the merge', async () => {
    const before = await scene.host.boxreeve('box', 'build', 'common-box');
    expect(before).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('was built from the same inputs already'),
    });
    await scene.repo.mergeBranch(`boxreeve/box-${BOX}-2022.3.1`, 'Merge the box');
    const after = await scene.host.json('box', 'build', 'common-box');
    expect(after.document).toMatchObject({ state: 'nothing-to-do', version: '2022.3.1', made: null });
    expect((await scene.host.boxreeve('validate', scene.repo.folder)).stderr).not.toContain('complaint');
  });

  it('builds it all the same when told to, as a version of its own', async () => {
    const { document } = await scene.host.json('box', 'build', 'common-box', '--again', '--no-branch');
    expect(document).toMatchObject({ state: 'built', version: '2022.3.1.1', branch: null });
    const branches = await scene.repo.remoteGit('branch', '--format=%(refname:short)');
    expect(branches.split('\n')).not.toContain(`boxreeve/box-${BOX}-2022.3.1.1`);
  });

  it('begins from a box of the catalogue, fetched and checked, where the recipe says so', async () => {
    scene.repo.write(
      'desired-state/boxes/from-catalogue.recipe.yaml',
      JSON.stringify({
        ...{ kind: 'Recipe', name: 'from-catalogue', provider: 'lxc', version: '1.0' },
        stages: [{ name: 'only', vagrant: { base: { box: BOX, version: '2022.2.17' } } }],
      }),
    );
    const folder = 'desired-state/boxes/from-catalogue.recipe';
    scene.repo.write(
      `${folder}/Vagrantfile`,
      'Vagrant.configure("2") { |config| config.vm.synced_folder ".", "/vagrant", disabled: true }\n',
    );
    await scene.repo.merge('A recipe that begins from the catalogue');
    const { exitCode, document, stderr } = await scene.host.json(
      'box',
      'build',
      'from-catalogue',
      '--no-branch',
    );
    expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
    const { file } = await boxFileOf(document);
    const { stdout } = await execa('tar', ['-tzf', file]);
    expect(stdout).toMatch(/metadata\.json/);
    expect(stdout).toMatch(/rootfs/);
    expect(await lab.succeed(['box', 'list'])).not.toContain(BOX);
    expect(await lab.containers()).toEqual([]);
  });

  it('refuses what it cannot build, in a sentence', async () => {
    const unknown = await scene.host.boxreeve('box', 'build', 'comon-box');
    expect(unknown).toMatchObject({ exitCode: 3 });
    expect(unknown.stderr).toBe('there is no boxes/comon-box.recipe.yaml; did you mean `common-box`?');
    const odd = await scene.host.boxreeve('box', 'build', 'common-box', '--again', '--version', '../1');
    expect(odd).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/^version "\.\.\/1" is not a version/),
    });
    const taken = await scene.host.boxreeve(
      'box',
      'build',
      'common-box',
      '--again',
      '--version',
      '2022.2.17',
    );
    expect(taken).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('a version never changes: name another'),
    });
  });
});

async function boxFileOf(document: unknown): Promise<LabBox> {
  const { made } = JSON.parse(JSON.stringify(document));
  const file = join(scene.host.stateDir, 'boxes', `${made.sha256}.box`);
  expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(made.sha256);
  expect(existsSync(join(scene.host.stateDir, 'boxes', `${made.sha256}.chunks`))).toBe(true);
  return { file, sha256: made.sha256, size: made.size };
}

describe('box import', () => {
  it('takes a file in by its digest, and adds to the catalogue as people wrote it', async () => {
    const other = await lab.box({ label: 'e2e-new' });
    scene.repo.write(
      `desired-state/boxes/${BOX}.yaml`,
      `# What our nodes run.\nkind: Box\nname: ${BOX}\nversions:\n  # the one that works\n  - { version: 2022.2.17, provider: lxc, sha256: ${base.sha256}, size: ${base.size}, sources: ["file://${base.file}"] }\n`,
    );
    await scene.repo.merge('Written by hand');
    const { exitCode, document, stderr } = await scene.host.json(
      ...['box', 'import', BOX, '2022.10', '--provider', 'lxc', '--file', other.file],
      ...['--source', 'peers:', `file://${other.file}`],
    );
    expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
    expect(document).toMatchObject({ sha256: other.sha256, size: other.size });
    expect(await catalogueOn(`boxreeve/box-${BOX}-2022.10`)).toMatch(
      /^# What our nodes run\.\nkind: Box\n[\s\S]*# the one that works\n[\s\S]*version: "2022\.10"/,
    );
    await scene.repo.mergeBranch(`boxreeve/box-${BOX}-2022.10`, 'Merge the box');
    expect((await scene.host.boxreeve('validate', scene.repo.folder)).exitCode).toBe(0);
  });

  it("takes a box out of Vagrant's store, and the box can be added again", async () => {
    await lab.addBox(base, 'by-hand', '1.2.3');
    const args = [
      'box',
      'import',
      'by-hand',
      '1.2.3',
      '--provider',
      'lxc',
      '--from-vagrant',
      '--repack',
      '--no-branch',
    ];
    const { exitCode, document, stderr } = await scene.host.json(...args);
    expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
    const { sha256, size, file } = JSON.parse(JSON.stringify(document));
    await lab.addBox({ file, sha256, size }, 'by-hand-again', '1.2.3');
    expect(await lab.succeed(['box', 'list'])).toContain('by-hand-again');
  });

  it('never touches a branch that somebody else has made', async () => {
    const branch = `boxreeve/box-${BOX}-7.0`;
    await scene.repo.git('push', '--quiet', 'origin', `HEAD:${branch}`);
    const before = await scene.repo.remoteGit('rev-parse', branch);
    const { exitCode, stderr } = await scene.host.boxreeve(
      ...['box', 'import', BOX, '7.0', '--provider', 'lxc', '--file', base.file],
    );
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining(`has a branch ${branch} already`),
    });
    expect(await scene.repo.remoteGit('rev-parse', branch)).toBe(before);
  });

  const refused: readonly (readonly [title: string, args: readonly string[], message: RegExp])[] = [
    [
      'neither a file nor Vagrant',
      [BOX, '8.0', '--provider', 'lxc'],
      /^name either --file or --from-vagrant$/,
    ],
    [
      'a file that is not there',
      [BOX, '8.0', '--provider', 'lxc', '--file', '/nowhere.box'],
      /^there is no file \/nowhere\.box$/,
    ],
    ['a folder', [BOX, '8.0', '--provider', 'lxc', '--file', '/tmp'], /^\/tmp is not a regular file/],
    [
      'a name that leads elsewhere',
      ['../x', '8.0', '--provider', 'lxc', '--file', '/tmp'],
      /^name "\.\.\/x" is not the name of a box/,
    ],
    [
      'a version of words',
      [BOX, 'latest', '--provider', 'lxc', '--file', '/tmp'],
      /^version "latest" is not a version that Vagrant/,
    ],
    [
      'a version that is there',
      [BOX, '2022.2.17', '--provider', 'lxc', '--file', '/tmp'],
      /has version 2022\.2\.17 for lxc already/,
    ],
    [
      'a box that Vagrant lacks',
      [BOX, '8.0', '--provider', 'lxc', '--from-vagrant'],
      /^Vagrant's store has no azure-ci-node 8\.0 \(lxc\); it has none of that name/,
    ],
    [
      'a source with a password',
      [BOX, '8.0', '--provider', 'lxc', '--file', '/tmp', '--source', 'https://a:b@c/d'],
      /is not a source/,
    ],
  ];
  it.each(refused)('refuses %s in a sentence', async (_title, args, message) => {
    const { exitCode, stderr } = await scene.host.boxreeve('box', 'import', ...args);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(message);
  });
});

describe("a builder's daemon", () => {
  const rebuilt = (first: string) => {
    const recipe = {
      ...{ kind: 'Recipe', name: 'nightly', provider: 'lxc', version: '1.0', rebuild: { every: '7d' } },
      stages: [{ name: 'only', command: ['./make.sh', base.file], output: 'made.box' }],
    };
    scene.repo.write('desired-state/boxes/nightly.recipe.yaml', JSON.stringify(recipe));
    const script = 'desired-state/boxes/nightly.recipe/make.sh';
    scene.repo.write(script, `#!/bin/sh\nset -eu\n${first}cp "$1" made.box\n`);
    return execa('chmod', ['+x', join(scene.repo.folder, script)]);
  };
  const journalOf = () => join(scene.host.stateDir, 'builds', 'nightly', 'journal.json');
  const branches = () => scene.repo.remoteGit('branch', '--format=%(refname:short)');

  it('ends the build that it began when it ends itself', async () => {
    await rebuilt('echo "under way, $$"\nexec sleep 3000\n');
    await scene.repo.merge('A recipe for the night');
    const daemon = scene.host.daemon();
    const log = join(scene.host.stateDir, 'builds', 'nightly', 'stage-1-only.log');
    await waitFor(
      'the build',
      async () => existsSync(log) && readFileSync(log, 'utf8').includes('under way'),
    );
    const pid = Number(/under way, (\d+)/.exec(readFileSync(log, 'utf8'))?.[1]);
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    daemon.kill('SIGTERM');
    expect((await daemon.ended).exitCode).toBe(0);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(JSON.parse(readFileSync(journalOf(), 'utf8'))).toMatchObject({ stages: [], result: null });
  });

  it('builds what is due by itself, once, and proposes it on a branch', async () => {
    await rebuilt('');
    await scene.repo.merge('One that comes to its end');
    const daemon = scene.host.daemon();
    await waitFor('the branch', async () => (await branches()).includes('boxreeve/box-nightly-1.0'));
    await waitFor('the journal', async () => readFileSync(journalOf(), 'utf8').includes('"pushed": true'));
    const before = readFileSync(journalOf(), 'utf8');
    await scene.repo.merge('Something else');
    const merged = await scene.repo.remoteGit('rev-parse', 'main');
    await waitFor('the next reconcile', async () =>
      JSON.stringify((await scene.host.json('status')).document).includes(merged),
    );
    daemon.kill('SIGTERM');
    expect((await daemon.ended).exitCode).toBe(0);
    expect(readFileSync(journalOf(), 'utf8')).toBe(before);
    expect(await branches()).not.toContain('nightly-1.0.1');
  });
});
