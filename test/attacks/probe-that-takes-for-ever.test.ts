import { expect, it } from 'vitest';
import { matchInTime } from '../../reconciler/apply/match-in-time.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'guest',
  does: 'prints a text on which the expression of a probe goes through more ways than anyone can wait for',
  holds: 'the host gives up on it, and goes on',
  defence: [{ file: 'reconciler/apply/match-in-time.ts', take: '{ timeout: limit }', leave: '{}' }],
};

it(ATTACK.holds, () => {
  // long enough for the limit given here, and short enough to come to an end without it
  expect(matchInTime('^(a+)+$', `${'a'.repeat(27)}!`, 20)).toBe('took too long');
});
