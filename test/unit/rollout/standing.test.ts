/** How far a guest is: what a host says of itself in its records, and others go by. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HOUR, iso, MINUTE } from '../../../reconciler/clock.ts';
import type { GuestSpec } from '../../../reconciler/desired/spec.ts';
import type { ObservedGuest } from '../../../reconciler/observed/observation.ts';
import type { GuestProgress } from '../../../reconciler/rollout/progress.ts';
import { progressOf, type StandingInput } from '../../../reconciler/rollout/standing.ts';
import { box, built, guest, NOW, observation, observed, present, running } from '../plan/builders.ts';

const PROBE = { name: 'agent', run: 'true', expect: null };
const PASSED = [{ name: 'agent', ok: true, detail: 'ok' }];
const FAILED = [{ name: 'agent', ok: false, detail: 'printed nothing' }];
const OLD = guest();
const OLDER = guest({ box: box('2022.2.10') });
const NEW = guest({ box: box('2022.2.24') });

function stand(
  spec: GuestSpec,
  there: ObservedGuest | undefined,
  change: Partial<StandingInput> = {},
  progress: GuestProgress | null = null,
): GuestProgress {
  return progressOf({
    spec,
    memory: { failed: there?.failed ?? null, progress },
    observation: observation({ guests: there === undefined ? [] : [there] }),
    probes: null,
    now: NOW,
    ...change,
  });
}

const healthy = (spec: GuestSpec, at: number): GuestProgress => stand(spec, running(spec), { now: at });

it('is pending while the guest is something else, and says what', () => {
  expect(stand(NEW, running(OLD))).toEqual({
    fingerprint: NEW.fingerprint,
    state: 'pending',
    since: iso(NOW),
    healthyMs: null,
    probed: false,
    detail: 'it is as of 4f2c1a9',
  });
  expect(stand(NEW, undefined)).toMatchObject({ state: 'pending' });
  expect(stand(NEW, observed())).toMatchObject({ state: 'pending', detail: 'it does not exist' });
});

it('is healthy from the first look at the proven machine on, and counts from there', () => {
  const first = healthy(NEW, NOW);
  expect(first).toMatchObject({ state: 'healthy', since: iso(NOW), healthyMs: 0, detail: '' });
  const later = stand(NEW, running(NEW), { now: NOW + HOUR }, first);
  expect(later).toMatchObject({ state: 'healthy', since: iso(NOW), healthyMs: HOUR });
});

it('has failed where what is asked for did not work, since then and not since it was looked at', () => {
  const failed = {
    fingerprint: NEW.fingerprint,
    commit: 'c',
    at: iso(NOW - HOUR),
    error: 'init.sh:\nexit 1',
  };
  const standing = stand(NEW, running(OLD, { failed }));
  expect(standing).toMatchObject({ state: 'failed', since: iso(NOW - HOUR), detail: 'init.sh: exit 1' });
  expect(stand(NEW, running(OLD, { failed }), { now: NOW + HOUR }, standing).since).toBe(standing.since);
  expect(stand(OLD, running(OLD, { failed }))).toMatchObject({ state: 'healthy' });
});

it('has not failed for an exposure that is allowed by now', () => {
  const failed = {
    fingerprint: NEW.fingerprint,
    commit: 'c',
    at: iso(NOW),
    error: 'it is exposed',
    refused: ['insecure-key' as const],
  };
  const refusing = guest({ box: box('2022.2.24'), refuses: ['insecure-key'] });
  expect(stand(refusing, running(OLD, { failed }))).toMatchObject({ state: 'failed' });
  expect(stand(NEW, running(OLD, { failed }))).toMatchObject({ state: 'pending' });
});

it('grows no healthier by a look without its probes', () => {
  const spec = guest({ probes: [PROBE] });
  const first = healthy(spec, NOW);
  const unasked = stand(spec, running(spec), { now: NOW + HOUR }, first);
  expect(unasked).toMatchObject({ state: 'healthy', since: iso(NOW), healthyMs: 0 });
  const asked = stand(spec, running(spec), { now: NOW + 2 * HOUR, probes: PASSED }, unasked);
  expect(asked).toMatchObject({ healthyMs: 2 * HOUR, probed: true });
});

it('has failed while a probe fails, until the probes pass or it is built anew', () => {
  const spec = guest({ probes: [PROBE] });
  const first = stand(spec, running(spec), { probes: PASSED });
  const broken = stand(spec, running(spec), { now: NOW + HOUR, probes: FAILED }, first);
  expect(broken).toMatchObject({
    state: 'failed',
    since: iso(NOW + HOUR),
    healthyMs: 0,
    probed: false,
    detail: 'probe agent printed nothing',
  });
  const unasked = stand(spec, running(spec), { now: NOW + 2 * HOUR }, broken);
  expect(unasked).toEqual(broken);
  const later = { now: NOW + 3 * HOUR };
  expect(stand(spec, running(spec), { ...later, probes: PASSED }, unasked)).toMatchObject({
    state: 'healthy',
    since: iso(NOW + 3 * HOUR),
    healthyMs: 0,
  });
  const anew = running(spec, { builtFrom: built(spec, { at: iso(NOW + 2 * HOUR) }) });
  expect(stand(spec, anew, later, unasked)).toMatchObject({ state: 'healthy', probed: true });
  // the probes that are run are those that it was built with, whatever is declared by now
  expect(stand(OLD, running(spec), later, unasked)).toMatchObject({ state: 'failed', probed: false });
});

it('is not healthy while its machine is stopped, gone, made by hand or not to be observed; then the soak begins anew', () => {
  const soaked = stand(NEW, running(NEW), { now: NOW + HOUR }, healthy(NEW, NOW));
  const found: readonly (ObservedGuest | undefined)[] = [
    running(NEW, { machine: present(NEW.box, { power: 'stopped' }) }),
    running(NEW, { machine: present(NEW.box, { power: 'unknown' }) }),
    running(NEW, { machine: { state: 'forgotten', id: 'm1', provider: 'lxc', power: 'running' } }),
    running(NEW, { machine: { state: 'vanished', id: 'm1', provider: 'lxc' } }),
    running(NEW, { machine: present(NEW.box, { id: 'another' }) }),
    observed(),
    undefined,
  ];
  for (const there of found) {
    const broken = stand(NEW, there, { now: NOW + HOUR + MINUTE }, soaked);
    expect(broken).toMatchObject({ state: 'unhealthy', since: iso(NOW + HOUR + MINUTE), healthyMs: HOUR });
    const again = stand(NEW, running(NEW), { now: NOW + 2 * HOUR }, broken);
    expect(again).toMatchObject({ state: 'healthy', since: iso(NOW + 2 * HOUR), healthyMs: HOUR });
  }
});

it('is not healthy while somebody gets in whom the desired state keeps out', () => {
  const finding = { kind: 'insecure-key' as const, detail: 'anybody logs in' };
  const memory = { failed: null, exposure: { violations: [finding], unknown: [] } };
  const refusing = guest({ refuses: ['insecure-key'] });
  expect(stand(refusing, running(refusing), { memory })).toMatchObject({ state: 'unhealthy' });
  expect(stand(OLD, running(OLD), { memory })).toMatchObject({ state: 'healthy' });
});

it('stays unhealthy when it comes back with probes that had failed, until they pass', () => {
  const spec = guest({ probes: [PROBE] });
  const broken = stand(spec, running(spec), { now: NOW + HOUR, probes: FAILED }, healthy(spec, NOW));
  const stopped = running(spec, { machine: present(spec.box, { power: 'stopped' }) });
  const found = stand(spec, stopped, { now: NOW + HOUR + 1 }, broken);
  const back = stand(spec, running(spec), { now: NOW + HOUR + 2 }, found);
  expect(back).toMatchObject({ state: 'unhealthy', since: found.since });
  expect(stand(spec, running(spec), { now: NOW + HOUR + 3, probes: PASSED }, back).state).toBe('healthy');
});

it('takes a recycle for no interruption', () => {
  const anew = running(NEW, { builtFrom: built(NEW, { at: iso(NOW + HOUR) }) });
  expect(stand(NEW, anew, { now: NOW + 2 * HOUR }, healthy(NEW, NOW))).toMatchObject({
    since: iso(NOW),
    healthyMs: 2 * HOUR,
  });
});

it('begins anew with another fingerprint', () => {
  const soaked = stand(OLD, running(OLD), { now: NOW + HOUR }, healthy(OLD, NOW));
  expect(stand(NEW, running(NEW), { now: NOW + HOUR }, soaked)).toMatchObject({
    since: iso(NOW + HOUR),
    healthyMs: 0,
  });
});

it('has no time that it was healthy from a clock that was put back', () => {
  const back = stand(NEW, running(NEW), { now: NOW - HOUR }, healthy(NEW, NOW));
  expect(back).toMatchObject({ state: 'healthy', since: iso(NOW - HOUR), healthyMs: 0 });
});

it('never says that it was healthy for longer than the machine that is there was seen healthy', () => {
  const spec = guest({ probes: [PROBE] });
  const look = fc.record({
    after: fc.integer({ min: 1, max: 3 * HOUR }),
    there: fc.constantFrom('right', 'old', 'stopped', 'gone', 'unknown'),
    probes: fc.constantFrom(null, PASSED, FAILED),
  });
  fc.assert(
    fc.property(fc.array(look, { maxLength: 20 }), (looks) => {
      let now = NOW;
      let progress: GuestProgress | null = null;
      let longest = 0;
      /** When the unbroken run of healthy looks began; null: there is none. */
      let began: number | null = null;
      let complained = false;
      let builtAt = NOW;
      for (const { after, there, probes } of looks) {
        now += after;
        const stopped = present(spec.box, { power: 'stopped' });
        const machine = there === 'stopped' ? stopped : present(spec.box);
        const right = running(spec, { machine, builtFrom: built(spec, { at: iso(builtAt) }) });
        const seen = { right, stopped: right, old: running(OLDER), gone: observed(), unknown: undefined };
        progress = stand(spec, seen[there], { now, probes: there === 'right' ? probes : null }, progress);
        if (there === 'old' || there === 'gone') {
          builtAt = now + 1;
          complained = false;
        }
        if (there === 'right' && probes !== null) complained = probes === FAILED;
        const well = there === 'right' && !complained;
        began = well ? (began ?? now) : null;
        if (began !== null && probes === PASSED) longest = Math.max(longest, now - began);
        expect(progress.healthyMs ?? 0).toBeLessThanOrEqual(longest);
        if (well && probes === PASSED) expect(progress.state).toBe('healthy');
        if (!well) expect(progress.state).not.toBe('healthy');
      }
    }),
    { numRuns: 2000 },
  );
});
