/** What a build is carried out with. */
import { join } from 'node:path';
import type { Vagrant } from '../../apply/vagrant.ts';
import type { Clock } from '../../clock.ts';
import type { BoxSpec } from '../../desired/spec.ts';
import { BoxreeveError, ExitCode } from '../../errors.ts';
import type { MachineAnswer, MachineId } from '../../observed/providers.ts';
import type { Redactor } from '../../secrets/redactor.ts';
import type { JournalFile } from './journal.ts';

/** A stage failed, or its file is not what it should be: someone must look at the recipe, or at this host. */
export class BuildFailed extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** What was asked for cannot be built or imported: someone must ask for something else. */
export class BuildRefused extends BoxreeveError {
  readonly exitCode = ExitCode.invalidInput;
}

export type Workshop = {
  /** Folder of this recipe's builds. */
  readonly folder: string;
  /** Vagrant's home for builds alone: what guests use is not touched. */
  readonly vagrantHome: string;
  readonly journal: JournalFile;
  readonly clock: Clock;
  /** One that works in `vagrantHome`. */
  readonly vagrant: Vagrant;
  askMachine(machine: MachineId): Promise<MachineAnswer>;
  readonly redactor: Redactor;
  /** Value of a secret by name. Throws SecretUnavailable. */
  secret(name: string): Promise<string>;
  /** Content by Git object id. */
  blob(oid: string): Promise<Buffer>;
  /** Brings a box of the catalogue to this file, checked. Throws a BoxreeveError that says what was tried. */
  fetch(box: BoxSpec, file: string): Promise<void>;
  /** Aborted: what is under way is ended, and the machine with it; the build can be taken up. */
  readonly signal: AbortSignal;
  /** Tells a person what is being done. */
  tell(line: string): void;
  /** A line of what a stage printed, redacted. */
  print(line: string): void;
};

/** Where things lie in a recipe's folder of builds. */
export function buildLayout(folder: string) {
  return {
    journal: join(folder, 'journal.json'),
    /** The folder of the stage that is being done. */
    work: join(folder, 'work'),
    /** What a stage has made. */
    output: (index: number) => join(folder, `stage-${index + 1}.out`),
    log: (index: number, name: string) => join(folder, `stage-${index + 1}-${name}.log`),
    /** A box of the catalogue that a stage begins from. */
    base: (sha256: string) => join(folder, 'bases', `${sha256}.box`),
  };
}

/** What a stage is done with. */
export type StageParts = {
  /** The file of the stage before; null for the first. */
  readonly input: string | null;
  /** With the values of secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** Where its file is to lie. */
  readonly target: string;
};

/** Of what a program printed, what most likely says why it failed. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) || 'it said nothing';
}
