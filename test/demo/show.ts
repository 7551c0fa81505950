/** How the demo talks: short lines, colour on a terminal only. */

const color = process.stdout.isTTY === true && !process.env.NO_COLOR;
const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
const began = performance.now();
let steps = 0;

export function banner(text: string): void {
  process.stdout.write(`\n${paint(1, text)}\n`);
}

export function step(text: string): void {
  steps += 1;
  process.stdout.write(`\n${paint(36, `${steps}. ${text}`)}\n`);
}

export function detail(text: string): void {
  process.stdout.write(`   ${text}\n`);
}

export function indented(text: string): void {
  for (const line of text.trimEnd().split('\n'))
    process.stdout.write(paint(2, `   | ${line.trimEnd()}`).trimEnd().concat('\n'));
}

export function fail(error: unknown): void {
  process.stdout.write(
    `\n${paint(31, `the demo failed: ${error instanceof Error ? error.message : String(error)}`)}\n`,
  );
}

/** Says what is under way, and for how long; on a terminal with a clock that runs. */
export async function under<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(0)} s`;
  const timer = process.stdout.isTTY
    ? setInterval(() => process.stdout.write(`\r   ${what} … ${seconds()}`), 500)
    : null;
  try {
    return await work();
  } finally {
    if (timer !== null) clearInterval(timer);
    const total = `${((performance.now() - began) / 1000).toFixed(0)} s in all`;
    process.stdout.write(`${timer === null ? '' : '\r'}   ${what}: ${seconds()} (${total})\n`);
  }
}
