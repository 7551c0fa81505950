/** How often each property of a parser is tried, and from which seed: the one place that says so. */

/** Cases a parser in `npm test`. */
const IN_NPM_TEST = 2000;
/** Cases a parser in `npm run fuzz`. */
export const NIGHTLY = 100_000;

export const RUNS_VARIABLE = 'BOXREEVE_FUZZ_RUNS';
export const SEED_VARIABLE = 'BOXREEVE_FUZZ_SEED';

/** Cases a parser. */
export const RUNS = numberIn(RUNS_VARIABLE) ?? IN_NPM_TEST;

/** `npm test` has the same cases each time: what it finds is of the change at hand. New ones are the nightly run's to find. */
const SEED_IN_NPM_TEST = 20261124;

/** undefined: another one at each run; fast-check prints it when a case fails. */
export const SEED =
  numberIn(SEED_VARIABLE) ?? (process.env[RUNS_VARIABLE] === undefined ? SEED_IN_NPM_TEST : undefined);

/** A parser that hangs must end the run some day; far above what the slowest takes. Milliseconds. */
export const LIMIT = 120_000 + RUNS * 30;

function numberIn(variable: string): number | undefined {
  const text = process.env[variable] ?? '';
  if (text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`${variable} must be a whole number, not ${text}`);
  return value;
}
