/** What went wrong with a Vagrant command, by what should follow. Pure. */
import { oneLine } from '../one-line.ts';
import type { VagrantError } from './machine-readable.ts';
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
    /** The Vagrantfile cannot be evaluated, or asks for what Vagrant does not know: no command of this guest works. */
    | 'vagrantfile'
    /** Everything else: the box, the boot, the provisioner. */
    | 'guest';
  /** A sentence. */
  readonly why: string;
};

type Kind = VagrantProblem['kind'];

/** What Vagrant itself said, apart from what a guest printed; no secrets. */
export type VagrantWords = {
  readonly error: VagrantError | null;
  /** The last line that the boot or the provisioner printed. */
  readonly lastDetail: string | null;
};

/** Ruby classes of Vagrant's errors (2.3 and 2.4, `lib/vagrant/errors.rb`) and its plugins', by the end of their names. */
const CLASSES: readonly (readonly [RegExp, Kind])[] = [
  [/::(MachineActionLockedError|MachineLocked|EnvironmentLockedError)$/, 'busy'],
  [/::CorruptMachineIndex$/, 'index-damaged'],
  [/::(Vagrantfile(Load|Syntax|Name)Error|Config(Invalid|UpgradeErrors))$/, 'vagrantfile'],
  [/::(Provider(NotFound\w*|NotUsable|CantInstall|InstallFailed)|Plugin\w+|BundlerError)$/, 'infrastructure'],
  [/::(HomeDirectory\w+|LocalDataDirectoryNotAccessible|MachineFolderNotAccessible)$/, 'infrastructure'],
  [/::VBoxManage(NotFound|Launch)Error$/, 'infrastructure'],
  [
    /::VirtualBox(NotDetected|KernelModuleNotLoaded|InstallIncomplete|InvalidVersion|VersionEmpty|UserMismatch)$/,
    'infrastructure',
  ],
  [/::(LxcNotInstalled|LxcLinuxRequired|RedirNotInstalled|FogLibvirtConnectionError)$/, 'infrastructure'],
];

/** Words in Vagrant's own messages, where the class does not tell: what a provider's tool said, and what Ruby said at its end. */
const SIGNS: readonly (readonly [RegExp, Kind])[] = [
  [/machine index which stores all required information\s.*corrupt/is, 'index-damaged'],
  [
    /another process is already executing an action|cannot use the requested machine because it is locked/i,
    'busy',
  ],
  [/error loading a Vagrantfile|syntax error in the following Vagrantfile/i, 'vagrantfile'],
  [
    /no space left on device|disk quota exceeded|not enough free space|Errno::(ENOSPC|EDQUOT|EIO|EROFS)/i,
    'infrastructure',
  ],
  [/plugins? .*(not installed|failed to (load|initialize))/i, 'infrastructure'],
  [
    /vagrant (vmware )?utility|failed to connect to the (vmware|libvirt)|libvirtd?.*(connection refused|not running)/i,
    'infrastructure',
  ],
  [/(lxc-\w+|VBoxManage|vmrun|prlctl)\b.*(not found|not installed|No such file)/i, 'infrastructure'],
];

/** null if it did what it was asked. */
export function classify(process: ProcessResult, words: VagrantWords): VagrantProblem | null {
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
      return process.exitStatus === 0 ? null : failed(process, words);
  }
}

/** Characters looked through for signs: a Vagrantfile may raise an error with a message of any length, and some signs look far ahead. */
const MOST_SAID = 8 * 1024;

function failed(process: ProcessResult, words: VagrantWords): VagrantProblem {
  // a guest's output comes by standard output, so it is never looked through for signs
  const said = (words.error?.message ?? process.stderrTail).slice(0, MOST_SAID);
  const byClass = CLASSES.find(([name]) => name.test(words.error?.name ?? ''))?.[1];
  const kind = byClass ?? SIGNS.find(([sign]) => sign.test(said))?.[1] ?? 'guest';
  return { kind, why: sentence(process, words, said) };
}

const LONGEST = 400;

function sentence(
  { exitStatus, signal, tail }: ProcessResult,
  { error, lastDetail }: VagrantWords,
  said: string,
): string {
  if (/^The SSH command responded with a non-zero exit status/.test(error?.message ?? '')) {
    return `the provisioner failed; its last words: ${inOneLine(lastDetail ?? 'none')}`;
  }
  const words = [said.replace(/^Vagrant failed to initialize at a very early stage:/, ''), tail]
    .map(inOneLine)
    .find((text) => /\w/.test(text));
  return `vagrant ended with ${exitStatus ?? signal}: ${words ?? 'it said nothing'}`;
}

/** Vagrant breaks its messages into lines of a terminal. */
function inOneLine(text: string): string {
  const line = oneLine(text).replace(/\s+/g, ' ').trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}…`;
}
