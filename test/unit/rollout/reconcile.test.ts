/** Roll-outs over the real reconcile: several hosts in memory that know of each other by their records alone. */
import { afterEach, describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../../reconciler/clock.ts';
import type { GuestSpec, RolloutSpec } from '../../../reconciler/desired/spec.ts';
import { box, guest } from '../plan/builders.ts';
import { Fleet } from './model-fleet.ts';

const [FIRST, SECOND, THIRD] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)];
const PROBES = [{ name: 'agent', run: 'true', expect: null }];
const OLD = guest({ probes: PROBES });
const NEW = guest({ probes: PROBES, box: box('2022.2.24') });
const FIX = guest({ probes: PROBES, box: box('2022.2.25') });
const CANARY: Partial<RolloutSpec> = {
  waves: [{ hosts: { by: 'label', label: 'canary' }, soak: 2 * HOUR }],
};

let fleet = new Fleet({});
afterEach(() => fleet.dispose());

/** All hosts are as of the first commit, and the second one has come. */
async function releaseSecond(rollout: Partial<RolloutSpec> = CANARY, change: GuestSpec = NEW): Promise<void> {
  fleet = new Fleet({ canary1: ['canary'], builder1: [], builder2: [] });
  fleet.release(FIRST, [OLD], null);
  await fleet.tick(MINUTE);
  fleet.release(SECOND, [change], rollout);
}

const are = () => [...fleet.worlds.keys()].map((name) => fleet.is(name));
const old = OLD.fingerprint;
const changed = NEW.fingerprint;

describe('waves', () => {
  it('take a change one after the other, each when the one before has soaked', async () => {
    await releaseSecond();
    await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, old, old]);
    await fleet.tick(HOUR);
    await fleet.tick(HOUR - MINUTE);
    expect(are()).toEqual([changed, old, old]);
    await fleet.tick(2 * MINUTE);
    expect(are()).toEqual([changed, changed, changed]);
  });

  it('are told by the plan, which changes nothing', async () => {
    await releaseSecond();
    await fleet.tick(MINUTE);
    fleet.now += HOUR;
    const { memory, chain } = fleet.world('builder1');
    const records = chain.length;
    const { pending } = await fleet.plan('builder1');
    const gates = pending.find(({ action }) => action.kind === 'rebuild-guest')?.gates;
    expect(gates).toEqual([
      { kind: 'wave', wave: 1, detail: 'waiting for wave 1: canary1 healthy 1 h of 2 h' },
    ]);
    expect(fleet.world('builder1').memory).toBe(memory);
    expect(chain).toHaveLength(records);
  });

  it('have the box there before it is needed', async () => {
    await releaseSecond();
    await fleet.tick(MINUTE);
    expect(fleet.world('builder1').seen.boxes.map(({ version }) => version)).toContain('2022.2.24');
    expect(fleet.is('builder1')).toBe(old);
  });

  it('are waited for with one record, however long that takes', async () => {
    await releaseSecond();
    await fleet.tick(MINUTE);
    await fleet.tick(MINUTE);
    const told = fleet.records('builder1').length;
    for (let minute = 0; minute < 30; minute += 1) await fleet.tick(MINUTE);
    expect(fleet.records('builder1')).toHaveLength(told);
    expect(fleet.world('builder1').chain.at(-1)?.gates).toMatchObject([{ kind: 'wave', wave: 1 }]);
  });

  it('check in when their soak is over, and not again after that', async () => {
    await releaseSecond();
    await fleet.tick(MINUTE);
    const built = fleet.records('canary1').length;
    await fleet.tick(HOUR);
    expect(fleet.records('canary1')).toHaveLength(built);
    await fleet.tick(HOUR + MINUTE);
    expect(fleet.records('canary1')).toHaveLength(built + 1);
    for (let hour = 0; hour < 5; hour += 1) await fleet.tick(HOUR);
    expect(fleet.records('canary1')).toHaveLength(built + 1);
  });

  it('begin the soak anew where the guest was found stopped, though it runs again', async () => {
    await releaseSecond();
    await fleet.tick(MINUTE);
    await fleet.tick(HOUR);
    stop('canary1');
    await fleet.tick(MINUTE);
    await fleet.tick(HOUR);
    expect(are()).toEqual([changed, old, old]);
    await fleet.tick(HOUR);
    await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, changed, changed]);
  });

  it('do not hold a change where there is no roll-out', async () => {
    fleet = new Fleet({ canary1: ['canary'], builder1: [] });
    fleet.release(FIRST, [OLD], null);
    await fleet.tick(MINUTE);
    fleet.release(SECOND, [NEW], null);
    await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, changed]);
    expect(fleet.asked).toBe(0);
  });

  it('ask nobody while there is nothing to come', async () => {
    await releaseSecond();
    for (let hour = 0; hour < 4; hour += 1) await fleet.tick(HOUR);
    const { asked } = fleet;
    for (let hour = 0; hour < 4; hour += 1) await fleet.tick(HOUR);
    expect(fleet.asked).toBe(asked);
  });

  it('let nobody go whose turn to ask the others it is not, and make no record of that', async () => {
    await releaseSecond();
    await fleet.tick(MINUTE);
    await fleet.tick(2 * HOUR);
    fleet.resting.add('builder1');
    const reports = await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, old, changed]);
    expect(reports.get('builder1')?.pending[0]?.gates).toMatchObject([{ kind: 'wave', unasked: true }]);
    expect(reports.get('builder1')?.records).toEqual([]);
    fleet.resting.clear();
    await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, changed, changed]);
  });

  it('let nobody go who is not told where the branches of the others are', async () => {
    await releaseSecond();
    await fleet.tick(MINUTE);
    await fleet.tick(2 * HOUR);
    fleet.unlisted.add('builder1');
    await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, old, changed]);
    fleet.unlisted.clear();
    await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, changed, changed]);
  });

  it('let nobody go who cannot ask the others now', async () => {
    await releaseSecond();
    await fleet.tick(MINUTE);
    await fleet.tick(2 * HOUR);
    fleet.offline.add('builder1');
    const reports = await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, old, changed]);
    const gates = reports.get('builder1')?.pending.flatMap((pending) => pending.gates);
    expect(gates?.map(({ detail }) => detail)).toContain(
      'the other hosts cannot be asked whether they are well: the remote is away',
    );
    fleet.offline.clear();
    await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, changed, changed]);
  });
});

describe('while a change waits', () => {
  it('a guest that stopped is started, and one that is gone is built as it was', async () => {
    await releaseSecond();
    await fleet.tick(MINUTE);
    stop('builder1');
    destroy('builder2');
    await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, old, old]);
    expect(fleet.world('builder1').seen.guests[0]?.machine).toMatchObject({ power: 'running' });
  });

  it('a recycle that is due builds what it was', async () => {
    const recycleEvery = DAY;
    const soak = [{ hosts: { by: 'label', label: 'canary' } as const, soak: 7 * DAY }];
    await releaseSecond({ waves: soak }, { ...NEW, recycleEvery });
    await fleet.tick(MINUTE);
    const before = fleet.built.filter(({ host }) => host === 'builder1').length;
    for (let hour = 0; hour < 49; hour += 1) await fleet.tick(HOUR);
    const since = fleet.built.filter(({ host }) => host === 'builder1').slice(before);
    expect(since.length).toBeGreaterThanOrEqual(1);
    expect(since.every(({ fingerprint }) => fingerprint === old)).toBe(true);
    expect(fleet.records('builder1').at(-1)).toMatch(/recycle|waits|in sync|unhealthy/);
  });
});

describe('a change that fails', () => {
  it('is halted in its first wave, and said so once by the host it failed on', async () => {
    await releaseSecond();
    fleet.bad.set(changed, null);
    for (let hour = 0; hour < 30; hour += 1) await fleet.tick(HOUR);
    expect(are()).toEqual([old, old, old]);
    expect(fleet.built.filter(({ fingerprint }) => fingerprint === changed)).toHaveLength(1);
    const halted = fleet.world('canary1').chain.filter(({ kind }) => kind === 'halted');
    expect(halted).toHaveLength(1);
    expect(halted[0]?.summary).toMatch(/^halted the roll-out of azure-agent, which failed on canary1 at /);
    expect(halted[0]?.halts).toMatchObject([
      { guest: 'azure-agent', failures: [{ host: 'canary1', detail: 'init.sh ended with 1' }] },
    ]);
  });

  it('is told of by every host that knows, also when the host that it failed on says nothing more', async () => {
    await releaseSecond();
    fleet.bad.set(changed, null);
    await fleet.tick(MINUTE, ['builder1', 'canary1', 'builder2']);
    await fleet.tick(MINUTE);
    const waiting = fleet.world('builder1').chain.at(-1);
    expect(waiting).toMatchObject({ kind: 'waiting', halts: [{ guest: 'azure-agent' }] });
    fleet.world('canary1').chain.length = 0;
    fleet.release(SECOND, [NEW], { waves: [] });
    for (let hour = 0; hour < 5; hour += 1) await fleet.tick(HOUR, ['builder1', 'builder2']);
    expect(are()).toEqual([old, old, old]);
  });

  it('goes on as a new commit', async () => {
    await releaseSecond();
    fleet.bad.set(changed, null);
    await fleet.tick(MINUTE);
    await fleet.tick(MINUTE);
    fleet.release(THIRD, [FIX], CANARY);
    await fleet.tick(MINUTE);
    expect(are()).toEqual([FIX.fingerprint, old, old]);
    await fleet.tick(2 * HOUR);
    await fleet.tick(MINUTE);
    expect(are()).toEqual([FIX.fingerprint, FIX.fingerprint, FIX.fingerprint]);
    for (const world of fleet.worlds.values()) expect(world.chain.at(-1)).not.toHaveProperty('halts');
  });

  it('is tried again where it failed once an approver forgave that, and halted again if it fails again', async () => {
    await releaseSecond();
    fleet.bad.set(changed, null);
    await fleet.tick(MINUTE);
    resume();
    await fleet.tick(MINUTE);
    expect(fleet.built.filter(({ fingerprint }) => fingerprint === changed)).toHaveLength(2);
    await fleet.tick(MINUTE);
    expect(fleet.built.filter(({ fingerprint }) => fingerprint === changed)).toHaveLength(2);
    expect(fleet.world('canary1').chain.filter(({ kind }) => kind === 'halted')).toHaveLength(2);
    fleet.bad.clear();
    resume();
    await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, old, old]);
    await fleet.tick(2 * HOUR);
    await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, changed, changed]);
  });

  it('halts on as many hosts as the desired state says', async () => {
    await releaseSecond({ haltAfterFailures: 2 });
    fleet.bad.set(changed, ['canary1', 'builder1']);
    await fleet.tick(MINUTE, ['canary1']);
    expect(fleet.records('canary1').some((text) => text.startsWith('halted'))).toBe(false);
    await fleet.tick(MINUTE, ['builder1']);
    await fleet.tick(MINUTE);
    expect(are()).toEqual([old, old, old]);
    expect(fleet.records('canary1').some((text) => text.startsWith('halted'))).toBe(true);
    expect(fleet.records('builder1').some((text) => text.startsWith('halted'))).toBe(true);
    expect(fleet.records('builder2').some((text) => text.startsWith('halted'))).toBe(false);
  });

  it('is halted by probes that fail during its soak', async () => {
    await releaseSecond();
    await fleet.tick(MINUTE);
    fleet.ill.add('canary1');
    await fleet.tick(2 * HOUR + MINUTE);
    await fleet.tick(MINUTE);
    await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, old, old]);
    expect(fleet.records('canary1').at(-1)).toMatch(/^halted: .*probe agent printed nothing/);
  });
});

describe('going back', () => {
  const back: Partial<RolloutSpec> = { ...CANARY, onHalt: 'rollback' };

  it('is done by every host that took the change, and by none where the desired state says stay', async () => {
    for (const onHalt of ['rollback', 'stay'] as const) {
      await releaseSecond({ ...CANARY, onHalt });
      fleet.bad.set(changed, ['builder2']);
      await fleet.tick(MINUTE);
      await fleet.tick(2 * HOUR);
      await fleet.tick(MINUTE);
      await fleet.tick(MINUTE);
      await fleet.tick(MINUTE);
      expect(are()).toEqual(onHalt === 'stay' ? [changed, changed, old] : [old, old, old]);
      for (let day = 0; day < 3; day += 1) await fleet.tick(DAY);
      expect(are()).toEqual(onHalt === 'stay' ? [changed, changed, old] : [old, old, old]);
      fleet.dispose();
    }
  });

  it('is possible until all hosts have taken the change, with the box for it still there', async () => {
    await releaseSecond(back);
    await fleet.tick(MINUTE);
    const boxes = () => fleet.world('canary1').seen.boxes.map(({ version }) => version);
    await fleet.tick(2 * HOUR);
    expect(boxes()).toEqual(['2022.2.17', '2022.2.24']);
    for (let times = 0; times < 4; times += 1) await fleet.tick(MINUTE);
    expect(are()).toEqual([changed, changed, changed]);
    expect(boxes()).toEqual(['2022.2.24']);
    expect(fleet.world('canary1').memory.guests['azure-agent']?.previous ?? null).toBe(null);
  });

  it('goes on to a new commit from there', async () => {
    await releaseSecond(back);
    await fleet.tick(MINUTE);
    fleet.ill.add('canary1');
    await fleet.tick(2 * HOUR + MINUTE);
    fleet.ill.clear();
    await fleet.tick(MINUTE);
    await fleet.tick(MINUTE);
    expect(are()).toEqual([old, old, old]);
    fleet.release(THIRD, [FIX], back);
    await fleet.tick(MINUTE);
    expect(are()).toEqual([FIX.fingerprint, old, old]);
  });
});

function stop(name: string): void {
  const world = fleet.world(name);
  world.seen = {
    ...world.seen,
    guests: world.seen.guests.map((there) =>
      there.machine.state === 'present'
        ? { ...there, machine: { ...there.machine, power: 'stopped' } }
        : there,
    ),
  };
}

function destroy(name: string): void {
  const world = fleet.world(name);
  world.seen = {
    ...world.seen,
    boxes: world.seen.boxes.map((of) => ({ ...of, usedBy: [] })),
    guests: world.seen.guests.map((there) => ({ ...there, machine: { state: 'absent' }, builtFrom: null })),
  };
}

/** An approver forgives what failed on the canary. */
function resume(): void {
  const progress = fleet.world('canary1').chain.at(-1)?.progress?.['azure-agent'];
  const forgiven = [{ host: 'canary1', since: progress?.since ?? '' }];
  const change = `change ${changed}`;
  fleet.resumes.push({
    guest: 'azure-agent',
    change,
    forgiven,
    commit: 'd'.repeat(40),
    by: 'alice',
    reason: 'the mirror was away',
    at: fleet.now,
  });
}
