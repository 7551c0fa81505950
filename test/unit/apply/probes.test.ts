import { describe, expect, it } from 'vitest';
import { judge as judgeWith } from '../../../reconciler/apply/probes.ts';

const answer = (stdout: string, exitStatus: number | null = 0, stderr = '') => ({
  stdout,
  exitStatus,
  stderr,
});

const judge = (given: ReturnType<typeof answer>, expected: string | null) =>
  judgeWith(given, expected, (text) => text.replaceAll('hun\nter2', '[redacted]'));

describe('a probe', () => {
  it('is right when its command ends with 0 and prints what is expected', () => {
    expect(judge(answer('nix (Nix) 2.18.1\n'), 'nix \\(Nix\\) 2\\.([4-9]|\\d\\d)')).toEqual({
      ok: true,
      detail: 'nix (Nix) 2.18.1',
    });
  });

  it('finds the old tool that nobody noticed', () => {
    expect(judge(answer('nix (Nix) 2.3.16\n'), 'nix \\(Nix\\) 2\\.([4-9]|\\d\\d)')).toEqual({
      ok: false,
      detail: 'printed "nix (Nix) 2.3.16", which does not match nix \\(Nix\\) 2\\.([4-9]|\\d\\d)',
    });
  });

  it('may anchor what it expects: the newline at the end is no part of it', () => {
    expect(judge(answer('2.4\n'), '^2\\.4$').ok).toBe(true);
  });

  it('is wrong when its command fails, whatever it printed', () => {
    expect(judge(answer('2.4\n', 1, 'not found'), '2\\.4')).toEqual({
      ok: false,
      detail: 'ended with 1: not found',
    });
    expect(judge(answer('2.4\n', null), null)).toEqual({ ok: false, detail: 'ended with a signal: 2.4' });
  });

  it('is judged by what it printed, and shown without the secrets in that, also those of several lines', () => {
    expect(judge(answer('is hun\nter2\n'), 'hun\nter2')).toEqual({ ok: true, detail: 'is [redacted]' });
    expect(judge(answer('is hun\nter2\n'), 'x').detail).toBe(
      'printed "is [redacted]", which does not match x',
    );
    expect(judge(answer('', 1, 'is hun\nter2'), null).detail).toBe('ended with 1: is [redacted]');
  });

  it('without an expectation asks only for exit status 0', () => {
    expect(judge(answer(''), null)).toEqual({ ok: true, detail: '' });
  });
});
