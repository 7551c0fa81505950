/** The fingerprint of a guest changes exactly when what it is built from does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BuiltOf, fingerprintOf } from '../../../reconciler/desired/fingerprint.ts';
import type { GuestFile } from '../../../reconciler/desired/spec.ts';

const GUEST: BuiltOf = {
  box: {
    name: 'node',
    version: '1.0',
    provider: 'lxc',
    sha256: 'a1'.repeat(32),
    size: 1,
    sources: ['peers:'],
  },
  env: { A: '1', B: '2' },
  secrets: ['TOKEN', 'OTHER'],
  files: [
    { path: 'Vagrantfile', executable: false, oid: '01', sha256: 'b2'.repeat(32), size: 10 },
    { path: 'init.sh', executable: true, oid: '02', sha256: 'c3'.repeat(32), size: 20 },
  ],
};

const text = fc.string({ unit: 'binary', maxLength: 5 });
const file = fc.record({
  path: fc.constantFrom('Vagrantfile', 'init.sh', 'a', 'a/b', 'b'),
  executable: fc.boolean(),
  oid: text,
  sha256: fc.constantFrom('b2'.repeat(32), 'c3'.repeat(32)),
  size: fc.nat(),
});
/** From few values each, so that two of them are often alike in part. */
const guest: fc.Arbitrary<BuiltOf> = fc.record({
  box: fc.record({
    name: fc.constantFrom('n', 'node'),
    version: fc.constantFrom('1', '1.0'),
    provider: fc.constantFrom('lxc', 'x'),
    sha256: fc.constantFrom('a1'.repeat(32), 'd4'.repeat(32)),
    size: fc.nat(),
    sources: fc.array(text),
  }),
  env: fc.dictionary(fc.constantFrom('A', 'B', 'AB', '__proto__'), fc.constantFrom('', 'B', '1', '["B"]')),
  secrets: fc.uniqueArray(fc.constantFrom('A', 'B', 'AB')),
  files: fc.uniqueArray(file, { selector: ({ path }) => path, maxLength: 4 }),
});

/** What it covers, compared by hand: the order in which things are listed is left out. */
function relevant({ box, env, secrets, files }: BuiltOf): string {
  const sorted = (lines: string[]) => lines.toSorted().join('\n');
  return JSON.stringify([
    `${box.name}|${box.version}|${box.provider}|${box.sha256}`,
    sorted(Object.entries(env).map(([name, value]) => JSON.stringify({ name, value }))),
    sorted([...secrets]),
    sorted(files.map(({ path, executable, sha256 }) => JSON.stringify({ path, executable, sha256 }))),
  ]);
}

describe('the fingerprint', () => {
  it('stays what it was from version to version, so that an upgrade of Boxreeve rebuilds nothing', () => {
    // sha256sum over the JSON that fingerprint.ts describes, written by hand
    expect(fingerprintOf(GUEST)).toBe('37082a299ebcf7fb29522042ea02012870f48a4538f5f47143c7e1df76f02662');
  });

  it('is the same for two guests if and only if they are built from the same', () => {
    fc.assert(
      fc.property(guest, guest, (a, b) => {
        expect(fingerprintOf(a) === fingerprintOf(b)).toBe(relevant(a) === relevant(b));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes no notice of order, of object ids, of sizes and of where a box comes from', () => {
    const { box, env, secrets, files } = GUEST;
    const other = {
      box: { ...box, size: 2, sources: [] },
      env: Object.fromEntries(Object.entries(env).toReversed()),
      secrets: secrets.toReversed(),
      files: files.toReversed().map((one) => ({ ...one, oid: 'ff', size: 99 })),
    };
    expect(fingerprintOf(other)).toBe(fingerprintOf(GUEST));
  });

  const withInit = (change: Partial<GuestFile>) => ({
    files: GUEST.files.map((one) => (one.path === 'init.sh' ? { ...one, ...change } : one)),
  });
  const changes: Readonly<Record<string, Partial<BuiltOf>>> = {
    "the box's name": { box: { ...GUEST.box, name: 'other' } },
    "the box's version": { box: { ...GUEST.box, version: '1.1' } },
    "the box's provider": { box: { ...GUEST.box, provider: 'virtualbox' } },
    "the box's digest": { box: { ...GUEST.box, sha256: 'e5'.repeat(32) } },
    'the value of a variable': { env: { A: '1', B: '3' } },
    'the name of a variable': { env: { A: '1', C: '2' } },
    'one variable less': { env: { A: '1' } },
    'the name of a secret': { secrets: ['TOKEN', 'ANOTHER'] },
    'one file less': { files: GUEST.files.slice(0, 1) },
    "a file's content": withInit({ sha256: 'f6'.repeat(32) }),
    "a file's name": withInit({ path: 'init2.sh' }),
    'whether a file can be run': withInit({ executable: false }),
  };
  it.each(Object.keys(changes))('changes with %s', (name) => {
    expect(fingerprintOf({ ...GUEST, ...changes[name] })).not.toBe(fingerprintOf(GUEST));
  });
});
