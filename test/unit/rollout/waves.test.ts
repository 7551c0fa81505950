import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostSelector } from '../../../reconciler/desired/spec.ts';
import type { Member } from '../../../reconciler/rollout/progress.ts';
import { wavesOf } from '../../../reconciler/rollout/waves.ts';

const wave = (hosts: HostSelector) => ({ hosts, soak: 0 });
const member = (name: string, labels: readonly string[] = []): Member => ({
  name,
  labels,
  guests: new Map(),
  broken: null,
});

function namesOf(selectors: readonly HostSelector[], members: readonly Member[]): string[][] {
  return wavesOf(selectors.map(wave), members).map((each) => each.members.map(({ name }) => name));
}

describe('waves', () => {
  it('take a host into the first that names it, and the rest into the last', () => {
    const fleet = [member('a', ['canary']), member('b', ['canary', 'eu']), member('c', ['eu']), member('d')];
    const waves: HostSelector[] = [
      { by: 'label', label: 'canary' },
      { by: 'label', label: 'eu' },
      { by: 'name', hosts: ['a', 'd'] },
    ];
    expect(namesOf(waves, fleet)).toEqual([['a', 'b'], ['c'], ['d'], []]);
  });

  it('have every host in exactly one, whatever they select', () => {
    const selector = fc.oneof(
      fc.constantFrom('x', 'y').map((label): HostSelector => ({ by: 'label', label })),
      fc.integer({ min: 1, max: 100 }).map((percent): HostSelector => ({ by: 'percent', percent })),
      fc.subarray(['h0', 'h3', 'h7']).map((hosts): HostSelector => ({ by: 'name', hosts })),
    );
    fc.assert(
      fc.property(fc.array(selector, { maxLength: 5 }), fc.integer({ min: 0, max: 40 }), (waves, size) => {
        const fleet = Array.from({ length: size }, (_, at) => member(`h${at}`, at % 3 === 0 ? ['x'] : []));
        expect(namesOf(waves, fleet).flat().toSorted()).toEqual(fleet.map(({ name }) => name).toSorted());
      }),
    );
  });

  it('take a share of the whole fleet, at least one host, and not the first by name', () => {
    const fleet = Array.from({ length: 40 }, (_, at) => member(`builder${String(at).padStart(2, '0')}`));
    const [first = [], second = []] = namesOf(
      [
        { by: 'percent', percent: 1 },
        { by: 'percent', percent: 25 },
      ],
      fleet,
    );
    expect(first).toHaveLength(1);
    expect(second).toHaveLength(10);
    expect(second.toSorted()).not.toEqual(fleet.slice(1, 11).map(({ name }) => name));
  });
});
