import { describe, expect, it } from 'vitest';
import { isNews } from '../../../reconciler/audit/news.ts';
import type { RecordKind } from '../../../reconciler/audit/record.ts';
import type { GuestProgress } from '../../../reconciler/rollout/progress.ts';

const SOAK = 7_200_000;
const OLD: GuestProgress = {
  fingerprint: 'old',
  state: 'healthy',
  since: '2026-11-25T00:00:00.000Z',
  healthyMs: 10 * SOAK,
  probed: true,
  detail: '',
};

function record(kind: RecordKind, progress: Partial<GuestProgress> = {}) {
  return { kind, progress: { agent: { ...OLD, ...progress } } };
}

describe('a record that somebody waits for', () => {
  it.each(['applied', 'halted', 'paused', 'resumed'] as const)('is every one that says %s', (kind) => {
    expect(isNews(record(kind), record('check-in'), [])).toBe(true);
  });

  it('is the check-in that ends a soak, and not the one before it', () => {
    const soaking = record('applied', { fingerprint: 'new', healthyMs: 0 });
    expect(isNews(record('check-in', { fingerprint: 'new', healthyMs: SOAK - 1 }), soaking, [SOAK])).toBe(
      false,
    );
    expect(isNews(record('check-in', { fingerprint: 'new', healthyMs: SOAK }), soaking, [SOAK])).toBe(true);
  });

  it('is the first that says that a guest is no longer well, or well again', () => {
    const unwell = record('check-in', { state: 'unhealthy' });
    expect(isNews(unwell, record('check-in'), [SOAK])).toBe(true);
    expect(isNews(unwell, unwell, [SOAK])).toBe(false);
    expect(isNews(record('check-in'), unwell, [SOAK])).toBe(true);
  });

  it('is one whose probes passed only now', () => {
    expect(isNews(record('check-in'), record('applied', { probed: false }), [SOAK])).toBe(true);
  });

  it('is one that takes back what the record before it says of the same change', () => {
    expect(isNews(record('check-in', { state: 'pending' }), record('applied'), [SOAK])).toBe(true);
  });

  it('is any that says of a roll-out what the remote may not have', () => {
    expect(isNews(record('check-in'), null, [SOAK])).toBe(true);
  });
});

describe('a record that nobody waits for', () => {
  it('is a check-in that all is as it was', () => {
    expect(isNews(record('check-in', { healthyMs: 11 * SOAK }), record('check-in'), [SOAK])).toBe(false);
  });

  it('is the wait for a wave that all hosts record in one moment', () => {
    const waiting = record('waiting', { fingerprint: 'new', state: 'pending', healthyMs: null });
    expect(isNews(waiting, record('check-in'), [SOAK])).toBe(false);
  });

  it('is any that is about no roll-out, where nothing was done', () => {
    expect(isNews(record('check-in', { state: 'failed' }), record('check-in'), [])).toBe(false);
    expect(isNews(record('refused'), null, [])).toBe(false);
  });
});
