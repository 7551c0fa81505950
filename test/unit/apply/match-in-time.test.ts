import { expect, it } from 'vitest';
import { matchInTime } from '../../../reconciler/apply/match-in-time.ts';

it('finds what is there, and not what is not', () => {
  expect(matchInTime('^2\\.([4-9]|\\d\\d)$', '2.18')).toBe('found');
  expect(matchInTime('^2\\.([4-9]|\\d\\d)$', '2.3')).toBe('not found');
});

it('gives up on an expression that would take for ever on what a guest printed', () => {
  expect(matchInTime('^(a+)+$', `${'a'.repeat(60)}!`, 100)).toBe('took too long');
});

it('takes neither for code', () => {
  const code = '"); process.exit(1); ("';
  expect(matchInTime('b', code)).toBe('not found');
  expect(matchInTime(`[${code}]`, 'b')).toBe('not found');
});
