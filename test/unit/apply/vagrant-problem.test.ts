import { describe, expect, test } from 'vitest';
import { machineReader } from '../../../reconciler/apply/machine-readable.ts';
import type { ProcessResult } from '../../../reconciler/apply/run-process.ts';
import { classify, type VagrantProblem } from '../../../reconciler/apply/vagrant-problem.ts';
import {
  DAMAGED_INDEX,
  EARLY,
  FAILED_PROVISIONER,
  NO_SUCH_PROVIDER,
  UNKNOWN_SETTING,
  WRONG_DIGEST,
} from './recorded-vagrant.ts';

/** A `vagrant` that ended with 1 after printing this. */
function problemOf(stdout: string, stderr = '', how: Partial<ProcessResult> = {}): VagrantProblem | null {
  const reader = machineReader();
  const tail = reader.push(stdout) + reader.end() + stderr;
  const process: ProcessResult = {
    ended: 'exited',
    exitStatus: 1,
    signal: null,
    tail,
    stderrTail: stderr,
    stdout,
    durationMs: 1,
    problem: null,
    ...how,
  };
  return classify(process, { error: reader.error(), lastDetail: reader.lastDetail() });
}

function errorExit(name: string, message = 'It failed.'): string {
  return `1,,ui,error,${message}\n1,,error-exit,${name},${message}\n`;
}

describe('a command of Vagrant that failed', () => {
  test('with its guest’s init script is the guest’s fault, whatever the script printed', () => {
    expect(problemOf(FAILED_PROVISIONER)).toEqual({
      kind: 'guest',
      why: 'the provisioner failed; its last words: No space left on device',
    });
    const noisy = FAILED_PROVISIONER.replace('    default: err', '    default: lxc-start: command not found');
    expect(problemOf(noisy)?.kind).toBe('guest');
  });

  test('because the Vagrantfile asks for a variable that is not there says so', () => {
    expect(problemOf('', EARLY.missingVariable)).toEqual({
      kind: 'vagrantfile',
      why: expect.stringContaining('Message: KeyError: key not found: "TOK"'),
    });
  });

  test.each([
    ['a syntax error in the Vagrantfile', '', EARLY.syntaxError, 'vagrantfile'],
    ['a setting that Vagrant does not know', UNKNOWN_SETTING, '', 'vagrantfile'],
    ['a damaged index', DAMAGED_INDEX, '', 'index-damaged'],
    ['a damaged index, met before anything else', '', EARLY.damagedIndex, 'index-damaged'],
    ['a provider that is not installed', NO_SUCH_PROVIDER, '', 'infrastructure'],
    ['a wrong digest', WRONG_DIGEST, '', 'guest'],
    ['another action under way', errorExit('Vagrant::Errors::MachineActionLockedError'), '', 'busy'],
    ['a machine that is locked', errorExit('Vagrant::Errors::MachineLocked'), '', 'busy'],
    [
      'VMware’s utility gone',
      errorExit('HashiCorp::VagrantVMwareDesktop::Errors::X', 'Vagrant VMware Utility is not running'),
      '',
      'infrastructure',
    ],
    [
      'a full disk, told by a tool of the provider',
      errorExit('Vagrant::LXC::Errors::ExecuteError', 'lxc-create: cp: No space left on device'),
      '',
      'infrastructure',
    ],
    [
      'a full disk, told by Ruby',
      '',
      "/usr/lib/ruby/fileutils.rb:1: in `copy': No space left on device (Errno::ENOSPC)\n",
      'infrastructure',
    ],
    ['a guest that does not boot', errorExit('Vagrant::Errors::VMBootTimeout', 'Timed out.'), '', 'guest'],
  ])('with %s', (_what, stdout, stderr, kind) => {
    expect(problemOf(stdout, stderr)?.kind).toBe(kind);
  });

  test('with nothing to say is told by its exit status', () => {
    expect(problemOf('')).toEqual({ kind: 'guest', why: 'vagrant ended with 1: it said nothing' });
    expect(problemOf('', '', { exitStatus: null, signal: 'SIGSEGV' })?.why).toContain('SIGSEGV');
  });
});

test('a command that did what it was asked has no problem, whatever it printed', () => {
  expect(problemOf(FAILED_PROVISIONER, EARLY.syntaxError, { exitStatus: 0 })).toBe(null);
});

test('a command that was cut by us is nobody’s failure but tells which limit it met', () => {
  expect(problemOf('', '', { ended: 'timed-out', exitStatus: null })?.kind).toBe('timed-out');
  expect(problemOf('', '', { ended: 'aborted', exitStatus: null })?.kind).toBe('aborted');
  expect(problemOf('', '', { ended: 'not-started', exitStatus: null, problem: 'no vagrant' })).toEqual({
    kind: 'infrastructure',
    why: 'no vagrant',
  });
});

test('an error with a message of a megabyte, raised by a Vagrantfile say, is told in one line without an order to the terminal', () => {
  // looked through to its end for each sign and each place that one may begin at, this would take minutes
  const problem = problemOf(
    errorExit('Vagrant::Errors::VagrantError', `\u009b2J${'plugin '.repeat(120_000)}`),
  );
  expect(problem?.kind).toBe('guest');
  expect(problem?.why).toMatch(/^vagrant ended with 1: 2J(plugin )+/);
  expect(problem?.why.length).toBeLessThan(500);
});
