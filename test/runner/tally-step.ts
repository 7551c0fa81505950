/** Steps that are programs which count for themselves, and leave their tally in a file. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';
import type { Step } from './step.ts';
import { type Finding, failed, parseTally, sum, type Tally } from './tally.ts';
import { TALLY_FILE } from './tally-reporter.ts';

export type Tallied = {
  readonly name: string;
  readonly argv: readonly string[];
  /** Milliseconds. */
  readonly limit: number;
};

export function tallyStep(step: Tallied & { readonly about: string }): Step {
  return { name: step.name, about: step.about, run: () => runTallied(step) };
}

export async function runTallied({ name, argv, limit }: Tallied): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'boxreeve-tally-'));
  const file = join(folder, 'tally.json');
  try {
    const ending = await runProgram(argv, { limit, show: true, env: { [TALLY_FILE]: file } });
    const why = ending.overran
      ? `took longer than ${limit / 60_000} minutes and was ended`
      : 'it failed; what it said stands above';
    return settled(ending.ok, readTally(file), { what: name, why });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The exit status has the last word: it also fails for what no test shows. */
function settled(ok: boolean, tally: Tally | null, whole: Finding): Tally {
  if (tally === null) return failed(whole);
  return ok || tally.failed.length > 0 ? tally : sum([tally, failed(whole)]);
}

function readTally(file: string): Tally | null {
  try {
    return parseTally(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
