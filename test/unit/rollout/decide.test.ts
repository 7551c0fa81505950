import { describe, expect, it } from 'vitest';
import { HOUR, iso, MINUTE } from '../../../reconciler/clock.ts';
import type { RolloutSpec, WaveSpec } from '../../../reconciler/desired/spec.ts';
import { decideRollout } from '../../../reconciler/rollout/decide.ts';
import type {
  Failure,
  GuestProgress,
  HostWord,
  Member,
  Resume,
} from '../../../reconciler/rollout/progress.ts';
import { wavesOf } from '../../../reconciler/rollout/waves.ts';
import { rolloutOf } from '../plan/builders.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const GUEST = 'azure-agent';
const CHANGE = 'c'.repeat(64);
const CANARY: WaveSpec = { hosts: { by: 'label', label: 'canary' }, soak: 2 * HOUR };

const members: readonly Member[] = ['builder1', 'builder2', 'builder3'].map((name) => ({
  name,
  labels: name === 'builder1' ? ['canary'] : [],
  guests: new Map([[GUEST, `print of ${name}`]]),
  broken: null,
}));

function decide(
  words: Record<string, HostWord>,
  { rollout = {}, resumes = [], host = 'builder2', all = members }: Partial<Asked> = {},
) {
  const spec = rolloutOf({ waves: [CANARY], ...rollout });
  return decideRollout({
    rollout: spec,
    host,
    guest: GUEST,
    waves: wavesOf(spec.waves, all),
    change: CHANGE,
    words: new Map(Object.entries(words)),
    resumes,
    now: NOW,
  });
}

type Asked = {
  readonly rollout: Partial<RolloutSpec>;
  readonly resumes: readonly Resume[];
  readonly host: string;
  readonly all: readonly Member[];
};

function told(host: string, change: Partial<GuestProgress>, failures: readonly Failure[] = []): HostWord {
  const progress: GuestProgress = {
    fingerprint: `print of ${host}`,
    state: 'healthy',
    since: iso(NOW - 3 * HOUR),
    healthyMs: 2 * HOUR,
    probed: true,
    detail: '',
    ...change,
  };
  const halts = failures.length === 0 ? [] : [{ guest: GUEST, change: CHANGE, failures }];
  return { state: 'told', at: NOW, progress: { [GUEST]: progress }, halts };
}

const SINCE = iso(NOW - HOUR);
const FAILED = { state: 'failed', since: SINCE, healthyMs: null, detail: 'its init failed' } as const;

describe('a wave', () => {
  it('begins when each host of the one before was healthy for its soak, by its own record', () => {
    expect(decide({ builder1: told('builder1', {}) })).toEqual({ may: 'go', wave: 2 });
  });

  it('is waited for with how far it is', () => {
    const since = iso(NOW - HOUR - 12 * MINUTE);
    const decision = decide({ builder1: told('builder1', { since, healthyMs: HOUR }) });
    expect(decision).toMatchObject({
      may: 'wait',
      waitsFor: 1,
      detail: 'waiting for wave 1: builder1 healthy 1 h 12 min of 2 h',
    });
  });

  it('is not over by the clock alone: a host that fell silent while it soaked lets nobody on', () => {
    expect(decide({ builder1: told('builder1', { healthyMs: HOUR }) })).toMatchObject({
      detail: 'waiting for wave 1: builder1 healthy 2 h of 2 h; its record of that is to come',
    });
  });

  it.each([
    ['told nothing', {}, 'builder1 has not been asked'],
    ['is silent', { builder1: { state: 'silent', why: 'has no record' } }, 'builder1 has no record'],
    [
      'has another fingerprint',
      { builder1: told('builder1', { fingerprint: 'older' }) },
      'builder1 has not followed this commit yet',
    ],
    [
      'is still to change',
      { builder1: told('builder1', { state: 'pending' }) },
      'builder1 has not changed yet',
    ],
    [
      'is not healthy',
      { builder1: told('builder1', { state: 'unhealthy', detail: 'stopped' }) },
      'builder1 is not healthy: stopped',
    ],
  ] as const)('is not done when a host of it %s', (_what, words, why) => {
    expect(decide(words)).toMatchObject({ may: 'wait', detail: `waiting for wave 1: ${why}` });
  });

  it('is not done without probes that passed, where they are required', () => {
    const words = { builder1: told('builder1', { probed: false }) };
    expect(decide(words)).toMatchObject({ may: 'go' });
    expect(decide(words, { rollout: { requireProbes: true } })).toMatchObject({
      detail: 'waiting for wave 1: builder1 has no probes that passed',
    });
  });

  it('is done when nobody in it has the guest', () => {
    const all = members.map((member) =>
      member.name === 'builder1' ? { ...member, guests: new Map<string, string>() } : member,
    );
    expect(decide({}, { all })).toEqual({ may: 'go', wave: 2 });
  });

  it('waits for a host whose file nobody can read, whatever wave that is in', () => {
    const all = members.map((member) =>
      member.name === 'builder3' ? { ...member, broken: 'hosts/builder3.yaml cannot be read' } : member,
    );
    expect(decide({ builder1: told('builder1', {}) }, { all })).toMatchObject({
      detail: 'waiting for wave 1: hosts/builder3.yaml cannot be read',
    });
  });

  it('waits for nobody in its own', () => {
    expect(decide({}, { host: 'builder1' })).toEqual({ may: 'go', wave: 1 });
  });
});

describe('a failure', () => {
  const failure: Failure = { host: 'builder1', since: SINCE, detail: 'its init failed' };

  it('halts the roll-out for every host, the failed one too', () => {
    for (const host of ['builder1', 'builder2'])
      expect(decide({ builder1: told('builder1', FAILED) }, { host })).toMatchObject({
        may: 'halted',
        failures: [failure],
      });
  });

  it('does not halt before there are as many as it takes', () => {
    const words = { builder1: told('builder1', FAILED) };
    expect(decide(words, { rollout: { haltAfterFailures: 2 } })).toMatchObject({ may: 'wait' });
  });

  it('counts once for a host, also where several records quote it', () => {
    const words = {
      builder1: told('builder1', FAILED, [failure]),
      builder3: told('builder3', {}, [failure]),
    };
    expect(decide(words, { rollout: { haltAfterFailures: 2 } })).toMatchObject({ may: 'wait' });
  });

  it('is remembered by the others when the host that failed comes right by itself', () => {
    const words = { builder1: told('builder1', {}), builder3: told('builder3', {}, [failure]) };
    expect(decide(words)).toMatchObject({ may: 'halted', failures: [failure] });
  });

  it('of a host that had been healthy for its whole soak is an accident of that host', () => {
    const words = { builder1: told('builder1', { ...FAILED, healthyMs: 2 * HOUR }) };
    expect(decide(words)).toMatchObject({ may: 'wait', detail: expect.stringContaining('builder1 failed') });
  });

  it('of another change is none of this one', () => {
    const words = { builder1: told('builder1', { ...FAILED, fingerprint: 'older' }) };
    expect(decide(words)).toMatchObject({ may: 'wait' });
  });

  it('that an approver forgave halts no more; the next one does', () => {
    const resumes = [{ guest: GUEST, change: CHANGE, forgiven: [{ host: 'builder1', since: SINCE }] }];
    expect(decide({ builder1: told('builder1', FAILED) }, { resumes })).toMatchObject({ may: 'wait' });
    const again = { ...FAILED, since: iso(NOW) };
    expect(decide({ builder1: told('builder1', again) }, { resumes })).toMatchObject({ may: 'halted' });
  });
});
