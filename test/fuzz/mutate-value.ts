/** Plain data after what may happen to it: values in it replaced, left out, put in, doubled and renamed. */
import fc from 'fast-check';
import { hostileKey, hostileValue } from './hostile.ts';
import { PLACE } from './mutate.ts';

/** JSON of one of the samples with values in it replaced, left out, put in and renamed. */
export function damagedJson(samples: readonly unknown[]): fc.Arbitrary<string> {
  return damagedValue(samples).map((value) => JSON.stringify(value) ?? 'null');
}

/** Plain data, as JSON.parse gives it, so that `__proto__` may be a key. */
export function damagedValue(samples: readonly unknown[]): fc.Arbitrary<unknown> {
  const change = fc.record({
    node: PLACE,
    how: fc.constantFrom(...CHANGES),
    put: hostileValue,
    key: hostileKey,
  });
  return fc
    .record({ sample: fc.constantFrom(...samples), changes: fc.array(change, { maxLength: 3 }) })
    .map(({ sample, changes }) => {
      const root = { value: structuredClone(sample) };
      for (const each of changes) changeValue(root, each);
      return root.value;
    });
}

const CHANGES = ['replace', 'remove', 'add', 'rename', 'double', 'text'] as const;
type Change = {
  readonly node: number;
  readonly how: (typeof CHANGES)[number];
  readonly put: unknown;
  readonly key: string;
};

type Slot = { readonly holder: Record<string, unknown> | unknown[]; readonly key: string };

/** Changes one value somewhere within `root.value`. */
function changeValue(root: { value: unknown }, { node, how, put: shared, key }: Change): void {
  const put = structuredClone(shared);
  const slots = slotsIn(root.value);
  const slot = slots[node % (slots.length + 1)];
  if (slot === undefined) {
    if (how === 'replace') root.value = put;
    return;
  }
  const { holder, key: own } = slot;
  const before = read(slot);
  if (how === 'replace') define(holder, own, put);
  if (how === 'remove' && !Array.isArray(holder)) delete holder[own];
  if (how === 'remove' && Array.isArray(holder)) holder.splice(Number(own), 1);
  if (how === 'add') define(holder, Array.isArray(holder) ? String(holder.length) : key, put);
  if (how === 'double')
    define(holder, Array.isArray(holder) ? String(holder.length) : key, structuredClone(before));
  if (how === 'text' && typeof before === 'string')
    define(holder, own, typeof put === 'string' ? before.slice(0, node % (before.length + 1)) + put : '');
  if (how === 'rename' && !Array.isArray(holder)) {
    delete holder[own];
    define(holder, key, before);
  }
}

function slotsIn(value: unknown): Slot[] {
  const found: Slot[] = [];
  const waiting: unknown[] = [value];
  for (let next = waiting.pop(); next !== undefined && found.length < 500; next = waiting.pop()) {
    if (!isHolder(next)) continue;
    for (const key of Object.keys(next).slice(0, 100)) {
      found.push({ holder: next, key });
      waiting.push(read({ holder: next, key }));
    }
  }
  return found;
}

function isHolder(value: unknown): value is Slot['holder'] {
  return typeof value === 'object' && value !== null;
}

function read({ holder, key }: Slot): unknown {
  return Object.getOwnPropertyDescriptor(holder, key)?.value;
}

/** As JSON.parse does: `__proto__` is a key like others. */
function define(holder: Slot['holder'], key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
}
