import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('writes-until-stopped.ts', import.meta.url));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-signals-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that writes a file atomically all the time, until its signal is aborted; then it goes on for as long as is said. */
function start(goesOnFor: number) {
  const child = execa(process.execPath, [PROGRAM, join(folder, 'file'), String(goesOnFor)], {
    reject: false,
  });
  const begun = once(child.stdout, 'data');
  return { child, begun };
}

it('a process that is told to stop while it writes a file comes to its own end', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { child, begun } = start(0);
    await begun;
    child.kill(signal);
    expect(await child).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('came to its end') });
  }
});

it('is ended where it stands by a second signal', async () => {
  const { child, begun } = start(60_000);
  await begun;
  child.kill('SIGTERM');
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await child).toMatchObject({ signal: 'SIGTERM' });
});
