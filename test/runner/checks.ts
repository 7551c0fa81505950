/** Steps that are programs: each passes or fails as a whole, and is heard only when it fails. */
import { runProgram } from './run-program.ts';
import type { Step } from './step.ts';
import { failed, PASSED, sum, type Tally } from './tally.ts';

export type Check = { readonly what: string; readonly argv: readonly string[] };

const LIMIT = 5 * 60_000;

export function checks(name: string, about: string, all: readonly Check[]): Step {
  return {
    name,
    about,
    run: async () => {
      const tallies: Tally[] = [];
      for (const check of all) tallies.push(await judge(check));
      return sum(tallies);
    },
  };
}

async function judge({ what, argv }: Check): Promise<Tally> {
  const { ok, output, overran } = await runProgram(argv, {
    limit: LIMIT,
    show: false,
    env: { NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  if (ok) return PASSED;
  const why = overran ? `took longer than ${LIMIT / 60_000} minutes` : 'failed';
  process.stdout.write(`   ${what} ${why}: ${argv.join(' ')}\n${indent(output)}\n`);
  return failed({ what, why: `${why}: ${argv.join(' ')}` });
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '   | ');
}
