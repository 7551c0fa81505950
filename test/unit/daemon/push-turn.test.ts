import { describe, expect, it } from 'vitest';
import type { AuditRecord, RecordKind } from '../../../reconciler/audit/record.ts';
import { DAY, MINUTE } from '../../../reconciler/clock.ts';
import { pushTurn } from '../../../reconciler/daemon/push-turn.ts';
import { host, rolloutOf } from '../plan/builders.ts';

const LARGE = host([], { fleetSize: 600, pushesPerMinute: 60, checkInEvery: DAY });

const WELL = {
  fingerprint: 'a',
  state: 'healthy',
  since: '2026-11-25T00:00:00.000Z',
  healthyMs: 1,
  probed: true,
  detail: '',
} as const;

function aRecord(kind: RecordKind): AuditRecord {
  return {
    apiVersion: 'boxreeve/v1',
    host: 'builder1',
    sequence: 1,
    previous: null,
    kind,
    outcome: 'in-sync',
    id: 'a',
    time: '2026-11-25T00:00:00.000Z',
    trigger: 'poll',
    desired: null,
    actions: [],
    gates: [],
    probes: [],
    fingerprints: {},
    versions: { boxreeve: '0', vagrant: null, providers: {} },
    notes: [],
    summary: '',
    witness: {},
  };
}

function aTurn() {
  const time = { now: 0 };
  return {
    time,
    turn: pushTurn(
      () => time.now,
      () => 0.5,
    ),
  };
}

describe('the turn of a host to push', () => {
  it('comes within the time that all hosts need, and others go with what is kept back', () => {
    const { time, turn } = aTurn();
    turn.add([aRecord('check-in')], LARGE);
    expect(turn.due()).toBe(false);
    time.now = 4 * MINUTE;
    turn.add([aRecord('waiting')], LARGE);
    expect(turn.due()).toBe(false);
    time.now = 5 * MINUTE;
    expect(turn.due()).toBe(true);
  });

  it('is now where somebody waits, and stays so until the remote has the record', () => {
    const { turn } = aTurn();
    turn.add([aRecord('check-in')], LARGE);
    turn.add([aRecord('applied')], LARGE);
    expect(turn.due()).toBe(true);
    turn.add([aRecord('check-in')], LARGE);
    expect(turn.due()).toBe(true);
    turn.pushed();
    turn.add([aRecord('check-in')], LARGE);
    expect(turn.due()).toBe(false);
  });

  it('goes by what the remote was told last', () => {
    const { turn } = aTurn();
    const fleet = {
      ...LARGE,
      rollout: rolloutOf({ waves: [{ hosts: { by: 'label', label: 'canary' }, soak: 0 }] }),
    };
    const progress = { agent: { ...WELL, state: 'unhealthy' as const } };
    turn.add([{ ...aRecord('check-in'), progress }], fleet);
    turn.pushed();
    turn.add([{ ...aRecord('check-in'), progress }], fleet);
    expect(turn.due()).toBe(false);
    turn.add([{ ...aRecord('check-in'), progress: { agent: WELL } }], fleet);
    expect(turn.due()).toBe(true);
  });

  it('is always now in a small fleet, and where it is not known how large the fleet is', () => {
    const { turn } = aTurn();
    turn.add([aRecord('check-in')], { ...LARGE, fleetSize: 8 });
    expect(turn.due()).toBe(true);
    turn.pushed();
    turn.add([aRecord('refused')], null);
    expect(turn.due()).toBe(true);
  });

  it('is now for what a daemon finds when it starts', () => {
    expect(aTurn().turn.due()).toBe(true);
  });
});
