/**
 * What one good change costs the Git server in fleets of all sizes, where nothing goes wrong: the table of docs/reference/scale.md, by
 * the simulator. Hosts come to the server as often as their fleet's size lets them.
 */
import { HOUR, MINUTE } from '../../../reconciler/clock.ts';
import { restBetweenReads } from '../../../reconciler/git/pace.ts';
import { random } from '../random.ts';
import { livedThrough } from './rollout.ts';
import { goodStory } from './story.ts';

export const SIZES = [8, 64, 256, 1000, 4000, 10_000];

/** One row, in Markdown. */
export async function curveRow(hosts: number): Promise<string> {
  const rest = Math.max(MINUTE, restBetweenReads(hosts, true));
  const story = goodStory(hosts, [0.9 * rest, 1.1 * rest]);
  const { timeline, server, truth } = await livedThrough(story, random(1), () => undefined);
  const { total, recordsRead } = server.traffic;
  const faults = Object.values(truth.faults).reduce((sum, count) => sum + count, 0);
  if (faults > 0) throw new Error(`${faults} faults in a fleet of ${hosts}, where nothing goes wrong`);
  return row([
    hosts,
    ((timeline.now - story.calm) / HOUR).toFixed(1),
    (total.record / hosts).toFixed(1),
    (total.lease / hosts).toFixed(1),
    server.traffic.peak('pushes'),
    (server.traffic.peak('reads') / 60).toFixed(1),
    Math.round(recordsRead / hosts),
  ]);
}

export const CURVE_HEAD = [
  row([
    'hosts',
    'hours',
    'records a host',
    'pushes for leases a host',
    'pushes, most in a minute',
    'reads a second, most',
    'records of others read, a host',
  ]),
  row(Array.from({ length: 7 }, () => '---:')),
].join('\n');

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}
