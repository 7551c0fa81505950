/**
 * `npm test`, or `npm test -- lint unit` for a part: every step in order, also after one that failed. The last line is
 * `N passed, N failed, N skipped`, and the exit code 1 if anything failed.
 */
import { STEPS } from './runner/steps.ts';
import { type Finding, showTally, sum, type Tally } from './runner/tally.ts';

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `no step ${unknown.join(', ')}; there is ${STEPS.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(3);
}
const steps = asked.length === 0 ? STEPS : STEPS.filter(({ name }) => asked.includes(name));

let stopped = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopped = true;
  });
}

const tallies: Tally[] = [];
const began = performance.now();
for (const [at, step] of steps.entries()) {
  if (stopped) break;
  process.stdout.write(`\n[${at + 1}/${steps.length}] ${step.name}: ${step.about}\n`);
  const start = performance.now();
  const tally = await step.run();
  tallies.push(tally);
  process.stdout.write(
    `   ${tally.failed.length > 0 ? 'FAILED' : 'ok'}: ${showTally(tally)}, ${seconds(start)}\n`,
  );
}

const total = sum(tallies);
list('skipped, and so not known to work here:', total.skipped);
list('failed:', total.failed);
if (stopped) process.stdout.write('\nstopped before the end\n');
process.stdout.write(`\n${seconds(began)} in all\n${showTally(total)}\n`);
process.exitCode = total.failed.length > 0 || stopped ? 1 : 0;

/** Once more, since what was printed when it happened is far above. */
function list(title: string, findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  process.stdout.write(`\n${title}\n`);
  for (const { what, why } of findings)
    process.stdout.write(`  ${what}\n${why.replaceAll(/^/gm, '      ')}\n`);
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
