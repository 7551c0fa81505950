/** Whatever dies or is away, and whenever: each target is told everything, at least once, and of two hosts one does it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../../reconciler/clock.ts';
import { NotDelivered } from '../../../reconciler/notify/message.ts';
import { SKEW } from '../../../reconciler/rollout/lease/slot.ts';
import { AWAY, dying, lastTold, ModelFleet, type ModelTarget, recordsTaken } from './model-fleet.ts';

const TARGETS = [
  { name: 'forge', standings: 'steps', records: false },
  { name: 'hook', standings: 'turns', records: true },
  { name: 'mail', standings: 'turns', records: true },
] as const;

const HOSTS = ['a', 'b'];
const RECORDERS = ['r1', 'r2'];

/** A fleet whose targets are new no more: what happens from now on must be told. */
async function begun(): Promise<ModelFleet> {
  const fleet = new ModelFleet(TARGETS);
  fleet.progress(8);
  for (const host of RECORDERS) fleet.record(host);
  await fleet.settle('a');
  for (const target of fleet.targets) target.took.length = 0;
  return fleet;
}

/** What was recorded since a fleet was begun. */
function recordsOf(fleet: ModelFleet): readonly string[] {
  return RECORDERS.flatMap((host) => (fleet.records.get(host) ?? []).slice(1).map(({ record }) => record.id));
}

function sorted(ids: readonly string[]): readonly string[] {
  return ids.toSorted();
}

function expectAllTold(fleet: ModelFleet): void {
  const [forge, ...others] = fleet.targets;
  for (const target of others) {
    expect(sorted(recordsTaken(target))).toEqual(sorted(recordsOf(fleet)));
    for (const host of RECORDERS) expectInOrder(target, host);
  }
  for (const commit of fleet.commits.slice(1))
    expect([commit, forge && lastTold(forge, commit)]).toEqual([commit, fleet.standings.get(commit)]);
}

function expectInOrder(target: ModelTarget, host: string): void {
  const numbers = target.took.flatMap((message) =>
    message.kind === 'record' && message.record.host === host ? message.record.sequence : [],
  );
  const first = [...new Set(numbers)];
  expect(first).toEqual(first.toSorted((one, other) => one - other));
}

/** Something of all that may happen. */
function happen(fleet: ModelFleet): void {
  fleet.record('r1');
  fleet.record('r1');
  fleet.record('r2');
  fleet.commit();
  fleet.progress(3);
}

it('tells each target everything once where nothing goes wrong, and a new target nothing of what was before', async () => {
  const fleet = await begun();
  happen(fleet);
  await fleet.settle('a', 'b');
  fleet.progress(8);
  await fleet.settle('a', 'b');
  expectAllTold(fleet);
  for (const { took } of fleet.targets) expect(new Set(took.map(({ id }) => id)).size).toBe(took.length);
  const turns = fleet
    .target('hook')
    .took.flatMap((each) => (each.kind === 'standing' ? each.standing.state : []));
  expect(turns).toEqual(['under-way', 'done']);
  expect(recordsTaken(fleet.target('hook'))).not.toContain('r1-1');
});

it('wherever the host that notifies dies, the other tells all that was not told, by the same ids', async () => {
  const first = await begun();
  happen(first);
  const whole = dying(0);
  await first.round('a', whole.effect);
  expect(whole.calls()).toBeGreaterThan(20);
  const ids = new Set(first.targets.flatMap(({ took }) => took.map(({ id }) => id)));
  for (let dieAt = 1; dieAt <= whole.calls(); dieAt += 1) {
    const fleet = await begun();
    happen(fleet);
    expect(await fleet.round('a', dying(dieAt).effect)).toBe('died');
    fleet.outlastClaim();
    await fleet.settle('b');
    expectAllTold(fleet);
    const told = fleet.targets.flatMap(({ took }) => took.map(({ id }) => id));
    expect(told.filter((id) => !ids.has(id))).toEqual([]);
  }
});

it('wherever it dies, the same host goes on by itself when it is started again', async () => {
  const first = await begun();
  happen(first);
  const whole = dying(0);
  await first.round('a', whole.effect);
  for (let dieAt = 1; dieAt <= whole.calls(); dieAt += 1) {
    const fleet = await begun();
    happen(fleet);
    await fleet.round('a', dying(dieAt).effect);
    await fleet.settle('a');
    expectAllTold(fleet);
  }
});

it('one host has the claim, another waits for it until it is over and the clocks may differ no more', async () => {
  const fleet = await begun();
  fleet.record('r1');
  expect(await fleet.round('b')).toMatchObject({ mine: false });
  expect(recordsTaken(fleet.target('hook'))).toEqual([]);
  await fleet.round('a');
  fleet.record('r1');
  fleet.now += 30 * MINUTE + SKEW;
  expect(await fleet.round('b')).toMatchObject({ mine: false });
  fleet.now += 1;
  expect(await fleet.round('b')).toMatchObject({ mine: true });
  expect(recordsTaken(fleet.target('hook'))).toEqual(['r1-2', 'r1-3']);
  expect(await fleet.round('a')).toMatchObject({ mine: false });
});

it('the claim is renewed while its host lives, and not at each poll', async () => {
  const fleet = await begun();
  const pushed: string[] = [];
  for (let minute = 0; minute < 120; minute += 1) {
    const end = await fleet.round('a');
    const id = fleet.seen?.id ?? '';
    if (pushed.at(-1) !== id) pushed.push(id);
    expect(end).toMatchObject({ mine: true });
    // what the daemon goes by where nothing happens
    expect(end !== 'died' && end !== 'offline' && end.next).toBeGreaterThanOrEqual(fleet.now);
    fleet.now += MINUTE;
    expect(await fleet.round('b')).toMatchObject({ mine: false });
  }
  expect(pushed.length).toBeLessThanOrEqual(9);
});

it('a target that is away for days holds up no other, and is told all of it when it is back', async () => {
  const fleet = await begun();
  fleet.target('hook').fails = AWAY;
  for (let day = 0; day < 5; day += 1) {
    happen(fleet);
    await fleet.settle('a');
    fleet.now += 24 * HOUR;
    expect(sorted(recordsTaken(fleet.target('mail')))).toEqual(sorted(recordsOf(fleet)));
  }
  expect(recordsTaken(fleet.target('hook'))).toEqual([]);
  fleet.target('hook').fails = () => null;
  fleet.now += HOUR;
  await fleet.settle('b', 'a');
  expectAllTold(fleet);
});

it('a target that is away is asked less and less often, and not before it says', async () => {
  const fleet = await begun();
  const tries: number[] = [];
  fleet.target('hook').fails = () => {
    tries.push((fleet.now - start) / MINUTE);
    return tries.length === 4 ? new NotDelivered('slow down', 'later', fleet.now + 50 * MINUTE) : AWAY();
  };
  const start = fleet.now;
  fleet.commit();
  fleet.commit();
  fleet.record('r1');
  for (let minute = 0; minute < 240; minute += 1) {
    await fleet.round('a');
    fleet.now += MINUTE;
  }
  expect(tries).toEqual([0, 1, 3, 7, 57, 73, 105, 165, 225]);
});

it('what a target will never take is passed over and said, and what comes after it is told', async () => {
  const fleet = await begun();
  fleet.target('hook').fails = ({ id }) => (id === 'r1-2' ? new NotDelivered('no such form', 'never') : null);
  fleet.record('r1');
  fleet.record('r1');
  await fleet.settle('a');
  expect(recordsTaken(fleet.target('hook'))).toEqual(['r1-3']);
  expect(fleet.events).toContainEqual({ event: 'passed-over', target: 'hook', why: 'no such form' });
});

it('a commit that a forge does not know holds up no other commit', async () => {
  const fleet = await begun();
  const unknown = fleet.commit();
  fleet.progress(8);
  const known = fleet.commit();
  fleet.target('forge').fails = (message) =>
    message.kind === 'standing' && message.standing.commit === unknown
      ? new NotDelivered('no commit found', 'this')
      : null;
  await fleet.settle('a');
  expect(lastTold(fleet.target('forge'), known)).toEqual(fleet.standings.get(known));
  expect(lastTold(fleet.target('forge'), unknown)).toBeNull();
});

it('a host whose records cannot be read holds up neither other hosts nor forges', async () => {
  const fleet = await begun();
  fleet.unreadable.add('r1');
  happen(fleet);
  await fleet.settle('a');
  expect(recordsTaken(fleet.target('hook'))).toEqual(['r2-2']);
  expect(lastTold(fleet.target('forge'), fleet.commits.at(-1) ?? '')).toMatchObject({ done: 3 });
  fleet.unreadable.clear();
  fleet.now += HOUR;
  await fleet.settle('a');
  expectAllTold(fleet);
  for (const { took } of fleet.targets) expect(new Set(took.map(({ id }) => id)).size).toBe(took.length);
});

it('while newest records cannot be read at all, forges are told all the same', async () => {
  const fleet = await begun();
  fleet.unreadable.add('all');
  happen(fleet);
  await fleet.settle('a');
  expect(lastTold(fleet.target('forge'), fleet.commits.at(-1) ?? '')).toMatchObject({ done: 3 });
  expect(fleet.target('mail').took).toEqual([]);
  fleet.unreadable.clear();
  fleet.now += HOUR;
  await fleet.settle('a');
  expectAllTold(fleet);
});

it('a host that lost the branch to another while it told writes nothing over what that one wrote', async () => {
  const fleet = await begun();
  happen(fleet);
  const whole = dying(0);
  const before = fleet.seen;
  let swapped = false;
  await fleet.round('a', (work) =>
    whole.effect(async () => {
      if (!swapped && recordsTaken(fleet.target('mail')).length > 0) {
        swapped = true;
        fleet.seen = before === null ? null : { ...before, id: 'of another' };
      }
      return work();
    }),
  );
  expect(fleet.seen?.id).toBe('of another');
  expect(fleet.events).toContainEqual({ event: 'notifier-lost' });
  await fleet.settle('a');
  expectAllTold(fleet);
});

it('while nothing can be written down, the same process tells nothing twice', async () => {
  const fleet = await begun();
  happen(fleet);
  fleet.pushes = false;
  for (let minute = 0; minute < 60; minute += 1) {
    await fleet.round('a');
    fleet.now += MINUTE;
  }
  fleet.record('r2');
  fleet.pushes = true;
  await fleet.settle('a');
  expectAllTold(fleet);
  for (const { took } of fleet.targets) expect(new Set(took.map(({ id }) => id)).size).toBe(took.length);
});

type Step =
  | { readonly do: 'record'; readonly host: string }
  | { readonly do: 'commit' }
  | { readonly do: 'progress'; readonly done: number }
  | { readonly do: 'away' | 'back'; readonly target: string }
  | { readonly do: 'round'; readonly host: string; readonly dieAt: number; readonly skew: number }
  | { readonly do: 'wait'; readonly minutes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('record' as const), host: fc.constantFrom(...RECORDERS) }),
  fc.record({ do: fc.constant('commit' as const) }),
  fc.record({ do: fc.constant('progress' as const), done: fc.integer({ min: 0, max: 8 }) }),
  fc.record({
    do: fc.constantFrom('away' as const, 'back' as const),
    target: fc.constantFrom('forge', 'hook', 'mail'),
  }),
  fc.record({
    do: fc.constant('round' as const),
    host: fc.constantFrom(...HOSTS),
    dieAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
    skew: fc.integer({ min: 0, max: SKEW }),
  }),
  fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 0, max: 60 }) }),
);

async function take(fleet: ModelFleet, one: Step): Promise<void> {
  switch (one.do) {
    case 'record':
      fleet.record(one.host);
      return;
    case 'commit':
      fleet.commit();
      return;
    case 'progress':
      fleet.progress(one.done);
      return;
    case 'away':
      fleet.target(one.target).fails = AWAY;
      return;
    case 'back':
      fleet.target(one.target).fails = () => null;
      return;
    case 'round':
      await fleet.round(one.host, dying(one.dieAt).effect, one.skew);
      return;
    case 'wait':
      fleet.now += one.minutes * MINUTE;
  }
}

it('whatever happens in whatever order, all is told in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
      const fleet = await begun();
      for (const one of steps) await take(fleet, one);
      for (const target of fleet.targets) target.fails = () => null;
      fleet.outlastClaim();
      fleet.now += HOUR;
      await fleet.settle(...HOSTS);
      expectAllTold(fleet);
    }),
    { numRuns: 150 },
  );
});
