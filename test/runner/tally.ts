/** What came of a step: checks and tests are counted alike. */

/** A check or test that did not pass, by name, and the reason in a line or a few. */
export type Finding = { readonly what: string; readonly why: string };

export type Tally = {
  readonly passed: number;
  readonly failed: readonly Finding[];
  readonly skipped: readonly Finding[];
};

const NOTHING: Tally = { passed: 0, failed: [], skipped: [] };
export const PASSED: Tally = { ...NOTHING, passed: 1 };

export function failed(...findings: readonly Finding[]): Tally {
  return { ...NOTHING, failed: findings };
}

export function skipped(...findings: readonly Finding[]): Tally {
  return { ...NOTHING, skipped: findings };
}

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (all, one) => ({
      passed: all.passed + one.passed,
      failed: [...all.failed, ...one.failed],
      skipped: [...all.skipped, ...one.skipped],
    }),
    NOTHING,
  );
}

/** The line that closes a run, and that others read. */
export function showTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
}

/** A tally that came from a file; anything else is no tally. */
export function parseTally(text: string): Tally | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (!('passed' in value && 'failed' in value && 'skipped' in value)) return null;
  const { passed, failed, skipped } = value;
  if (typeof passed !== 'number' || !Array.isArray(failed) || !Array.isArray(skipped)) return null;
  return { passed, failed: failed.map(asFinding), skipped: skipped.map(asFinding) };
}

/** One that cannot be read still counts. */
function asFinding(value: unknown): Finding {
  if (typeof value !== 'object' || value === null || !('what' in value) || !('why' in value))
    return { what: 'without a name', why: JSON.stringify(value) };
  return { what: String(value.what), why: String(value.why) };
}
