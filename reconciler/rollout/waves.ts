/** Which hosts are in which wave. Pure: the same fleet gives the same waves on every host. */
import { createHash } from 'node:crypto';
import type { HostSelector, WaveSpec } from '../desired/spec.ts';
import type { Member } from './progress.ts';

export type Wave = {
  readonly members: readonly Member[];
  /** Milliseconds. */
  readonly soak: number;
};

/**
 * 1. A host is in the first wave that names it; hosts in none are one more wave, the last.
 * 2. A share is of all hosts of the fleet, rounded up, taken from those in no earlier wave, in the order of a hash of their names.
 * 3. A host whose file cannot be read might be in any wave: it counts as in the first.
 */
export function wavesOf(specs: readonly WaveSpec[], members: readonly Member[]): readonly Wave[] {
  const before = known.get(members);
  if (before?.specs === specs) return before.waves;
  const waves = divide(specs, members);
  known.set(members, { specs, waves });
  return waves;
}

/** A fleet is the same object for as long as its desired state is, and asked about at every poll: thousands of hashes, each time. */
const known = new WeakMap<
  readonly Member[],
  { readonly specs: readonly WaveSpec[]; readonly waves: readonly Wave[] }
>();

function divide(specs: readonly WaveSpec[], members: readonly Member[]): readonly Wave[] {
  let left = members;
  const waves = specs.map(({ hosts, soak }, index): Wave => {
    const broken = index === 0 ? left.filter((member) => member.broken !== null) : [];
    const chosen = new Set([...broken, ...select(hosts, left, members.length)]);
    left = left.filter((member) => !chosen.has(member));
    return { members: [...chosen], soak };
  });
  return [...waves, { members: left, soak: 0 }];
}

/** Index of the wave that a host is in; -1 if it is not in the fleet. */
export function waveOf(waves: readonly Wave[], host: string): number {
  return waves.findIndex(({ members }) => members.some(({ name }) => name === host));
}

function select(selector: HostSelector, left: readonly Member[], all: number): readonly Member[] {
  switch (selector.by) {
    case 'label':
      return left.filter(({ labels }) => labels.includes(selector.label));
    case 'name':
      return left.filter(({ name }) => selector.hosts.includes(name));
    case 'percent':
      return byHash(left).slice(0, Math.ceil((selector.percent * all) / 100));
  }
}

/** Not by name: neighbours in the order of names are often neighbours in the rack. */
function byHash(members: readonly Member[]): readonly Member[] {
  return members
    .map((member) => ({ member, key: createHash('sha256').update(member.name).digest('hex') }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ member }) => member);
}
