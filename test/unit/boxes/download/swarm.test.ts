import { describe, expect, test } from 'vitest';
import { listOf } from './lists.ts';
import { swarm } from './swarm-model.ts';

const MIB = 1024 * 1024;
const RATE = 8 * MIB;

function lengths(bytes: number): number[] {
  const all: number[] = [];
  for (let rest = bytes, n = 0; rest > 0; n++) {
    const length = Math.min(rest, 16 * 1024 + ((n * 7919) % 97) * 1024);
    all.push(length);
    rest -= length;
  }
  return all;
}

describe('eight hosts that begin at one seed at the same time, over links of one speed', () => {
  const size = 256 * MIB;
  const outcome = swarm(listOf(lengths(size)), 8, RATE);
  const oneCopy = (size / RATE) * 1000;

  test('all have the file in 1.3 times the time of one copy', () => {
    expect(outcome.ms / oneCopy).toBeLessThanOrEqual(1.3);
  });

  test('have the seed send less than one and a half copies', () => {
    expect(outcome.seedSent / size).toBeLessThanOrEqual(1.5);
  });

  test('move less than 2 % twice', () => {
    expect(outcome.received / (8 * size)).toBeLessThan(1.02);
  });
});

test('hosts whose places in the file lie anyhow have it in 1.3 times the time of one copy as well', () => {
  const size = 128 * MIB;
  const places = [0.1, 0.11, 0.12, 0.3, 0.31, 0.7, 0.72, 0.99];
  const { ms, seedSent } = swarm(listOf(lengths(size)), 8, RATE, places);
  expect(ms / ((size / RATE) * 1000)).toBeLessThanOrEqual(1.3);
  expect(seedSent / size).toBeLessThanOrEqual(1.5);
});
