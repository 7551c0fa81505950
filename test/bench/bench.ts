/**
 * `npm run bench -- [--json] [group]`: every budget of DESIGN §8 that this version has something to show for, each as a
 * ratio to the real alternative measured in the same run.
 */
import { boxesGroup } from './boxes.ts';
import { daemonGroup } from './daemon.ts';
import type { Result } from './measure.ts';
import { recordGroup } from './record.ts';
import { recordsAtOnce, scaleGroup } from './scale.ts';
import { trustGroup } from './trust.ts';

const GROUPS: Readonly<Record<string, () => Promise<readonly Result[]>>> = {
  boxes: boxesGroup,
  daemon: daemonGroup,
  record: async () => [...(await recordGroup()), ...(await recordsAtOnce())],
  scale: scaleGroup,
  trust: trustGroup,
};

const words = process.argv.slice(2);
const json = words.includes('--json');
const asked = words.filter((word) => !word.startsWith('--'));
const unknown = asked.filter((name) => !(name in GROUPS));
if (unknown.length > 0) {
  process.stderr.write(
    `no benchmark group ${unknown.join(', ')}; there is ${Object.keys(GROUPS).join(', ')}\n`,
  );
  process.exit(3);
}

/** By name: some are part of two groups. */
const measured = new Map<string, Result>();
for (const name of asked.length > 0 ? asked : Object.keys(GROUPS))
  for (const result of (await GROUPS[name]?.()) ?? []) measured.set(result.name, result);
const results = [...measured.values()];
process.stdout.write(
  json
    ? `${JSON.stringify({ results: results.map(({ also, ...row }) => ({ ...row, ...also })) }, null, 2)}\n`
    : table(results),
);

function table(rows: readonly Result[]): string {
  const lines = rows.map((row) => [
    row.name,
    row.ratio.toFixed(4),
    `${row.ours.toFixed(1)} ${row.unit}`,
    `${row.theirs.toFixed(1)} ${row.unit}`,
    `${row.withinBudget ? 'within' : 'OVER'} ${row.budget}`,
    [row.what, ...Object.entries(row.also ?? {}).map(([name, value]) => `${name} ${value.toFixed(2)}`)].join(
      '; ',
    ),
  ]);
  const all = [['name', 'ratio', 'ours', 'theirs', 'budget', 'what'], ...lines];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
  return `${all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`;
}
