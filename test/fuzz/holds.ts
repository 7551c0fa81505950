/** One property of a parser, tried as often as runs.ts says; and what holds of every parser. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { RUNS, SEED } from './runs.ts';

/** Fails with the seed that replays it: `npm run fuzz -- --seed S`. */
export async function holds<T>(
  cases: fc.Arbitrary<T>,
  property: (value: T) => Promise<void> | void,
): Promise<void> {
  const checked = fc.asyncProperty(cases, async (value) => {
    await property(value);
    expectNoPollution();
  });
  await fc.assert(checked, { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: SEED }) });
}

const OF_OBJECTS = namesOf();

function namesOf(): string {
  return [Object.prototype, Array.prototype, Function.prototype, String.prototype]
    .map((prototype) => Object.getOwnPropertyNames(prototype).join())
    .join(';');
}

/** What is read into one object must not appear in all of them. */
function expectNoPollution(): void {
  if (namesOf() === OF_OBJECTS) return;
  throw new Error('a prototype that all objects share was changed');
}

/** Nothing that begins a line of its own, or that a terminal takes for an order. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const BREAKS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

export function expectOneLine(text: string): void {
  if (BREAKS.test(text)) expect(text).not.toMatch(BREAKS);
}

/** Every object is a plain one, whatever its keys are called. */
export function expectPlain(value: unknown): void {
  const waiting = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    const prototype: unknown = Object.getPrototypeOf(next);
    if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null)
      throw new Error('an object got a prototype that it was read with');
    for (const inner of Object.values(next)) waiting.push(inner);
  }
}

/** What is thrown, if anything is. */
export async function thrownBy(act: () => unknown): Promise<unknown> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return error ?? new Error('nothing was thrown, with throw');
  }
}
