/** What a run does when its window closes while it is at work. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../../reconciler/clock.ts';
import type { HostSpec } from '../../../reconciler/desired/spec.ts';
import { type Report, reconcile } from '../../../reconciler/reconcile.ts';
import { box, guest, host, observation, observed } from '../plan/builders.ts';
import { newProcess, newWorld, type World } from './model-world.ts';

const FIRST = 'a'.repeat(40);
const SECOND = 'b'.repeat(40);
/** In the window of builders.ts, two hours before it closes. */
const LATE_AT_NIGHT = Date.parse('2026-01-15T02:00:00Z');

let world: World;
/** How long each kind of action lasts; a millisecond if not named. */
let lasts: Record<string, number>;

beforeEach(() => {
  world = newWorld();
  lasts = {};
});
afterEach(() => world.dispose());

async function run(): Promise<Report> {
  const { host: ports } = newProcess(world, 0);
  const apply: typeof ports.apply = async (actions, attempt, signal) => {
    const outcomes = await ports.apply(actions, attempt, signal);
    for (const { kind } of actions) world.now += lasts[kind] ?? 0;
    return outcomes.map((outcome) => ({ ...outcome, durationMs: lasts[outcome.action.kind] ?? 1 }));
  };
  return reconcile(
    { ...ports, apply },
    { trigger: 'poll', forceWindow: false, holdDrain: true, signal: new AbortController().signal },
  );
}

async function begin(first: HostSpec, second: HostSpec): Promise<void> {
  world.seen = observation({ guests: first.guests.map(({ name }) => observed({ name })) });
  world.specs.set(FIRST, first);
  world.specs.set(SECOND, second);
  world.tip = FIRST;
  await run();
  world.tip = SECOND;
  world.now = LATE_AT_NIGHT;
}

const versions = () => world.seen.guests.map(({ builtFrom }) => builtFrom?.spec.box.version);
const next = box('2022.2.24');

it('does not begin what disturbs when a fetch went past the end of the window, and does so in the next', async () => {
  await begin(host([guest()]), host([guest({ box: next })]));
  lasts = { 'fetch-box': 3 * HOUR };
  const report = await run();
  expect(report.outcomes.map(({ action }) => action.kind)).toEqual(['fetch-box', 'add-box']);
  expect(report.pending).toMatchObject([
    { action: { kind: 'rebuild-guest' }, gates: [{ kind: 'window' }] },
    { action: { kind: 'remove-box' }, gates: [{ kind: 'window' }] },
  ]);
  expect(versions()).toEqual(['2022.2.17']);
  world.now = Date.parse('2026-01-15T19:00:00Z');
  await run();
  expect(versions()).toEqual(['2022.2.24']);
});

it('finishes a build that the window closes on, and leaves the next guest for the next window', async () => {
  const guests = [guest({ name: 'a' }), guest({ name: 'b' })];
  const changed = [guest({ name: 'a', box: next }), guest({ name: 'b', box: next })];
  await begin(host(guests), host(changed));
  lasts = { 'rebuild-guest': 3 * HOUR };
  const { pending } = await run();
  expect(versions()).toEqual(['2022.2.24', '2022.2.17']);
  expect(pending.map(({ action }) => action.id)).toContain('rebuild-guest b');
});

it('learns how long a build lasts, and does not begin one that would not fit any more', async () => {
  await begin(host([guest()]), host([guest({ box: next })]));
  lasts = { 'rebuild-guest': 90 * MINUTE };
  await run();
  expect(world.memory.guests['azure-agent']?.tookMs?.at(-1)).toBe(90 * MINUTE);
  world.specs.set('c'.repeat(40), host([guest({ box: box('2022.3.1') })]));
  world.tip = 'c'.repeat(40);
  world.now = Date.parse('2026-01-16T03:00:00Z');
  const { pending } = await run();
  expect(pending.find(({ action }) => action.kind === 'rebuild-guest')?.gates).toMatchObject([
    { kind: 'window', detail: expect.stringContaining('too soon for what took 1 h 30 min before') },
  ]);
  world.now = Date.parse('2026-01-16T19:00:00Z');
  await run();
  expect(versions()).toEqual(['2022.3.1']);
});
