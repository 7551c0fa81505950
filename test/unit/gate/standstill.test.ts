import { describe, expect, it } from 'vitest';
import { DAY, HOUR } from '../../../reconciler/clock.ts';
import type { HoldSpec } from '../../../reconciler/desired/spec.ts';
import { type GateFacts, gatePlan } from '../../../reconciler/gate/gate.ts';
import { gateSummary } from '../../../reconciler/gate/summary.ts';
import { makePlan } from '../../../reconciler/plan/make-plan.ts';
import { box, COMMIT, guest, host, observation, observed, observedBox, running } from '../plan/builders.ts';

const NOON = Date.parse('2026-01-14T11:00:00Z');
const UNTIL = Date.parse('2026-01-20T08:00:00Z');

/** Two guests to rebuild, one of them removed first, one that is gone, a former one, and the host to reboot. */
const PLAN = makePlan({
  spec: host(
    [
      guest({ box: box('2022.2.24'), window: null }),
      guest({ name: 'docs-agent', box: box('2022.2.24'), window: null }),
      guest({ name: 'gone-agent', box: box('2022.2.17'), window: null }),
    ],
    { reboot: { every: DAY, after: null }, window: null },
  ),
  commit: COMMIT,
  observation: observation({
    boxes: [observedBox(box('2022.2.17'), ['azure-agent', 'docs-agent']), observedBox(box('2022.2.24'))],
    guests: [running(guest()), running(guest({ name: 'docs-agent' })), observed({ name: 'gone-agent' })],
    boot: { id: 'b1', at: NOON - 9 * DAY, after: null, failedAt: null },
  }),
  now: NOON,
});

const HOLD: HoldSpec = {
  guest: null,
  reason: 'release week',
  until: UNTIL,
  place: 'desired-state/fleet.yaml:12:5',
};

function gated(change: Partial<GateFacts> = {}) {
  return gatePlan(PLAN, {
    now: NOON,
    windowOf: () => null,
    hostWindows: [],
    pause: null,
    forceWindow: true,
    freeBytes: 1e9,
    ...change,
  });
}

/** Actions that a pause or a hold keeps from being done. */
function heldBy(change: Partial<GateFacts>): string[] {
  return gated(change)
    .filter(({ gates }) => gates.some(({ kind }) => kind === 'paused'))
    .map(({ action }) => action.id);
}

const ALL = ['rebuild-guest azure-agent', 'rebuild-guest docs-agent', 'reboot-host'];

it('the plan has what each of these tests is about', () => {
  expect(gated().map(({ action }) => action.id)).toEqual(
    expect.arrayContaining([...ALL, 'create-guest gone-agent']),
  );
  expect(heldBy({})).toEqual([]);
});

describe('a hold of the infra repo', () => {
  it('keeps guests and the host as they are, and leaves what is broken to be put right', () => {
    expect(heldBy({ holds: [HOLD] })).toEqual(ALL);
  });

  it('of one guest holds that one, and the reboot that would end it', () => {
    expect(heldBy({ holds: [{ ...HOLD, guest: 'docs-agent' }] })).toEqual([
      'rebuild-guest docs-agent',
      'reboot-host',
    ]);
  });

  it('is over at its time by the clock of the host', () => {
    expect(heldBy({ holds: [HOLD], now: UNTIL - 1 })).toEqual(ALL);
    expect(heldBy({ holds: [HOLD], now: UNTIL })).toEqual([]);
  });

  it('says until when, why, and where that is written', () => {
    const rebuild = gated({ holds: [HOLD] }).find(({ action }) => action.id === ALL[0]);
    expect(rebuild?.gates).toEqual([
      {
        kind: 'paused',
        until: '2026-01-20T08:00:00.000Z',
        detail: 'held until 2026-01-20T08:00:00.000Z: release week (desired-state/fleet.yaml:12:5)',
      },
    ]);
    const one = gated({ holds: [{ ...HOLD, guest: 'docs-agent' }] }).at(-1);
    expect(one?.gates[0]?.detail).toBe(
      'docs-agent is held until 2026-01-20T08:00:00.000Z: release week (desired-state/fleet.yaml:12:5)',
    );
  });

  it('is waited for as one thing, however the hours pass, and another hold is another', () => {
    const at = (now: number, reason = HOLD.reason) =>
      gateSummary(gated({ holds: [{ ...HOLD, reason }], now }));
    expect(at(NOON + HOUR)).toBe(at(NOON));
    expect(at(NOON, 'another reason')).not.toBe(at(NOON));
  });
});

describe('a guest that is paused by itself', () => {
  const pause = { reason: 'a job is debugged', since: '2026-01-14T10:00:00.000Z', until: null };

  it('is left as it is, and so is the host, which would end it by a reboot', () => {
    expect(heldBy({ pausedGuests: { 'docs-agent': pause } })).toEqual([
      'rebuild-guest docs-agent',
      'reboot-host',
    ]);
  });

  it('says how it goes on, or when', () => {
    const detail = (until: string | null) =>
      gated({ pausedGuests: { 'docs-agent': { ...pause, until } } }).at(-1)?.gates[0]?.detail;
    expect(detail(null)).toBe(
      'docs-agent is paused until `boxreeve resume --guest docs-agent`: a job is debugged',
    );
    expect(detail('2026-01-15T00:00:00.000Z')).toBe(
      'docs-agent is paused until 2026-01-15T00:00:00.000Z: a job is debugged',
    );
  });
});
