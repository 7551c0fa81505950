/** What came of a step: checks and tests are counted alike. */

export type Skip = { readonly what: string; readonly why: string };

export type Tally = { readonly passed: number; readonly failed: number; readonly skipped: readonly Skip[] };

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: [] };
export const PASSED: Tally = { ...NOTHING, passed: 1 };
export const FAILED: Tally = { ...NOTHING, failed: 1 };

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (all, one) => ({
      passed: all.passed + one.passed,
      failed: all.failed + one.failed,
      skipped: [...all.skipped, ...one.skipped],
    }),
    NOTHING,
  );
}

/** The line that closes a run, and that others read. */
export function showTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
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
  if (typeof passed !== 'number' || typeof failed !== 'number' || !Array.isArray(skipped)) return null;
  return { passed, failed, skipped: skipped.flatMap(asSkip) };
}

function asSkip(value: unknown): Skip[] {
  if (typeof value !== 'object' || value === null || !('what' in value) || !('why' in value)) return [];
  return [{ what: String(value.what), why: String(value.why) }];
}
