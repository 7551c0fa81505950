/** A reporter for vitest that counts, and keeps the reasons why tests were skipped; vitest's own show what happens. */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { FAILED, NOTHING, PASSED, sum, type Tally } from './tally.ts';

/** Environment variable with the file that the tally goes to. */
export const TALLY_FILE = 'BOXREEVE_TALLY_FILE';

export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const file = process.env[TALLY_FILE];
    if (file === undefined) throw new Error(`${TALLY_FILE} does not say where the tally goes`);
    const tallies = [...modules.map(tallyOf), ...unhandled.map(() => FAILED)];
    writeFileSync(file, JSON.stringify(sum(tallies)));
  }
}

function tallyOf(module: TestModule): Tally {
  const tallies = [...module.children.allTests()].map(tallyOfTest);
  // a file that cannot be loaded, or whose hook fails, has no failed test to show for it
  const failedWhole = module.state() === 'failed' && tallies.every(({ failed }) => failed === 0);
  return sum(failedWhole ? [...tallies, FAILED] : tallies);
}

function tallyOfTest(test: TestCase): Tally {
  const result = test.result();
  if (result.state === 'passed') return PASSED;
  if (result.state === 'failed') return FAILED;
  const why = result.state === 'skipped' ? (result.note ?? 'no reason given') : 'it was not reached';
  return { ...NOTHING, skipped: [{ what: test.fullName, why }] };
}
