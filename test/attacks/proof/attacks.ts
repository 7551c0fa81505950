/**
 * `npm run attacks`: every attack against the product as it is. `-- --prove [name…]`: each once more, without the defence it stands
 * on; the last line is `N proved, N not proved`. `-- --table` writes docs/explanation/attacks.md.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runProgram } from '../../runner/run-program.ts';
import { failed, PASSED, sum } from '../../runner/tally.ts';
import { TALLY_FILE } from '../../runner/tally-reporter.ts';
import { allAttacks, fileOf, type NamedAttack, ROOT } from './attack.ts';
import { prove } from './prove.ts';
import { page, TABLE } from './table.ts';

const USAGE = `usage: npm run attacks -- [--prove | --table] [name…]
  --prove    take each attack's defence out, and demand that it succeeds
  --table    write ${TABLE}`;
/** Milliseconds. */
const LIMIT = 15 * 60_000;

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { prove: { type: 'boolean', default: false }, table: { type: 'boolean', default: false } },
  });
  const attacks = named(positionals);
  if (values.table) writeFileSync(join(ROOT, TABLE), page(allAttacks()));
  else if (values.prove) await proveAll(attacks);
  else await attackAll(attacks);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exitCode = 3;
}

function named(names: readonly string[]): readonly NamedAttack[] {
  const all = allAttacks();
  const unknown = names.filter((name) => !all.some((attack) => attack.name === name));
  if (unknown.length > 0) throw new Error(`there is no attack ${unknown.join(', ')}`);
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

async function attackAll(attacks: readonly NamedAttack[]): Promise<void> {
  const vitest = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--project', 'attacks'];
  const { ok } = await runProgram([...vitest, ...attacks.map(({ name }) => fileOf(name))], {
    limit: LIMIT,
    show: true,
  });
  process.exitCode = ok ? 0 : 1;
}

async function proveAll(attacks: readonly NamedAttack[]): Promise<void> {
  const tallies = (await prove(attacks)).map(({ name, verdict }) => {
    if (verdict.proved) return PASSED;
    console.log(`${name} is not proved: ${verdict.why}`);
    return failed({ what: `the proof of ${name}`, why: verdict.why });
  });
  const total = sum(tallies);
  console.log(`${total.passed} proved, ${total.failed.length} not proved`);
  const file = process.env[TALLY_FILE];
  if (file !== undefined) writeFileSync(file, JSON.stringify(total));
  process.exitCode = total.failed.length > 0 ? 1 : 0;
}
