/**
 * What Boxreeve relies on in Vagrant's commands, traps included, held against real Vagrant with real guests, and against the
 * model that stands for it in other tests.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSshConfig } from '../../reconciler/apply/ssh-config.ts';
import { type Project, type RunContext, realVagrant, type Vagrant } from '../../reconciler/apply/vagrant.ts';
import {
  ENDING,
  endingVagrantfile,
  WRAPPER,
  wrapperVagrantfile,
} from '../../reconciler/apply/vagrantfile.ts';
import { writeCatalog } from '../../reconciler/boxes/catalog.ts';
import type { BoxSpec } from '../../reconciler/desired/spec.ts';
import { askMachine, type MachineAnswer, type MachineId } from '../../reconciler/observed/providers.ts';
import { readBoxes, readMachineRecords } from '../../reconciler/observed/vagrant-store.ts';
import { createRedactor } from '../../reconciler/secrets/redactor.ts';
import { openLab } from '../lab/lab.ts';
import { modelVagrant } from '../model/vagrant-model.ts';

type Subject = {
  readonly folder: string;
  readonly vagrantHome: string;
  readonly vagrant: Vagrant;
  /** Another process that uses the same VAGRANT_HOME. */
  readonly another: Vagrant;
  readonly box: BoxSpec;
  readonly askMachine: (machine: MachineId) => Promise<MachineAnswer>;
  /** Stops a machine below Vagrant, and takes one away. */
  stop(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  dispose(): Promise<void>;
};

async function real(): Promise<Subject> {
  const lab = await openLab();
  const { file, sha256, size } = await lab.box({ label: 'e2e-old' });
  const options = {
    config: { vagrantHome: lab.vagrantHome },
    log: { info: () => undefined },
    mendIndex: async () => false,
  };
  return {
    folder: lab.folder,
    vagrantHome: lab.vagrantHome,
    vagrant: realVagrant(options),
    another: realVagrant(options),
    box: boxOf(file, sha256, size),
    askMachine,
    stop: async (id) => void (await execa('lxc-stop', ['--kill', '--name', id])),
    remove: async (id) => void (await execa('lxc-destroy', ['--force', '--name', id])),
    dispose: lab.dispose,
  };
}

async function model(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'boxreeve-model-'));
  const file = join(folder, 'model.box');
  await writeFile(file, 'a box');
  const modelled = modelVagrant(join(folder, 'home'));
  return {
    folder,
    vagrantHome: join(folder, 'home'),
    vagrant: modelled.vagrant,
    another: modelled.vagrant,
    box: boxOf(file, createHash('sha256').update('a box').digest('hex'), 5),
    askMachine: modelled.askMachine,
    stop: async (id) => {
      const machine = modelled.machines.get(id);
      if (machine !== undefined) machine.running = false;
    },
    remove: async (id) => void modelled.machines.delete(id),
    dispose: async () => {
      modelled.dispose();
      await rm(folder, { recursive: true });
    },
  };
}

function boxOf(file: string, sha256: string, size: number): BoxSpec {
  return { name: 'org/mini', version: '1.2.0', provider: 'lxc', sha256, size, sources: [`file://${file}`] };
}

function fileOf(box: BoxSpec): string {
  return fileURLToPath(box.sources[0] ?? '');
}

const LIMIT = 120_000;

function run(timeoutMs = LIMIT): RunContext {
  return {
    timeoutMs,
    signal: new AbortController().signal,
    redactor: createRedactor(['canary-45c48cce2e2d']),
    onStart: async () => undefined,
  };
}

describe.each([
  ['real Vagrant', real],
  ['the model', model],
])('%s', (_name, open) => {
  let subject: Subject;
  let projects = 0;

  beforeAll(async () => {
    subject = await open();
  });
  afterAll(() => subject?.dispose());

  /** A guest's folder, as Boxreeve lays it. */
  async function layProject(init: string, name: string | null = null, vagrantfile = ''): Promise<Project> {
    projects += 1;
    const folder = join(subject.folder, `project${projects}`);
    await mkdir(folder);
    const machine = name ?? `contract-${process.pid}-${projects}`;
    await writeFile(join(folder, WRAPPER), wrapperVagrantfile(subject.box, machine));
    await writeFile(
      join(folder, 'Vagrantfile'),
      `${vagrantfile}
Vagrant.configure("2") do |config|
  config.vm.synced_folder ".", "/vagrant", disabled: true
  config.vm.provision "shell", path: "init.sh"
end
`,
    );
    await writeFile(join(folder, 'init.sh'), `#!/bin/bash\n${init}\n`);
    return { folder, env: { TOKEN: 'canary-45c48cce2e2d' }, vagrantfile: WRAPPER };
  }

  function recordOf({ folder }: Project) {
    return readMachineRecords(folder)[0] ?? null;
  }

  async function lookAt(project: Project): Promise<MachineAnswer> {
    return subject.askMachine({ provider: 'lxc', id: recordOf(project)?.id ?? '' });
  }

  function boxes() {
    return readBoxes(subject.vagrantHome);
  }

  const ours = () => ({ name: 'org/mini', version: '1.2.0', provider: 'lxc', sha256: null, bytes: null });

  test('a box whose digest is wrong is not added', async () => {
    const wrong = { ...subject.box, sha256: 'f'.repeat(64) };
    const catalogue = await writeCatalog(subject.folder, wrong, fileOf(wrong));
    const added = await subject.vagrant.addBox(catalogue, wrong, run());
    expect(added.problem).toMatchObject({ kind: 'guest', why: expect.stringContaining('checksum') });
    expect(boxes()).toEqual([]);
  });

  test('a box is added under its name and version, and not a second time', async () => {
    const catalogue = await writeCatalog(subject.folder, subject.box, fileOf(subject.box));
    expect((await subject.vagrant.addBox(catalogue, subject.box, run())).problem).toBe(null);
    expect(boxes()).toEqual([ours()]);
    expect((await subject.vagrant.addBox(catalogue, subject.box, run())).problem).toMatchObject({
      why: expect.stringContaining('already exists'),
    });
    expect(boxes()).toEqual([ours()]);
  });

  test('a guest comes up from the pinned box under our name, boots again without its init script, and goes', async () => {
    const project = await layProject('echo hello', `contract-${process.pid}-life`);
    const up = await subject.vagrant.up(project, 'lxc', true, run());
    expect(up.problem).toBe(null);
    expect(recordOf(project)).toMatchObject({
      id: `contract-${process.pid}-life`,
      box: { name: 'org/mini', version: '1.2.0' },
    });
    expect(await lookAt(project)).toEqual({ state: 'exists', power: 'running' });
    const config = await subject.vagrant.sshConfig(project, run());
    expect(parseSshConfig(config.process.stdout)).toMatchObject({
      user: 'vagrant',
      identityFiles: [expect.stringContaining('/')],
    });

    await writeFile(join(project.folder, 'init.sh'), 'exit 9\n');
    await subject.stop(`contract-${process.pid}-life`);
    expect(await lookAt(project)).toEqual({ state: 'exists', power: 'stopped' });
    expect((await subject.vagrant.sshConfig(project, run())).problem).not.toBe(null);
    expect((await subject.vagrant.up(project, 'lxc', false, run())).problem).toBe(null);
    expect(await lookAt(project)).toEqual({ state: 'exists', power: 'running' });

    expect((await subject.vagrant.destroy(project, run())).problem).toBe(null);
    expect(recordOf(project)).toMatchObject({ id: null, box: null });
    expect(await subject.askMachine({ provider: 'lxc', id: `contract-${process.pid}-life` })).toEqual({
      state: 'gone',
    });
    expect((await subject.vagrant.destroy(project, run())).problem, 'nothing to destroy is fine').toBe(null);
  });

  test('an init script that fails is the guest’s fault, whatever it prints; Vagrant leaves it running, as provisioned (1, 6)', async () => {
    const project = await layProject('echo "No space left on device"\nexit 3');
    const up = await subject.vagrant.up(project, 'lxc', true, run());
    expect(up.problem).toMatchObject({ kind: 'guest', why: expect.stringContaining('provisioner failed') });
    expect(up.process).toMatchObject({ exitStatus: 1, tail: expect.stringContaining('No space left') });
    expect(await lookAt(project)).toEqual({ state: 'exists', power: 'running' });
    expect(existsSync(join(recordOf(project)?.folder ?? '', 'action_provision'))).toBe(true);

    // and a box is removed also while a machine stands on it (3)
    expect((await subject.vagrant.removeBox(subject.box, run())).problem).toBe(null);
    expect(boxes()).toEqual([]);
    expect((await subject.vagrant.removeBox(subject.box, run())).problem).not.toBe(null);
    expect((await subject.vagrant.destroy(project, run())).problem).toBe(null);
    const catalogue = await writeCatalog(subject.folder, subject.box, fileOf(subject.box));
    expect((await subject.vagrant.addBox(catalogue, subject.box, run())).problem).toBe(null);
  });

  test('while a command is under way others are told to come again; one that never ends is cut, and its guest can be ended (8, 9)', async () => {
    const project = await layProject('sleep 781353');
    const cut = subject.vagrant.up(project, 'lxc', true, run(9000));
    while (recordOf(project)?.id == null) await wait(50);
    const busy = await subject.another.destroy(project, run());
    expect(busy.problem?.kind).toBe('busy');
    expect((await cut).problem?.kind).toBe('timed-out');
    expect((await lookAt(project)).state).toBe('exists');
    expect((await subject.vagrant.destroy(project, run())).problem).toBe(null);
    expect((await execa('pgrep', ['-f', 'sleep 78135[3]'], { reject: false })).stdout).toBe('');
  });

  test('a Vagrantfile that cannot be evaluated keeps its guest from being ended; one of ours does not (10)', async () => {
    const project = await layProject('echo hello', null, 'ENV.fetch("TOKEN")');
    expect((await subject.vagrant.up(project, 'lxc', true, run())).problem).toBe(null);
    const id = recordOf(project)?.id ?? '';
    const without = { ...project, env: {} };
    expect((await subject.vagrant.destroy(without, run())).problem).toMatchObject({
      kind: 'vagrantfile',
      why: expect.stringContaining('key not found: "TOKEN"'),
    });
    expect((await subject.askMachine({ provider: 'lxc', id })).state).toBe('exists');
    await writeFile(join(project.folder, ENDING), endingVagrantfile(['default']));
    const destroyed = await subject.vagrant.destroy({ ...without, vagrantfile: ENDING }, run());
    expect(destroyed.problem).toBe(null);
    expect(await subject.askMachine({ provider: 'lxc', id })).toEqual({ state: 'gone' });
  });

  test('a guest is shut down, stays, and can be shut down twice', async () => {
    const project = await layProject('echo hello');
    expect((await subject.vagrant.up(project, 'lxc', true, run())).problem).toBe(null);
    const record = recordOf(project);
    expect((await subject.vagrant.halt(project, run())).problem).toBe(null);
    expect(await lookAt(project)).toEqual({ state: 'exists', power: 'stopped' });
    expect((await subject.vagrant.halt(project, run())).problem).toBe(null);
    expect(recordOf(project)?.id).toBe(record?.id);
    expect((await subject.vagrant.up(project, 'lxc', false, run())).problem).toBe(null);
    expect(await lookAt(project)).toEqual({ state: 'exists', power: 'running' });
    expect((await subject.vagrant.destroy(project, run())).problem).toBe(null);
  });

  test('a machine that was taken away below Vagrant is destroyed by it without complaint, and its record with it', async () => {
    const project = await layProject('echo hello');
    expect((await subject.vagrant.up(project, 'lxc', true, run())).problem).toBe(null);
    await subject.remove(recordOf(project)?.id ?? '');
    expect((await subject.vagrant.destroy(project, run())).problem).toBe(null);
    expect(recordOf(project)?.id ?? null).toBe(null);
  });

  test('a provider that is not there is nobody’s fault but the host’s', async () => {
    const project = await layProject('echo hello');
    expect((await subject.vagrant.up(project, 'libvirt', true, run())).problem).toMatchObject({
      kind: 'infrastructure',
      why: expect.stringContaining("provider 'libvirt' could not be found"),
    });
    expect(recordOf(project)?.id ?? null).toBe(null);
  });

  test('its version can be told', async () => {
    expect(await subject.vagrant.version()).toMatch(/^\d+\.\d+\.\d+/);
  });
});
