/** Steps that are projects of vitest.config.ts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesThatNeedGuests, whyNoGuests } from './guests.ts';
import { runProgram } from './run-program.ts';
import type { Step } from './step.ts';
import { type Finding, failed, parseTally, skipped, sum, type Tally } from './tally.ts';
import { TALLY_FILE } from './tally-reporter.ts';

export type Project = {
  readonly name: string;
  readonly about: string;
  readonly folder: string;
  /** Milliseconds. */
  readonly limit: number;
  /** A line for each file, or for each test where these take long. */
  readonly progress: 'default' | 'verbose';
};

export function vitestStep(project: Project): Step {
  return { name: project.name, about: project.about, run: () => run(project) };
}

async function run(project: Project): Promise<Tally> {
  const needy = filesThatNeedGuests(project.folder);
  const why = needy.length > 0 ? await whyNoGuests() : null;
  if (why === null) return await runVitest(project, []);
  const untested = cannotTest(needy, why);
  const others = await runVitest(project, needy);
  return sum([others, untested]);
}

/** For a person it is a skip that is hard to miss; in CI, where nobody looks, what cannot be tested has failed. */
function cannotTest(files: readonly string[], why: string): Tally {
  const bar = '!'.repeat(100);
  process.stdout.write(
    `${bar}\n${why}\nNOT TESTED HERE:\n${files.map((file) => `  ${file}\n`).join('')}${bar}\n`,
  );
  const findings = files.map((what) => ({ what, why: 'real guests cannot run on this machine' }));
  return process.env.CI ? failed(...findings) : skipped(...findings);
}

async function runVitest(project: Project, without: readonly string[]): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'boxreeve-tally-'));
  const file = join(folder, 'tally.json');
  try {
    const ending = await runProgram(
      [
        process.execPath,
        'node_modules/vitest/vitest.mjs',
        'run',
        ...['--project', project.name],
        ...[`--reporter=${project.progress}`, '--reporter=./test/runner/tally-reporter.ts'],
        ...(without.length > 0 ? ['--passWithNoTests'] : []),
        ...without.flatMap((path) => ['--exclude', path]),
      ],
      { limit: project.limit, show: true, env: { [TALLY_FILE]: file } },
    );
    const why = ending.overran
      ? `took longer than ${project.limit / 60_000} minutes and was ended`
      : 'vitest failed; what it said stands above';
    return settled(ending.ok, readTally(file), { what: project.name, why });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** vitest's exit status has the last word: it also fails for what no test shows. */
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
