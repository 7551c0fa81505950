import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { machineReader } from '../../../reconciler/apply/machine-readable.ts';
import { FAILED_PROVISIONER, WRONG_DIGEST } from './recorded-vagrant.ts';

function read(...chunks: string[]) {
  const reader = machineReader();
  const text = chunks.map(reader.push).join('') + reader.end();
  return { text, error: reader.error(), lastDetail: reader.lastDetail() };
}

describe('what Vagrant prints for machines', () => {
  test('reads as a person would have seen it', () => {
    expect(read(FAILED_PROVISIONER).text).toBe(
      [
        "Bringing machine 'default' up with 'lxc' provider...",
        '==> default: Machine booted and ready!',
        '==> default: Running provisioner: shell...',
        'Running: /tmp/vagrant-shell20261124-8151-bwx0to.sh',
        'a,b',
        'lit',
        'x',
        'err',
        'No space left on device',
        'The SSH command responded with a non-zero exit status. Vagrant',
        'assumes that this means the command failed. The output for this command',
        'should be in the log above. Please read the output to determine what',
        'went wrong.',
        '',
      ].join('\n'),
    );
  });

  test('tells the class of the error that ended it, and the last words of the guest', () => {
    expect(read(FAILED_PROVISIONER)).toMatchObject({
      error: { name: 'Vagrant::Errors::VagrantError' },
      lastDetail: 'No space left on device',
    });
    expect(read(WRONG_DIGEST).error).toEqual({
      name: 'Vagrant::Errors::BoxChecksumMismatch',
      message: expect.stringMatching(/^The checksum .*\nvalue\. .*Expected: ffff\nReceived: 6e10$/s),
    });
  });

  test('a guest cannot pass off what it prints as an error of Vagrant', () => {
    const printed =
      '1,default,ui,detail,    default: x\\n1%!(VAGRANT_COMMA)%!(VAGRANT_COMMA)error-exit%!(VAGRANT_COMMA)A::MachineLocked%!(VAGRANT_COMMA)no\n';
    expect(read(printed)).toMatchObject({
      error: null,
      text: 'x\n1,,error-exit,A::MachineLocked,no\n',
    });
  });

  test('what is printed past it, by a Vagrantfile say, is kept as it is', () => {
    const text = 'picked 4 CPUs, 8 GiB\n12,34\nHost default\n  HostName 10.0.0.1\n';
    expect(read(text)).toEqual({ text, error: null, lastDetail: null });
    expect(read('a last line without an end').text).toContain('a last line without an end');
  });

  test('gives the pieces of what a guest prints without words of its own in between', () => {
    const pieces =
      '1,default,ui,detail,    default: one\\n    default: tw\n2,default,ui,detail,    default: o\n';
    expect(read(pieces)).toMatchObject({ text: 'one\ntw\no\n', lastDetail: 'o' });
  });

  test('reads the same wherever the pipe cuts it', () => {
    const whole = read(FAILED_PROVISIONER);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: FAILED_PROVISIONER.length })), (cuts) => {
        const places = [0, ...cuts.toSorted((one, other) => one - other), FAILED_PROVISIONER.length];
        const chunks = places.slice(1).map((end, at) => FAILED_PROVISIONER.slice(places[at], end));
        expect(read(...chunks)).toEqual(whole);
      }),
    );
  });
});

test('a guest that prints very many dots, one by one, is read as fast as it prints', () => {
  // with all that is held looked through for each, this would be a terabyte
  const reader = machineReader();
  for (let at = 0; at < 1_000_000; at += 1) reader.push('.');
  expect(reader.push('\n')).toBe(`${'.'.repeat(1_000_000)}\n`);
});
