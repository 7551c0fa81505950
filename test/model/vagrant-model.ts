/**
 * Vagrant with a provider, in memory, behind the port of the real one, with the traps of the real one. It leaves Vagrant's files
 * where the real one does, since that is where Boxreeve reads; its guests answer SSH. Held against real Vagrant by
 * test/contract/vagrant-commands.test.ts.
 */
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProcessResult } from '../../reconciler/apply/run-process.ts';
import type { Project, RunContext, Vagrant, VagrantResult } from '../../reconciler/apply/vagrant.ts';
import type { VagrantProblem } from '../../reconciler/apply/vagrant-problem.ts';
import type { askProviders, MachineAnswer, MachineId } from '../../reconciler/observed/providers.ts';
import type { BoxRef } from '../../reconciler/plan/plan.ts';
import { type Answer, CLIENT_KEY, type GuestSsh, openGuestSsh } from './guest-ssh.ts';
import {
  boxPlace,
  emptyRecord,
  markProvisioned,
  recordedId,
  versionsOf,
  writeRecord,
} from './vagrant-records.ts';
import { type Evaluated, evaluate, runInit } from './vagrantfile-model.ts';

export type ModelMachine = {
  readonly id: string;
  readonly provider: string;
  readonly box: BoxRef;
  /** Content of the box file it was made from. */
  readonly content: string;
  /** Of the last init script that ran in it to its end. */
  init: string | null;
  running: boolean;
  readonly ssh: GuestSsh;
};

export type VagrantModel = {
  readonly vagrant: Vagrant;
  readonly askMachine: (machine: MachineId) => Promise<MachineAnswer>;
  readonly ask: typeof askProviders;
  /** Those that exist for the provider, whatever Vagrant knows. */
  readonly machines: Map<string, ModelMachine>;
  /** Every command so far, such as `up`. */
  readonly commands: string[];
  /** What the next commands of this name end with, instead of doing anything. */
  readonly problems: Map<string, VagrantProblem>;
  /** `destroy` says that it is done, and the machine is still there (trap 10). */
  leaveMachines: boolean;
  /** What the guests answer over SSH. */
  answer: (machine: ModelMachine, command: string) => ReturnType<Answer>;
  dispose(): void;
};

const PROVIDER = 'lxc';

export function modelVagrant(vagrantHome: string): VagrantModel {
  mkdirSync(vagrantHome, { recursive: true });
  const key = join(vagrantHome, 'insecure_private_key');
  writeFileSync(key, CLIENT_KEY, { mode: 0o600 });
  /** Projects in which a command is under way. */
  const locked = new Set<string>();

  const model: VagrantModel = {
    vagrant: {
      up: (project, provider, provision, run) =>
        command('up', run, project, (at) => up(project, at, provider, provision, run)),
      halt: (project, run) => command('halt', run, project, async () => halt(project)),
      destroy: (project, run) => command('destroy', run, project, async () => destroy(project)),
      addBox: (catalogue, box, run) => command('box add', run, null, async () => addBox(catalogue, box)),
      removeBox: (box, run) => command('box remove', run, null, async () => removeBox(box)),
      sshConfig: (project, run) => command('ssh-config', run, project, async () => sshConfig(project)),
      version: async () => '2.3.4',
    },
    askMachine: async (machine) => lookAt(machine),
    ask: async () => ({ of: lookAt }),
    machines: new Map(),
    commands: [],
    problems: new Map(),
    leaveMachines: false,
    answer: () => ({ exitStatus: 0 }),
    dispose: () => {
      for (const { ssh } of model.machines.values()) ssh.close();
    },
  };
  return model;

  async function command(
    name: string,
    run: RunContext,
    project: Project | null,
    work: (at: Evaluated) => Promise<VagrantResult>,
  ): Promise<VagrantResult> {
    model.commands.push(name);
    await run.onStart({ pid: 2 ** 30, startedAt: 'in the model' });
    const problem = model.problems.get(name);
    if (problem !== undefined) return ended({ exitStatus: 1 }, problem);
    if (project === null) return work({ box: '', version: null, machineName: null, init: null });
    const evaluated = evaluate(project);
    if (typeof evaluated === 'string') return refused('vagrantfile', evaluated);
    if (locked.has(project.folder)) return refused('busy', 'another process is already executing an action');
    locked.add(project.folder);
    try {
      return await work(evaluated);
    } finally {
      locked.delete(project.folder);
    }
  }

  function lookAt({ provider, id }: MachineId): MachineAnswer {
    const machine = model.machines.get(id);
    if (machine === undefined || machine.provider !== provider) return { state: 'gone' };
    return { state: 'exists', power: machine.running ? 'running' : 'stopped' };
  }

  async function up(
    project: Project,
    evaluated: Evaluated,
    provider: string,
    provision: boolean,
    run: RunContext,
  ): Promise<VagrantResult> {
    if (provider !== PROVIDER)
      return refused('infrastructure', `The provider '${provider}' could not be found`);
    const known = model.machines.get(recordedId(project.folder, provider) ?? '');
    const machine = known ?? (await create(project, evaluated));
    if (typeof machine === 'string') return refused('guest', machine);
    machine.running = true;
    if (!provision || evaluated.init === null) return ended({ tail: 'Machine booted and ready!' }, null);
    markProvisioned(project.folder, provider, machine.id);
    const { printed, exitStatus } = runInit(evaluated.init);
    if (exitStatus === 'hangs') return cut(run);
    if (exitStatus === 0) machine.init = evaluated.init;
    return exitStatus === 0
      ? ended({ tail: run.redactor.text(printed) }, null)
      : ended(
          { exitStatus: 1, tail: run.redactor.text(printed) },
          { kind: 'guest', why: 'the provisioner failed' },
        );
  }

  async function create(project: Project, { box: name, version, machineName }: Evaluated) {
    const versions = versionsOf(vagrantHome, name, PROVIDER);
    const chosen = version === null ? versions.toSorted().at(-1) : versions.find((each) => each === version);
    if (chosen === undefined) return `Box '${name}' could not be found`;
    const box = { name, version: chosen, provider: PROVIDER };
    const id = machineName ?? `${basename(project.folder)}_default_${randomBytes(4).toString('hex')}`;
    const content = readFileSync(join(boxPlace(vagrantHome, box), 'box.img'), 'utf8');
    const machine: ModelMachine = {
      ...{ id, provider: PROVIDER, box, content, init: null, running: true },
      ssh: await openGuestSsh((asked) => model.answer(machine, asked)),
    };
    model.machines.set(id, machine);
    writeRecord(vagrantHome, project.folder, id, box);
    return machine;
  }

  function halt({ folder }: Project): VagrantResult {
    const machine = model.machines.get(recordedId(folder, PROVIDER) ?? '');
    if (machine !== undefined) machine.running = false;
    return ended({}, null);
  }

  /** Of all providers that it has a record of; of none: nothing to do, and that is no failure. */
  function destroy({ folder }: Project): VagrantResult {
    const id = recordedId(folder, PROVIDER);
    if (id !== null && !model.leaveMachines) {
      model.machines.get(id)?.ssh.close();
      model.machines.delete(id);
    }
    if (id !== null) emptyRecord(vagrantHome, folder, PROVIDER);
    return ended({}, null);
  }

  function addBox(catalogue: string, box: BoxRef): VagrantResult {
    const { name, versions } = JSON.parse(readFileSync(catalogue, 'utf8'));
    const [entry] = versions.filter(({ version }: BoxRef) => version === box.version);
    const [offer] = entry.providers.filter((each: { name: string }) => each.name === box.provider);
    const place = boxPlace(vagrantHome, { name, version: entry.version, provider: offer.name });
    if (existsSync(place)) return refused('guest', `The box you're attempting to add already exists.`);
    const file = fileURLToPath(offer.url);
    const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
    if (digest !== offer.checksum)
      return refused('guest', 'The checksum of the downloaded box did not match');
    mkdirSync(place, { recursive: true });
    copyFileSync(file, join(place, 'box.img'));
    writeFileSync(join(place, 'metadata.json'), JSON.stringify({ provider: offer.name }));
    return ended({}, null);
  }

  /** Also while machines stand on it (trap 3). */
  function removeBox(box: BoxRef): VagrantResult {
    const place = boxPlace(vagrantHome, box);
    if (!existsSync(place)) return refused('guest', `The box '${box.name}' does not exist`);
    rmSync(place, { recursive: true });
    return ended({}, null);
  }

  function sshConfig({ folder }: Project): VagrantResult {
    const machine = model.machines.get(recordedId(folder, PROVIDER) ?? '');
    if (!machine?.running) return refused('guest', 'it is not yet ready for SSH');
    const lines = ['HostName 127.0.0.1', 'User vagrant', `Port ${machine.ssh.port}`, `IdentityFile ${key}`];
    return ended({ stdout: `Host default\n${lines.map((line) => `  ${line}\n`).join('')}` }, null);
  }
}

/** A command that goes on until it is cut; what it made stays as it is then. */
async function cut({ timeoutMs, signal }: RunContext): Promise<VagrantResult> {
  const over = await new Promise<'timed-out' | 'aborted'>((resolve) => {
    const timer = setTimeout(() => resolve('timed-out'), timeoutMs);
    const abort = () => {
      clearTimeout(timer);
      resolve('aborted');
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  return ended({ ended: over, exitStatus: null }, { kind: over, why: 'it did not end in its time' });
}

function refused(kind: VagrantProblem['kind'], why: string): VagrantResult {
  return ended({ exitStatus: 1, tail: why }, { kind, why });
}

function ended(how: Partial<ProcessResult>, problem: VagrantProblem | null): VagrantResult {
  const process: ProcessResult = {
    ended: 'exited',
    exitStatus: 0,
    signal: null,
    tail: '',
    stderrTail: '',
    stdout: '',
    durationMs: 1,
    problem: null,
    ...how,
  };
  return { process, problem };
}
