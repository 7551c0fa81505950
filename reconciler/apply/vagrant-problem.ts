/** What went wrong with a Vagrant command, by what should follow. Pure. */
import type { ProcessResult } from './run-process.ts';

export type VagrantProblem = {
  readonly kind: /** Somebody else is at work with Vagrant: again later. */
    | 'busy'
    /** The machine index is damaged (trap 8). */
    | 'index-damaged'
    /** Cut by us: the time was up, or the reconciler was told to stop. */
    | 'timed-out'
    | 'aborted'
    /** Vagrant itself, the provider or the disk: no fault of the guest's. */
    | 'infrastructure'
    /** Everything else: the Vagrantfile, the box, the boot, the provisioner. */
    | 'guest';
  /** A sentence. */
  readonly why: string;
};

/** Words by which Vagrant (2.3 and 2.4, `templates/locales/en.yml`) and its plugins tell these apart; all exit with 1. */
const SIGNS: readonly (readonly [RegExp, 'busy' | 'index-damaged' | 'infrastructure'])[] = [
  [
    /machine index which stores all required information .* corrupt|machine-index.*(corrupt|unexpected token)/is,
    'index-damaged',
  ],
  [
    /another process is already executing an action|Vagrant (can't|cannot) use the requested machine because it is locked/i,
    'busy',
  ],
  [/no space left on device|disk quota exceeded|not enough free space/i, 'infrastructure'],
  [
    /provider '[^']*' (could not be found|was requested)|plugins? .*(not installed|failed to (load|initialize))/i,
    'infrastructure',
  ],
  [
    /vagrant (vmware )?utility|failed to connect to the (vmware|libvirt)|libvirtd?.*(connection refused|not running)/i,
    'infrastructure',
  ],
  [/lxc.*(is not installed|command not found)|VBoxManage.*not found/i, 'infrastructure'],
];

/** null if it did what it was asked. */
export function classify(process: ProcessResult): VagrantProblem | null {
  switch (process.ended) {
    case 'not-started':
      return {
        kind: 'infrastructure',
        why: process.problem ?? 'vagrant could not be started: is it installed, and on PATH?',
      };
    case 'timed-out':
      return { kind: 'timed-out', why: 'it did not end in its time, and was ended with all it had started' };
    case 'aborted':
      return {
        kind: 'aborted',
        why: process.problem ?? 'it was cut, because the reconciler was told to stop',
      };
    case 'exited':
      return process.exitStatus === 0 ? null : failed(process);
  }
}

function failed(process: ProcessResult): VagrantProblem {
  const kind = SIGNS.find(([sign]) => sign.test(process.tail))?.[1] ?? 'guest';
  return {
    kind,
    why: `vagrant ended with ${process.exitStatus ?? process.signal}: ${lastWords(process.tail)}`,
  };
}

/** The last line that says something. */
function lastWords(tail: string): string {
  const words = tail.split('\n').map((line) => line.trim());
  return (
    words
      .filter((line) => /\w/.test(line))
      .at(-1)
      ?.slice(0, 300) ?? 'it said nothing'
  );
}
