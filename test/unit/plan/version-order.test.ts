import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../../reconciler/plan/version-order.ts';

describe('versions of a box', () => {
  it.each([
    ['2022.2.17', '2022.2.24'],
    ['9', '10'],
    ['2022.2.9', '2022.2.10'],
    ['1.a', '1'],
    ['1.0-rc1', '1.0'],
    ['1.a', '1.b'],
    ['1.B', '1.a'],
    ['1.rc2', '1.rc10'],
    ['1', '1.1'],
    ['1.2-alpha.1', '1.2-beta'],
    ['1.99999999999999999998', '1.99999999999999999999'],
  ])('%s is older than %s', (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0);
    expect(compareVersions(newer, older)).toBeGreaterThan(0);
  });

  it.each([
    ['1', '1.0'],
    ['1.0.a', '1.a'],
    ['01', '1'],
    ['1-rc', '1.pre.rc'],
    ['1a', '1.a'],
  ])('%s is %s to Vagrant', (one, other) => {
    expect(compareVersions(one, other)).toBe(0);
    expect(compareVersions(other, one)).toBe(0);
  });
});
