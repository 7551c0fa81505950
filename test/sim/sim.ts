/**
 * `npm run sim`: the real reconcile in virtual time, over many seeds. The last line has the totals; a seed that went wrong is named
 * with the command that replays it, and `--seed` tells everything that happened in one.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { random } from './random.ts';
import { SCENARIOS } from './scenarios.ts';
import { isClean, NOTHING, showTotals, sum, type Totals } from './totals.ts';
import type { Result } from './worker.ts';

const USAGE = `usage: npm run sim -- [--seeds N] [--seed S] [--scenario ${Object.keys(SCENARIOS).join('|')}]
  --seeds N     run seeds 1 to N (300)
  --curve       what one good change costs the Git server, in fleets of 8 to 10 000 hosts
  --seed S      run this seed alone, and tell everything that happens in it; with --seeds, the first of them`;

const asked = readArguments();
if (asked === null) process.exitCode = 2;
else if (asked.curve) await printCurve();
else process.exitCode = isClean(await run(asked)) ? 0 : 1;

type Asked = {
  readonly first: number;
  readonly count: number;
  readonly name: string;
  readonly tell: boolean;
  readonly curve: boolean;
};

function readArguments(): Asked | null {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string' },
        curve: { type: 'boolean', default: false },
        scenario: { type: 'string', default: 'idle' },
      },
    });
    const [first, count] = [Number(values.seed ?? 1), Number(values.seeds ?? (values.seed ? 1 : 300))];
    if (![first, count].every((number) => Number.isSafeInteger(number) && number > 0))
      throw new Error('--seeds and --seed take whole numbers from 1 on');
    if (!Object.hasOwn(SCENARIOS, values.scenario)) throw new Error(`no scenario ${values.scenario}`);
    return {
      first,
      count,
      name: values.scenario,
      curve: values.curve,
      tell: values.seed !== undefined && values.seeds === undefined,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return null;
  }
}

async function printCurve(): Promise<void> {
  const { CURVE_HEAD, curveRow, SIZES } = await import('./rollout/curve.ts');
  console.log(CURVE_HEAD);
  for (const hosts of SIZES) console.log(await curveRow(hosts));
}

async function run({ first, count, name, tell }: Asked): Promise<Totals> {
  const scenario = SCENARIOS[name];
  const found =
    tell && scenario !== undefined
      ? await scenario(random(first), (line) => console.log(line))
      : await runAll(first, count, name);
  console.log(showTotals(count, found));
  return found;
}

/** One worker a core, each given the next seed when it is done with one. */
async function runAll(first: number, count: number, name: string): Promise<Totals> {
  let [next, totals] = [first, NOTHING];
  const work = async () => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { name } });
    try {
      while (next < first + count) {
        const result = await ask(worker, next++);
        totals = sum(totals, result.totals);
        if (!isClean(result.totals)) complain(result, name);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, availableParallelism()) }, work));
  return totals;
}

function ask(worker: Worker, seed: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    worker.once('message', (result: Result) => {
      worker.off('error', reject);
      resolve(result);
    });
    worker.once('error', reject);
    worker.postMessage(seed);
  });
}

function complain({ seed, trace }: Result, name: string): void {
  console.log(`seed ${seed} went wrong; npm run sim -- --scenario ${name} --seed ${seed} tells all of it`);
  for (const line of trace.slice(0, 5)) console.log(`  ${line}`);
}
