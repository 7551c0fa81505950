import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  machineIndexFile,
  parseIndex,
  readMachineIndex,
} from '../../../reconciler/observed/machine-index.ts';
import { mendMachineIndex, snapshotMachineIndex } from '../../../reconciler/observed/mend-machine-index.ts';
import { salvageEntries } from '../../../reconciler/observed/salvage-entries.ts';

let root: string;
let home: string;
let snapshot: string;
const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-index-'));
  home = join(root, 'home');
  snapshot = join(root, 'snapshots', 'machine-index.json');
  mkdirSync(dirname(machineIndexFile(home)), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const uuid = (digit: number) => String(digit).repeat(32);
function entry(folder: string) {
  return {
    local_data_path: join(folder, '.vagrant'),
    name: 'default',
    provider: 'lxc',
    state: 'running',
    vagrantfile_name: null,
    vagrantfile_path: folder,
    updated_at: null,
    extra_data: { box: { name: 'mini', provider: 'lxc', version: '1.0.0' } },
  };
}
const indexOf = (...folders: string[]) =>
  JSON.stringify({ version: 1, machines: Object.fromEntries(folders.map((f, at) => [uuid(at), entry(f)])) });
const write = (text: string) => writeFileSync(machineIndexFile(home), text);
const uuidsNow = () => {
  const parsed = parseIndex(readFileSync(machineIndexFile(home), 'utf8'));
  return parsed.state === 'read' ? Object.keys(parsed.entries) : parsed;
};

describe('reading', () => {
  test('tells each machine, its folder and its box', () => {
    write(indexOf('/a'));
    expect(readMachineIndex(home)).toEqual({
      state: 'read',
      entries: [
        {
          uuid: uuid(0),
          name: 'default',
          provider: 'lxc',
          folder: '/a',
          dataFolder: '/a/.vagrant',
          box: { name: 'mini', version: '1.0.0', provider: 'lxc' },
        },
      ],
    });
  });

  test('a VAGRANT_HOME without an index is no damage', () => {
    expect(readMachineIndex(home)).toEqual({ state: 'absent' });
  });

  test('an index cut off anywhere is damaged, and never throws', () => {
    const whole = indexOf('/a', '/b');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
        expect(parseIndex(whole.slice(0, length)).state).toBe('damaged');
      }),
    );
  });

  test('an index whose version is no number is foreign, whatever it is', () => {
    for (const version of [{ toString: null, valueOf: null }, [], null, { toString: 1 }])
      expect(parseIndex(JSON.stringify({ version, machines: {} }))).toEqual({
        state: 'foreign',
        why: 'without a version',
      });
  });

  test('a machine under the key __proto__ is not lost', () => {
    const parsed = parseIndex('{"version":1,"machines":{"__proto__":{"name":"x"}}}');
    expect(parsed.state === 'read' && Object.keys(parsed.entries)).toEqual(['__proto__']);
  });

  test('an index of a later Vagrant is foreign, not damaged', () => {
    expect(parseIndex('{"version":2,"machines":{}}')).toEqual({
      state: 'foreign',
      why: 'of version 2, not 1',
    });
  });
});

describe('mending', () => {
  test('a sound index is left as it is', async () => {
    write(indexOf('/a'));
    expect(await mendMachineIndex(home, snapshot, [], clock)).toEqual({ state: 'sound' });
    expect(readdirSync(dirname(machineIndexFile(home)))).toEqual(['index']);
  });

  test('a damaged index gets every machine of the copy back, and what is left of it is kept', async () => {
    write(indexOf('/a', '/b'));
    await snapshotMachineIndex(home, snapshot);
    write('{"version":1,"mach');
    const mended = await mendMachineIndex(home, snapshot, [], clock);
    expect(mended).toMatchObject({ state: 'mended', machines: 2 });
    expect(uuidsNow()).toEqual([uuid(0), uuid(1)]);
    const aside = `${machineIndexFile(home)}.corrupt-2026-01-02T03-04-05-000Z`;
    expect(readFileSync(aside, 'utf8')).toBe('{"version":1,"mach');
  });

  test('a machine made after the copy is read from what the damage left', async () => {
    write(indexOf('/a'));
    await snapshotMachineIndex(home, snapshot);
    write(indexOf('/a', '/b').slice(0, -1));
    await mendMachineIndex(home, snapshot, [], clock);
    expect(uuidsNow()).toEqual([uuid(0), uuid(1)]);
  });

  test('an emptied index is damage: Vagrant would take it for a host without machines', async () => {
    write(indexOf('/a'));
    await snapshotMachineIndex(home, snapshot);
    write('');
    expect(await mendMachineIndex(home, snapshot, [], clock)).toMatchObject({ state: 'mended', machines: 1 });
  });

  test('without a copy the machines of our own folders are found again', async () => {
    const folder = join(root, 'guests', 'agent');
    const record = join(folder, '.vagrant', 'machines', 'default', 'lxc');
    mkdirSync(record, { recursive: true });
    writeFileSync(join(record, 'id'), 'agent-1');
    writeFileSync(join(record, 'index_uuid'), uuid(7));
    write('{');
    await mendMachineIndex(home, snapshot, [folder], clock);
    expect(readMachineIndex(home)).toMatchObject({ entries: [{ uuid: uuid(7), folder, provider: 'lxc' }] });
  });

  test('a foreign index is left as it is', async () => {
    write('{"version":2}');
    expect(await mendMachineIndex(home, snapshot, [], clock)).toMatchObject({ state: 'foreign' });
    expect(readFileSync(machineIndexFile(home), 'utf8')).toBe('{"version":2}');
  });

  test('a damaged index never replaces the copy', async () => {
    write(indexOf('/a'));
    await snapshotMachineIndex(home, snapshot);
    const copy = readFileSync(snapshot, 'utf8');
    write('{"vers');
    await snapshotMachineIndex(home, snapshot);
    expect(readFileSync(snapshot, 'utf8')).toBe(copy);
  });
});

test('salvage finds the whole entries of a cut index, and only those, with any text in them', () => {
  const odd = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(odd, odd, fc.double({ min: 0, max: 1, noNaN: true }), (first, second, share) => {
      const whole = indexOf(first, second);
      const salvaged = salvageEntries(whole.slice(0, Math.floor(whole.length * share)));
      const all: Record<string, unknown> = JSON.parse(whole).machines;
      for (const [key, value] of Object.entries(salvaged)) expect(value).toEqual(all[key]);
      expect(salvageEntries(whole)).toEqual(all);
    }),
  );
});

test('a damaged index is searched once, however many entries of it have lost their end', () => {
  // gone through from each entry to the end of the text, this would take hours
  const open = `"${uuid(1)}":{`.repeat(200_000);
  expect(salvageEntries(`${open}}, "${uuid(2)}": {"name": "x"}`)).toEqual({
    [uuid(1)]: {},
    [uuid(2)]: { name: 'x' },
  });
});
