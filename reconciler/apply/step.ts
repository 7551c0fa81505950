/** What every kind of action is carried out with, and how it ends. */
import type { Fetched } from '../boxes/download/fetch-deps.ts';
import type { Clock } from '../clock.ts';
import type { BoxSpec } from '../desired/spec.ts';
import type { Exposure } from '../exposure/exposure.ts';
import type { HostConfig } from '../host-config.ts';
import type { Logger } from '../log.ts';
import type { MemoryStore, SshTarget } from '../observed/memory.ts';
import type { MachineAnswer, MachineId } from '../observed/providers.ts';
import type { Redactor } from '../secrets/redactor.ts';
import type { StateDir } from '../state-dir.ts';
import type { ActionOutcome } from './outcome.ts';
import type { RunContext, Vagrant, VagrantResult } from './vagrant.ts';

export type ApplyDeps = {
  readonly config: Pick<HostConfig, 'vagrantHome'>;
  readonly dirs: StateDir;
  readonly clock: Clock;
  readonly log: Logger;
  readonly memory: MemoryStore;
  readonly vagrant: Vagrant;
  newId(): string;
  readonly redactor: Redactor;
  /** Value of a secret by name. Throws SecretUnavailable. */
  secret(name: string): Promise<string>;
  /** Content by Git object id. */
  blob(oid: string): Promise<Buffer>;
  /** The provider's word on a machine. */
  askMachine(machine: MachineId): Promise<MachineAnswer>;
  /** Looks who can get into a guest that is up. */
  examine(guest: string, ssh: SshTarget): Promise<Exposure>;
  /** Brings a box's file here, checked. Throws a BoxreeveError that says what was tried. */
  fetch(box: BoxSpec, signal: AbortSignal): Promise<Fetched>;
};

/** One action's way of getting at things. */
export type Step = ApplyDeps & {
  readonly signal: AbortSignal;
  /** @param timeoutMs for the command */
  run(timeoutMs: number): RunContext;
};

export type StepResult = Pick<
  ActionOutcome,
  'exitStatus' | 'output' | 'error' | 'guestAtFault' | 'probes' | 'exposure'
> & {
  readonly result: 'done' | 'begun' | 'failed' | 'interrupted';
};

export const done: StepResult = {
  result: 'done',
  exitStatus: null,
  output: '',
  error: null,
  guestAtFault: false,
  probes: [],
};

export function failed(error: string, more: Partial<StepResult> = {}): StepResult {
  return { ...done, result: 'failed', error, ...more };
}

/** A Vagrant command that did not do what it was asked. `guestAtFault` where nothing says that it was anyone else. */
export function failedCommand(what: string, { process, problem }: VagrantResult): StepResult {
  const kind = problem?.kind ?? 'guest';
  return {
    result: kind === 'aborted' ? 'interrupted' : 'failed',
    exitStatus: process.exitStatus,
    output: process.tail,
    error: `${what}: ${problem?.why ?? 'it failed'}`,
    guestAtFault: kind === 'guest' || kind === 'vagrantfile' || kind === 'timed-out',
    probes: [],
  };
}
