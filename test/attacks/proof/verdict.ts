/** What two runs of an attack show, one against the product as it is and one without the defence. Pure. */

export type Verdict = { readonly proved: true } | { readonly proved: false; readonly why: string };

/** One test of the attack, as vitest saw it. */
export type Seen = {
  readonly test: string;
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending';
  readonly errors: readonly { readonly name: string; readonly message: string }[];
};

export type Run = {
  readonly tests: readonly Seen[];
  /** What went wrong outside any test. */
  readonly outside: readonly string[];
};

/**
 * Proved if the attack passes as it is, and fails without its defence, and only by what it asserts: one that breaks in another way
 * (the code cannot be loaded, a command fails, the time is up) shows that something is needed, and not that it defends.
 */
export function judge(asItIs: Run, without: Run): Verdict {
  const problem = problemAsItIs(asItIs) ?? problemWithout(without);
  return problem === null ? { proved: true } : { proved: false, why: problem };
}

function problemAsItIs({ tests, outside }: Run): string | null {
  const wrong = [...outside, ...tests.flatMap(({ errors }) => errors.map(showError))];
  if (wrong.length > 0) return `it succeeds, or breaks, against the product as it is: ${wrong.join('; ')}`;
  return problemOfEither(tests);
}

function problemWithout({ tests, outside }: Run): string | null {
  const errors = tests.flatMap((test) => test.errors);
  const broken = [...outside, ...errors.filter((error) => !isAssertion(error)).map(showError)];
  if (broken.length > 0) return `without its defence it breaks, where it should assert: ${broken.join('; ')}`;
  if (!errors.some(isAssertion)) return 'it passes although its defence is out';
  return problemOfEither(tests);
}

function problemOfEither(tests: readonly Seen[]): string | null {
  if (tests.length === 0) return 'it has no test';
  const idle = tests
    .filter(({ state }) => state === 'skipped' || state === 'pending')
    .map(({ test }) => test);
  return idle.length === 0 ? null : `it is not run: ${idle.join('; ')}`;
}

function isAssertion({ name }: Seen['errors'][number]): boolean {
  return name === 'AssertionError';
}

function showError({ name, message }: Seen['errors'][number]): string {
  return `${name}: ${message}`;
}
