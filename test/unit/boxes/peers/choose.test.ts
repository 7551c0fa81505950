import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePeers, roundFrom, windowOf } from '../../../../reconciler/boxes/peers/choose.ts';
import type { KnownPeer } from '../../../../reconciler/boxes/peers/peer.ts';

const FLEET = ['a', 'b', 'c', 'd', 'e', 'f'];

function peer(name: string, ...labels: string[]): KnownPeer {
  return {
    name,
    labels,
    address: `${name}.example`,
    port: 22,
    user: 'boxreeve-peer',
    hostKey: 'ssh-ed25519 AAAA',
    folder: '/boxes',
  };
}

function namesOf(peers: readonly KnownPeer[]): string {
  return peers.map(({ name }) => name).join('');
}

const MOST = { near: [], most: 8 };
const NOBODY = new Set<string>();

describe('choosePeers', () => {
  it('begins after the own place in the fleet, so that each host asks another one first', () => {
    const peers = FLEET.map((name) => peer(name));
    const from = (name: string) => namesOf(choosePeers(peers, { name, labels: [] }, MOST, NOBODY).now);
    expect(from('a')).toBe('bcdef');
    expect(from('c')).toBe('defab');
    expect(from('f')).toBe('abcde');
    expect(from('cc')).toBe('defabc');
  });

  it('asks hosts that say they hold the file first, then those in the same place', () => {
    const peers = [peer('a', 'zurich'), peer('b'), peer('c', 'zurich'), peer('d', 'bern'), peer('e')];
    const rules = { near: ['zurich', 'bern'], most: 8 };
    const { now } = choosePeers(peers, { name: 'b', labels: ['zurich', 'fast'] }, rules, new Set(['e', 'a']));
    expect(namesOf(now)).toBe('aecd');
  });

  it('does not take a label for a place that the fleet does not call one', () => {
    const peers = [peer('a'), peer('b'), peer('c', 'canary')];
    const { now } = choosePeers(peers, { name: 'a', labels: ['canary'] }, MOST, NOBODY);
    expect(namesOf(now)).toBe('bc');
  });

  it('asks no more than are allowed at one time, and has the rest in reserve', () => {
    const { now, later } = choosePeers(
      FLEET.map((name) => peer(name)),
      { name: 'b', labels: [] },
      { near: [], most: 2 },
      new Set(['a', 'f', 'd']),
    );
    expect([namesOf(now), namesOf(later)]).toEqual(['df', 'ace']);
  });

  const fleets = fc.record({
    peers: fc.uniqueArray(
      fc
        .tuple(fc.string({ minLength: 1, maxLength: 4 }), fc.subarray(['x', 'y', 'z']))
        .map(([name, labels]) => peer(name, ...labels)),
      { selector: ({ name }) => name, maxLength: 40 },
    ),
    asker: fc.record({ name: fc.string({ maxLength: 4 }), labels: fc.subarray(['x', 'y', 'z']) }),
    rules: fc.record({ near: fc.subarray(['x', 'y', 'z']), most: fc.integer({ min: 1, max: 64 }) }),
    holders: fc.array(fc.string({ maxLength: 4 })).map((names) => new Set(names)),
  });

  it('has each other host exactly once, whatever the fleet is like, and never itself', () => {
    fc.assert(
      fc.property(fleets, ({ peers, asker, rules, holders }) => {
        const { now, later } = choosePeers(peers, asker, rules, holders);
        const expected = peers.map(({ name }) => name).filter((name) => name !== asker.name);
        expect([...now, ...later].map(({ name }) => name).toSorted()).toEqual(expected.toSorted());
        expect(now.length).toBe(Math.min(rules.most, expected.length));
      }),
    );
  });

  it('never asks one that says nothing before one that says it holds the file', () => {
    fc.assert(
      fc.property(fleets, ({ peers, asker, rules, holders }) => {
        const { now, later } = choosePeers(peers, asker, rules, holders);
        const holds = [...now, ...later].map(({ name }) => holders.has(name));
        expect(holds).toEqual(holds.toSorted((one, other) => Number(other) - Number(one)));
      }),
    );
  });

  it('does not depend on the order in which hosts are listed', () => {
    fc.assert(
      fc.property(fleets, ({ peers, asker, rules, holders }) => {
        const there = choosePeers(peers, asker, rules, holders);
        expect(choosePeers(peers.toReversed(), asker, rules, holders)).toEqual(there);
      }),
    );
  });

  it('spreads the first question: of a fleet without holders, each host is asked first by exactly one', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ maxLength: 5 }), { minLength: 2, maxLength: 40 }), (names) => {
        const peers = names.map((name) => peer(name));
        const first = names.map(
          (name) => choosePeers(peers, { name, labels: [] }, MOST, NOBODY).now[0]?.name,
        );
        expect(first.toSorted()).toEqual(names.toSorted());
      }),
    );
  });
});

describe('windowOf', () => {
  const fleet = (size: number) =>
    Array.from({ length: size }, (_, at) => `host${String(at).padStart(5, '0')}`);

  it('is the whole fleet where that is small', () => {
    const names = fleet(301);
    expect(windowOf(names, 'host00007')).toEqual(roundFrom(names, 'host00007'));
  });

  it('is a few hundred hosts of ten thousand: the next ones, and some all over the fleet', () => {
    const names = fleet(10_000);
    const seen = windowOf(names, 'host04321');
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe(256);
    expect(seen.slice(0, 2)).toEqual(['host04322', 'host04323']);
    const thousands = new Set(seen.map((name) => name.slice(4, 6)));
    expect(thousands.size).toBe(10);
  });

  it('leads from any host to all others in a few steps', () => {
    const names = fleet(3000);
    const reached = new Set(['host01234']);
    // who has something in its window can get it from there: looked at the other way round
    const windows = names.map((name) => [name, windowOf(names, name)] as const);
    for (let step = 0; step < 4; step += 1) {
      const before = new Set(reached);
      for (const [name, seen] of windows) if (seen.some((other) => before.has(other))) reached.add(name);
    }
    expect(reached.size).toBe(names.length);
  });
});
