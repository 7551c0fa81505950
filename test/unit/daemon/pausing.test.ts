/** Pauses of a host and of its guests, over a host in memory: what is remembered, recorded, and held by it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR, iso } from '../../../reconciler/clock.ts';
import { pauseHost, resumeHost } from '../../../reconciler/daemon/pausing.ts';
import { type Report, reconcile } from '../../../reconciler/reconcile.ts';
import { buildStatus } from '../../../reconciler/report/build-status.ts';
import { showStatus } from '../../../reconciler/report/status.ts';
import { box, guest, host } from '../plan/builders.ts';
import { newProcess, newWorld, type World } from '../reconcile/model-world.ts';

const [FIRST, NEXT] = ['a'.repeat(40), 'b'.repeat(40)];
const REQUEST = {
  trigger: 'poll',
  forceWindow: false,
  holdDrain: true,
  signal: new AbortController().signal,
} as const;
const calm = { window: null };
let world: World;

beforeEach(async () => {
  world = newWorld();
  world.tip = FIRST;
  world.specs.set(FIRST, host([guest(calm)], calm));
  world.specs.set(NEXT, host([guest({ ...calm, box: box('2022.2.24') })], calm));
  await run();
});
afterEach(() => world.dispose());

const ports = () => newProcess(world, 0).host;
const run = () => reconcile(ports(), REQUEST);
const ids = ({ outcomes }: Report) => outcomes.map(({ action }) => action.id);
const heldBy = ({ pending }: Report) => pending.flatMap(({ gates }) => gates.map(({ detail }) => detail));
const pause = { reason: 'a job is debugged', until: null };

describe('a pause of one guest', () => {
  it('holds its change until it is resumed, and both are on record', async () => {
    await pauseHost(ports(), { ...pause, guest: 'azure-agent' });
    world.tip = NEXT;
    expect(heldBy(await run())).toContain(
      'azure-agent is paused until `boxreeve resume --guest azure-agent`: a job is debugged',
    );
    expect(await resumeHost(ports(), 'azure-agent')).toBe(true);
    expect(ids(await run())).toContain('rebuild-guest azure-agent');
    const said = world.chain.map(({ kind, summary }) => `${kind} ${summary}`);
    expect(said).toContain('paused paused: azure-agent: a job is debugged (until resumed)');
    expect(said).toContainEqual(
      expect.stringMatching(/^resumed resumed: azure-agent was paused since .*: a job/),
    );
  });

  it('ends by itself at its time', async () => {
    await pauseHost(ports(), { reason: 'r', until: iso(world.now + HOUR), guest: 'azure-agent' });
    world.tip = NEXT;
    expect(ids(await run())).not.toContain('rebuild-guest azure-agent');
    world.now += HOUR;
    expect(ids(await run())).toContain('rebuild-guest azure-agent');
  });

  it('is told in the status, with the holds of the commit, as long as they are in force', async () => {
    const until = world.now + HOUR;
    const hold = { guest: null, reason: 'release week', until, place: 'desired-state/fleet.yaml:12:5' };
    world.specs.set(NEXT, host([guest(calm)], { ...calm, holds: [hold] }));
    world.tip = NEXT;
    await pauseHost(ports(), { ...pause, guest: 'azure-agent' });
    const shown = async () => {
      const report = await run();
      const [now, memory] = [world.now, world.memory];
      const facts = { host: 'builder1', now, report, memory, desired: null, lastRecord: null };
      return showStatus(buildStatus({ ...facts, unpushed: 0, auditProblem: null }));
    };
    const both = await shown();
    expect(both).toContain('  hold         azure-agent: a job is debugged (until resumed)\n');
    expect(both).toContain(
      `  hold         release week (until ${iso(until)}, desired-state/fleet.yaml:12:5)\n`,
    );
    world.now = until;
    expect(await shown()).not.toContain('release week');
  });

  it('of a guest that the host does not have is refused, and nothing is paused', async () => {
    await expect(pauseHost(ports(), { ...pause, guest: 'azure-agnet' })).rejects.toThrow(
      'this host has no guest "azure-agnet" (it has azure-agent)',
    );
    expect(world.memory.pausedGuests).toBe(undefined);
  });

  it('of a guest that is asked for and not built yet is one', async () => {
    world.memory = { ...world.memory, guests: {} };
    await pauseHost(ports(), { ...pause, guest: 'azure-agent' });
    expect(Object.keys(world.memory.pausedGuests ?? {})).toEqual(['azure-agent']);
  });

  it('is none of the host: that is resumed by itself', async () => {
    await pauseHost(ports(), { ...pause, guest: 'azure-agent' });
    expect(await resumeHost(ports(), null)).toBe(false);
    expect(await resumeHost(ports(), 'docs-agent')).toBe(false);
    await pauseHost(ports(), { ...pause, guest: null });
    expect(await resumeHost(ports(), null)).toBe(true);
    expect(world.memory.pause).toBe(null);
    expect(Object.keys(world.memory.pausedGuests ?? {})).toEqual(['azure-agent']);
  });

  it('leaves pauses that are over behind when another begins', async () => {
    await pauseHost(ports(), { reason: 'r', until: iso(world.now + HOUR), guest: 'azure-agent' });
    world.now += HOUR;
    world.specs.set(FIRST, host([guest(calm), guest({ ...calm, name: 'docs-agent' })], calm));
    await pauseHost(ports(), { ...pause, guest: 'docs-agent' });
    expect(Object.keys(world.memory.pausedGuests ?? {})).toEqual(['docs-agent']);
  });
});
