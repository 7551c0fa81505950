/** A reporter for vitest that counts, and keeps the reasons why tests were skipped; vitest's own show what happens. */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';
import { failed, PASSED, skipped, sum, type Tally } from './tally.ts';

/** Environment variable with the file that the tally goes to. */
export const TALLY_FILE = 'BOXREEVE_TALLY_FILE';

export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const file = process.env[TALLY_FILE];
    if (file === undefined) throw new Error(`${TALLY_FILE} does not say where the tally goes`);
    const strays = unhandled.map((error) =>
      failed({ what: 'an error outside any test', why: messageOf([error]) }),
    );
    const tallies = [...modules.map(tallyOf), ...strays];
    writeFileSync(file, JSON.stringify(sum(tallies)));
  }
}

function tallyOf(module: TestModule): Tally {
  const tests = [...module.children.allTests()].map(tallyOfTest);
  const all = sum([...tests, ...brokenSuites(module)]);
  if (module.state() !== 'failed' || all.failed.length > 0) return all;
  return sum([all, failed({ what: module.relativeModuleId, why: 'vitest gives no reason' })]);
}

/** A file that cannot be loaded, or whose hook fails, has no failed test to show for it. */
function brokenSuites(module: TestModule): readonly Tally[] {
  const file = module.relativeModuleId;
  const whole = { what: file, errors: module.errors() };
  const suites = [...module.children.allSuites()].map((suite) => ({
    what: `${file} > ${suite.fullName}`,
    errors: suite.errors(),
  }));
  return [whole, ...suites]
    .filter(({ errors }) => errors.length > 0)
    .map(({ what, errors }) => failed({ what, why: messageOf(errors) }));
}

function tallyOfTest(test: TestCase): Tally {
  const result = test.result();
  if (result.state === 'passed') return PASSED;
  const what = `${test.module.relativeModuleId} > ${test.fullName}`;
  if (result.state === 'failed') return failed({ what, why: messageOf(result.errors) });
  if (result.state === 'pending') return skipped({ what, why: 'it was not reached' });
  const why = hasBrokenSuite(test.parent) ? 'what comes before it failed' : 'no reason given';
  return skipped({ what, why: result.note ?? why });
}

function hasBrokenSuite(suite: TestSuite | TestModule): boolean {
  return suite.errors().length > 0 || (suite.type === 'suite' && hasBrokenSuite(suite.parent));
}

function messageOf(errors: readonly unknown[]): string {
  const messages = errors.map((error) =>
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error),
  );
  return messages.join('\n') || 'vitest gives no reason';
}
