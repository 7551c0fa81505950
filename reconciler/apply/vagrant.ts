/**
 * Vagrant, as a port: the commands that change something. What Vagrant knows is read from its files (observed/), since asking
 * it costs a second of Ruby, and not all of its questions change nothing.
 */
import { randomUUID } from 'node:crypto';
import type { HostConfig } from '../host-config.ts';
import type { Logger } from '../log.ts';
import type { BoxRef } from '../plan/plan.ts';
import type { Redactor } from '../secrets/redactor.ts';
import { type MachineReader, machineReader } from './machine-readable.ts';
import { type ProcessResult, runProcess } from './run-process.ts';
import { vagrantEnvironment } from './vagrant-environment.ts';
import { classify, type VagrantProblem, type VagrantWords } from './vagrant-problem.ts';

/** A guest's project folder, and the environment its Vagrantfile is evaluated in. */
export type Project = {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Name of the file that Vagrant is pointed at. */
  readonly vagrantfile: string;
};

/** How a command is run for an action. */
export type RunContext = {
  /** Milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly redactor: Redactor;
  /** Tells the journal what was started. */
  readonly onStart: (process: { readonly pid: number; readonly startedAt: string }) => Promise<void>;
};

export type VagrantResult = {
  readonly process: ProcessResult;
  /** null: it did what it was asked. */
  readonly problem: VagrantProblem | null;
};

export interface Vagrant {
  /** Creates and boots; `provision: false` boots only. A failure leaves the machine running (trap 6). */
  up(project: Project, provider: string, provision: boolean, run: RunContext): Promise<VagrantResult>;
  /** Shuts the machine down; one that is down already is no failure. */
  halt(project: Project, run: RunContext): Promise<VagrantResult>;
  /** May leave a machine behind (trap 10): ask the provider afterwards. */
  destroy(project: Project, run: RunContext): Promise<VagrantResult>;
  /** From a catalogue file; Vagrant checks the digest itself. Never replaces a box. */
  addBox(catalogue: string, box: BoxRef, run: RunContext): Promise<VagrantResult>;
  /** Removes it also when in use (trap 3): check before. */
  removeBox(box: BoxRef, run: RunContext): Promise<VagrantResult>;
  /** `vagrant ssh-config`, as printed. */
  sshConfig(project: Project, run: RunContext): Promise<VagrantResult>;
  /** Such as `2.3.4`; null if Vagrant cannot be run. */
  version(): Promise<string | null>;
}

export type VagrantOptions = {
  readonly config: Pick<HostConfig, 'vagrantHome'>;
  readonly log: Pick<Logger, 'info'>;
  /** Called when Vagrant says that its machine index is damaged (trap 8); true if it was mended and is worth another try. */
  readonly mendIndex: () => Promise<boolean>;
};

/** Limit on `vagrant --version`, in milliseconds. */
const VERSION_LIMIT = 30_000;

/** The real Vagrant of this host. */
export function realVagrant({ config, log, mendIndex }: VagrantOptions): Vagrant {
  /** One Vagrant at a time: none of its commands waits for another (trap 8). */
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work, work);
    turn = result.catch(() => undefined);
    return result;
  }

  async function once(
    args: readonly string[],
    project: Project | null,
    run: RunContext,
  ): Promise<VagrantResult> {
    const reader = machineReader();
    const process = await runProcess({
      program: 'vagrant',
      args: [...args, '--machine-readable'],
      reader,
      cwd: project?.folder ?? '/',
      env: vagrantEnvironment(config.vagrantHome, project),
      timeoutMs: run.timeoutMs,
      signal: run.signal,
      redactor: run.redactor,
      onLine: (line) => log.info({ event: 'vagrant', command: args[0] }, line),
      onStart: run.onStart,
    });
    return { process, problem: classify(process, wordsOf(reader, run.redactor)) };
  }

  function command(
    args: readonly string[],
    project: Project | null,
    run: RunContext,
  ): Promise<VagrantResult> {
    return inTurn(async () => {
      const result = await once(args, project, run);
      if (result.problem?.kind !== 'index-damaged' || !(await mendIndex())) return result;
      return once(args, project, run);
    });
  }

  return {
    up: (project, provider, provision, run) =>
      command(['up', '--provider', provider, provision ? '--provision' : '--no-provision'], project, run),
    halt: (project, run) => command(['halt'], project, run),
    destroy: (project, run) => command(['destroy', '--force'], project, run),
    addBox: (catalogue, box, run) =>
      command(['box', 'add', '--provider', box.provider, '--box-version', box.version, catalogue], null, run),
    removeBox: (box, run) =>
      // --force only answers the question that is asked on a terminal when a box is in use
      command(
        ['box', 'remove', box.name, '--box-version', box.version, '--provider', box.provider, '--force'],
        null,
        run,
      ),
    sshConfig: (project, run) => command(['ssh-config'], project, run),
    version: () => inTurn(() => readVersion(config)),
  };
}

function wordsOf(reader: MachineReader, redactor: Redactor): VagrantWords {
  const [error, lastDetail] = [reader.error(), reader.lastDetail()];
  return {
    error: error && { ...error, message: redactor.text(error.message) },
    lastDetail: lastDetail && redactor.text(lastDetail),
  };
}

async function readVersion(config: Pick<HostConfig, 'vagrantHome'>): Promise<string | null> {
  const { stdout } = await runProcess({
    program: 'vagrant',
    args: ['--version'],
    cwd: '/',
    env: vagrantEnvironment(config.vagrantHome, null),
    timeoutMs: VERSION_LIMIT,
    redactor: { text: (text) => text, stream: () => ({ push: (chunk) => chunk, end: () => '' }) },
    onLine: () => undefined,
  });
  return /^Vagrant (\S+)/m.exec(stdout)?.[1] ?? null;
}

/** A name that no other machine has: `<guest>-<random>`, of what every provider takes. */
export function newMachineName(guest: string): string {
  const plain = guest
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `${plain.slice(0, 40)}-${randomUUID().slice(0, 13)}`;
}
