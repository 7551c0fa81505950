import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../../reconciler/clock.ts';
import type { RebootSpec } from '../../../reconciler/desired/spec.ts';
import type { HostObservation, ObservedBoot } from '../../../reconciler/observed/observation.ts';
import { lintPlan } from '../../../reconciler/plan/lint-plan.ts';
import { makePlan } from '../../../reconciler/plan/make-plan.ts';
import { box, COMMIT, guest, host, observation, observed, observedBox, running } from './builders.ts';

/** Midnight in Zurich, half-way through the window of builders.ts; the host's own minute is past. */
const NIGHT = Date.parse('2026-01-14T23:30:00Z');
const NOON = Date.parse('2026-01-14T11:00:00Z');

function planFor(facts: {
  reboot: RebootSpec;
  boot?: Partial<ObservedBoot> | null;
  now?: number;
  seen?: Partial<HostObservation>;
}) {
  const now = facts.now ?? NIGHT;
  const boot =
    facts.boot === null ? null : { id: 'b1', at: now - DAY, after: null, failedAt: null, ...facts.boot };
  const boxes = [observedBox(guest().box, ['azure-agent'])];
  const seen = observation({ guests: [running(guest())], boxes, boot, ...facts.seen });
  const plan = makePlan({
    spec: host([guest()], { reboot: facts.reboot }),
    commit: COMMIT,
    observation: seen,
    now,
  });
  expect(lintPlan(plan, seen)).toEqual([]);
  return plan;
}

const WEEKLY = { every: 7 * DAY, after: null };
const NAMED = { every: null, after: 'macos-14.6' };
const ids = (plan: ReturnType<typeof planFor>) => plan.actions.map(({ id }) => id);

describe('a host that is to be rebooted every week', () => {
  it('is, at its own minute of the window, when it was last booted a week ago', () => {
    const [action] = planFor({ reboot: WEEKLY, boot: { at: NIGHT - 7 * DAY } }).actions;
    expect(action).toMatchObject({ kind: 'reboot-host', disruptive: true, bootId: 'b1', named: null });
    expect(action?.reason).toBe('reboot: last booted 7 d ago');
  });

  it('is not before, nor outside the window, nor ahead of its own minute', () => {
    expect(ids(planFor({ reboot: WEEKLY, boot: { at: NIGHT - 6 * DAY } }))).toEqual([]);
    expect(ids(planFor({ reboot: WEEKLY, boot: { at: NOON - 9 * DAY }, now: NOON }))).toEqual([]);
    const opens = Date.parse('2026-01-14T19:00:00Z');
    expect(ids(planFor({ reboot: WEEKLY, boot: { at: opens - 9 * DAY }, now: opens + MINUTE }))).toEqual([]);
  });

  it('is after everything else that is to be done', () => {
    const changed = observation({ guests: [observed()], boot: null });
    const plan = planFor({ reboot: WEEKLY, boot: { at: NIGHT - 8 * DAY }, seen: { guests: changed.guests } });
    expect(ids(plan).at(-1)).toBe('reboot-host');
    expect(ids(plan).length).toBeGreaterThan(1);
  });
});

describe('a host that is to be rebooted after a named change', () => {
  it('is once for each name', () => {
    expect(planFor({ reboot: NAMED }).actions).toMatchObject([
      { kind: 'reboot-host', named: 'macos-14.6', reason: 'reboot after macos-14.6' },
    ]);
    expect(ids(planFor({ reboot: NAMED, boot: { after: 'macos-14.6' } }))).toEqual([]);
    expect(ids(planFor({ reboot: NAMED, boot: { after: 'macos-14.5' } }))).toEqual(['reboot-host']);
  });

  it('is not tried again in the window in which it did not happen, and is in the next', () => {
    expect(ids(planFor({ reboot: NAMED, boot: { failedAt: NIGHT - HOUR } }))).toEqual([]);
    expect(ids(planFor({ reboot: NAMED, boot: { failedAt: NIGHT - DAY } }))).toEqual(['reboot-host']);
  });
});

describe('a host that should be rebooted and is not', () => {
  it('says so: nobody knows when it was booted', () => {
    const { actions, held } = planFor({ reboot: NAMED, boot: null });
    expect(actions).toEqual([]);
    expect(held).toMatchObject([{ why: expect.stringContaining('does not say when it was booted') }]);
  });

  it('says so: a machine of someone else would be ended', () => {
    const strangers = [{ name: 'mine', folder: '/home/ada/vm', provider: 'lxc', box: box('1').name }];
    const { actions, held } = planFor({ reboot: NAMED, seen: { strangers } });
    expect(actions).toEqual([]);
    expect(held).toMatchObject([
      { why: expect.stringContaining('mine in /home/ada/vm, which is not declared') },
    ]);
  });

  it('says so: a guest cannot be observed', () => {
    const { held } = planFor({ reboot: NAMED, seen: { unknown: [{ guest: 'azure-agent', why: 'lost' }] } });
    expect(held.map(({ why }) => why).join()).toContain('to be rebooted, and azure-agent cannot be observed');
  });
});
