import { describe, expect, it } from 'vitest';
import { whomToWitness } from '../../../reconciler/audit/whom-to-witness.ts';

const fleetOf = (hosts: number) =>
  Object.fromEntries(
    Array.from({ length: hosts }, (_, index) => [`builder${index}`, `${index}`.padStart(40, '0')]),
  );

describe('a record', () => {
  it('is witness to all other hosts of a fleet that is not large', () => {
    const { builder7: _own, ...others } = fleetOf(65);
    expect(whomToWitness(fleetOf(65), 'builder7', 3)).toEqual(others);
  });

  it('is witness to some of a large one, at what they were seen at, and never to its own host', () => {
    const fleet = fleetOf(10_000);
    for (let sequence = 1; sequence <= 200; sequence += 1) {
      const seen = whomToWitness(fleet, 'builder7', sequence);
      expect(Object.keys(seen)).toHaveLength(64);
      expect(fleet).toMatchObject(seen);
      expect(seen).not.toHaveProperty('builder7');
    }
  });

  it('has come to all of them after as many records as it takes', () => {
    const seen = new Set<string>();
    for (let sequence = 40; sequence < 40 + Math.ceil(999 / 64); sequence += 1)
      for (const host of Object.keys(whomToWitness(fleetOf(1000), 'builder7', sequence))) seen.add(host);
    expect(seen.size).toBe(999);
  });
});

it('hosts that record in one moment see each host, though none sees all', () => {
  const fleet = fleetOf(1000);
  const seen = new Set(Object.keys(fleet).flatMap((host) => Object.keys(whomToWitness(fleet, host, 5))));
  expect(seen.size).toBe(1000);
});
