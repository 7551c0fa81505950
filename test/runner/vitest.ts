/** Steps that are projects of vitest.config.ts. */
import { filesThatNeedGuests, whyNoGuests } from './guests.ts';
import type { Step } from './step.ts';
import { failed, skipped, sum, type Tally } from './tally.ts';
import { runTallied } from './tally-step.ts';

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
  return runTallied({
    name: project.name,
    argv: [
      process.execPath,
      'node_modules/vitest/vitest.mjs',
      'run',
      ...['--project', project.name],
      ...[`--reporter=${project.progress}`, '--reporter=./test/runner/tally-reporter.ts'],
      ...(without.length > 0 ? ['--passWithNoTests'] : []),
      ...without.flatMap((path) => ['--exclude', path]),
    ],
    limit: project.limit,
  });
}
