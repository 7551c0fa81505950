/**
 * `npm run fuzz`: every parser that meets bytes from outside, 100 000 cases each. fast-check prints the seed of a case that fails,
 * and `--seed` replays it; words after the options are files to run (`npm run fuzz -- --runs 5000 git`).
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { NIGHTLY, RUNS_VARIABLE, SEED_VARIABLE } from './runs.ts';

const USAGE = `usage: npm run fuzz -- [--runs N] [--seed S] [file…]
  --runs N   cases a parser (${NIGHTLY})
  --seed S   the seed that fast-check printed: the same cases once more`;

const asked = readArguments();
if (asked === null) process.exitCode = 2;
else process.exitCode = await runVitest(asked);

type Asked = { readonly runs: number; readonly seed: string; readonly files: readonly string[] };

function readArguments(): Asked | null {
  try {
    const { values, positionals } = parseArgs({
      // a seed may be negative: `--seed -5`
      args: process.argv
        .slice(2)
        .flatMap((word, at, all) =>
          all[at - 1] === '--seed' ? [] : word === '--seed' ? [`--seed=${all[at + 1] ?? ''}`] : [word],
        ),
      options: { runs: { type: 'string', default: String(NIGHTLY) }, seed: { type: 'string' } },
      allowPositionals: true,
    });
    const runs = Number(values.runs);
    if (!Number.isSafeInteger(runs) || runs < 1) throw new Error('--runs takes a whole number from 1 on');
    const seed = values.seed ?? '';
    if (values.seed !== undefined && !/^-?\d{1,10}$/.test(seed))
      throw new Error('--seed takes a whole number');
    return { runs, seed, files: positionals };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return null;
  }
}

function runVitest({ runs, seed, files }: Asked): Promise<number> {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'fuzz', '--reporter=verbose', ...files];
  const env = { ...process.env, [RUNS_VARIABLE]: String(runs), [SEED_VARIABLE]: seed };
  const child = spawn(process.execPath, args, {
    cwd: new URL('../..', import.meta.url),
    env,
    stdio: 'inherit',
  });
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}
