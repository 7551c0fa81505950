/** Runs attacks against the product, and then without their defences: all in one vitest, each in a process of its own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { startVitest, type TestModule } from 'vitest/node';
import { fileOf, type NamedAttack, ROOT, takeOut } from './attack.ts';
import { WITHOUT_DEFENCE } from './environment.ts';
import { judge, type Run, type Verdict } from './verdict.ts';

export type Proof = { readonly name: string; readonly verdict: Verdict };

export async function prove(attacks: readonly NamedAttack[]): Promise<readonly Proof[]> {
  const problems = new Map(attacks.map((attack) => [attack.name, whyNoProof(attack)]));
  const ready = attacks.filter(({ name }) => problems.get(name) === null);
  // each process loads the product anew: what is compiled is kept for the next, by a digest of its source
  const compiled = mkdtempSync(join(tmpdir(), 'boxreeve-compiled-'));
  process.env.NODE_COMPILE_CACHE = compiled;
  const asTheyAre = await run(ready, 'default');
  process.env[WITHOUT_DEFENCE] = '1';
  // that tests fail is what is wanted here: nothing of it is shown
  const without = await run(ready, {});
  rmSync(compiled, { recursive: true, force: true });
  return attacks.map(({ name }) => ({
    name,
    verdict: verdictOf(problems.get(name) ?? null, asTheyAre.get(name), without.get(name)),
  }));
}

function verdictOf(problem: string | null, asItIs: Run | undefined, without: Run | undefined): Verdict {
  if (problem !== null) return { proved: false, why: problem };
  if (asItIs === undefined || without === undefined) return { proved: false, why: 'vitest did not run it' };
  return judge(asItIs, without);
}

/** A defence that is not where the attack says; null if it is. */
function whyNoProof({ defence }: NamedAttack): string | null {
  try {
    for (const { file } of defence) takeOut(readFileSync(join(ROOT, file), 'utf8'), file, defence);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** By the attack's name. */
async function run(attacks: readonly NamedAttack[], reporter: 'default' | object): Promise<Map<string, Run>> {
  if (attacks.length === 0) return new Map();
  const files = attacks.map(({ name }) => join(ROOT, fileOf(name)));
  const options = { root: ROOT, project: ['attacks'], watch: false, reporters: [reporter] };
  const vitest = await startVitest('test', files, options);
  const runs = vitest.state.getTestModules().map((module) => [nameOf(module), runOf(module)] as const);
  await vitest.close();
  // vitest sets it when a test fails; what that means is judged here
  process.exitCode = 0;
  return new Map(runs);
}

function nameOf(module: TestModule): string {
  return basename(module.moduleId, '.test.ts');
}

function runOf(module: TestModule): Run {
  const suites = [...module.children.allSuites()].flatMap((suite) => suite.errors());
  return {
    outside: [...module.errors(), ...suites].map(({ message }) => message),
    tests: [...module.children.allTests()].map((test) => ({
      test: test.name,
      state: test.result().state,
      errors: (test.result().errors ?? []).map(({ name, message }) => ({ name: name ?? 'Error', message })),
    })),
  };
}
