/** What Vagrant and the providers' tools leave and print on a host, and what a crash leaves of our own files. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { machineIndexFile, parseIndex, readMachineIndex } from '../../reconciler/observed/machine-index.ts';
import {
  guestSnapshots,
  keptMachines,
  restoreMachineRecord,
} from '../../reconciler/observed/machine-record.ts';
import { emptyMemory, guestIn, newGuestMemory } from '../../reconciler/observed/memory.ts';
import { peekMemory } from '../../reconciler/observed/memory-store.ts';
import type { ToolAnswer } from '../../reconciler/observed/providers/ask-tool.ts';
import { domainsIn } from '../../reconciler/observed/providers/libvirt.ts';
import { listeningIn } from '../../reconciler/observed/providers/lxc.ts';
import { statesIn } from '../../reconciler/observed/providers/parallels.ts';
import { answerIn } from '../../reconciler/observed/providers/virtualbox.ts';
import { runningIn } from '../../reconciler/observed/providers/vmware.ts';
import { salvageEntries } from '../../reconciler/observed/salvage-entries.ts';
import { readMachineRecords } from '../../reconciler/observed/vagrant-store.ts';
import { COMMIT, guest } from '../unit/plan/builders.ts';
import { expectOneLine, expectPlain, holds } from './holds.ts';
import { damaged, damagedText } from './mutate.ts';
import { damagedJson, damagedValue } from './mutate-value.ts';

const root = mkdtempSync(join(tmpdir(), 'boxreeve-fuzz-observed-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const UUID = 'ab'.repeat(16);
const ENTRY = {
  local_data_path: '/guests/azure-agent/.vagrant',
  name: 'default',
  provider: 'lxc',
  state: 'running',
  vagrantfile_name: null,
  vagrantfile_path: '/guests/azure-agent',
  updated_at: null,
  extra_data: { box: { name: 'mini', provider: 'lxc', version: '1.0.0' } },
};
const INDEX = { version: 1, machines: { [UUID]: ENTRY, ['cd'.repeat(16)]: ENTRY } };

describe("Vagrant's machine index", () => {
  const file = machineIndexFile(root);
  mkdirSync(dirname(file), { recursive: true });
  const cases = fc.oneof(damagedJson([INDEX]), damagedText([JSON.stringify(INDEX)]));

  it('is read with every machine in it, or called damaged or foreign in words', async () => {
    await holds(cases, (text) => {
      const parsed = parseIndex(text);
      if (parsed.state !== 'read') return expectOneLine(parsed.why);
      expectPlain(parsed.entries);
      const machines: unknown = JSON.parse(text).machines ?? {};
      expect(Object.keys(parsed.entries).sort()).toEqual(Object.keys(machines ?? {}).sort());
    });
  });

  it('gives entries of texts from its file', async () => {
    await holds(cases, (text) => {
      writeFileSync(file, text);
      const index = readMachineIndex(root);
      if (index.state !== 'read') return;
      for (const entry of index.entries) {
        const texts = [entry.uuid, entry.name, entry.provider, entry.folder, entry.dataFolder];
        expect(texts.every((each) => typeof each === 'string')).toBe(true);
      }
    });
  });

  it('gives up only entries that stand whole in what is left of it', async () => {
    await holds(cases, (text) => {
      for (const [uuid, entry] of Object.entries(salvageEntries(text))) {
        expect(uuid).toMatch(/^[0-9a-f]{32}$/);
        expect(typeof entry).toBe('object');
      }
    });
  });

  it('is searched to its end, however much of it has lost its own', () => {
    expect(salvageEntries(`"${UUID}":{`.repeat(200_000))).toEqual({});
    const open = `${`"${'ef'.repeat(16)}":{"a":"`.repeat(200_000)}"}, "${UUID}": {"a": 1}`;
    expect(Object.keys(salvageEntries(open))).toContain(UUID);
  });
});

describe('memory', () => {
  const spec = guest({
    name: 'azure-agent',
    agent: { system: 'command', drain: ['a'], idle: ['b'], undrain: [] },
  });
  const at = '2026-01-14T12:00:00.000Z';
  const full = {
    ...emptyMemory('builder1'),
    applied: { commit: COMMIT, at },
    pause: { reason: 'r', since: at, until: null },
    pausedGuests: { 'azure-agent': { reason: 'r', since: at, until: at } },
    waiting: 'w',
    guests: {
      'azure-agent': {
        ...newGuestMemory,
        built: {
          spec,
          commit: COMMIT,
          at,
          machineId: 'm1',
          ssh: { host: 'h', port: 22, user: 'u', identityFiles: ['/k'], hostKey: null },
        },
        good: { spec, commit: COMMIT, at },
        failed: { fingerprint: 'f', commit: COMMIT, at, error: 'e' },
        drained: { since: at, byOther: false, agent: spec.agent },
        tookMs: [1, 2],
      },
    },
    reboot: { asked: null, after: 'macos-14', failedAt: null },
  };
  const file = join(root, 'memory', 'memory.json');
  mkdirSync(dirname(file), { recursive: true });

  it('is used whole, or not at all; what is used is written and read again the same', async () => {
    await holds(fc.oneof(damaged([JSON.stringify(full)]), damagedJson([full])), (content) => {
      writeFileSync(file, content);
      const memory = peekMemory(file, 'builder1');
      if (memory === null) return;
      expect(memory.host).toBe('builder1');
      for (const name of ['azure-agent', 'constructor', '__proto__']) {
        const known = guestIn(memory, name);
        if (known !== undefined) expect([null, 'object']).toContain(known.built && typeof known.built);
      }
      const written = JSON.stringify(memory, null, 2);
      writeFileSync(file, written);
      // as text: -0 is written as 0
      expect(JSON.stringify(peekMemory(file, 'builder1'), null, 2)).toBe(written);
    });
  });
});

describe("a kept copy of Vagrant's record of a machine", () => {
  const file = (name: string, mode = 0o600) => ({ name, mode, content: Buffer.from('x').toString('base64') });
  const box = { name: 'mini', version: '1.0.0', provider: 'lxc' };
  const kept = {
    version: 1,
    machines: [
      { machine: 'default', provider: 'lxc', id: 'm1', box, files: [file('id'), file('box_meta', 0o644)] },
    ],
  };

  it('is put back within the folder of the guest, or not used', async () => {
    const dirs = { snapshots: join(root, 'snapshots') };
    const snapshot = guestSnapshots(dirs, 'azure-agent');
    mkdirSync(snapshot, { recursive: true });
    const place = join(root, 'place');
    await holds(fc.oneof(damagedJson([kept]), damagedText([JSON.stringify(kept)])), async (text) => {
      writeFileSync(join(snapshot, 'machine-record.json'), text);
      const project = join(place, 'project');
      const machines = keptMachines(snapshot);
      const [first] = machines;
      if (first === undefined) return;
      // what is as it was need not be put on the disk once more
      if (JSON.stringify(first) === JSON.stringify(kept.machines[0])) return;
      mkdirSync(project, { recursive: true });
      try {
        await restoreMachineRecord(project, snapshot, first.id);
        expect(readdirSync(place)).toEqual(['project']);
        expect(readdirSync(project)).toEqual(['.vagrant']);
        expect(readdirSync(join(project, '.vagrant'))).toEqual(['machines']);
        expect(readdirSync(join(project, '.vagrant', 'machines'))).toEqual([first.machine]);
      } finally {
        rmSync(place, { recursive: true });
      }
    });
  });
});

describe("Vagrant's own record of a machine", () => {
  it('is read, whatever its files hold', async () => {
    const project = join(root, 'project');
    const folder = join(project, '.vagrant', 'machines', 'default', 'lxc');
    mkdirSync(folder, { recursive: true });
    const meta = {
      name: 'mini',
      version: '1.0.0',
      provider: 'lxc',
      architecture: null,
      directory: 'boxes/mini',
    };
    const cases = fc.record({
      id: damaged(['azure-agent-1f2e', UUID]),
      meta: damagedJson([meta]),
      uuid: damaged([UUID]),
    });
    await holds(cases, ({ id, meta, uuid }) => {
      writeFileSync(join(folder, 'id'), id);
      writeFileSync(join(folder, 'box_meta'), meta);
      writeFileSync(join(folder, 'index_uuid'), uuid);
      const [record, ...more] = readMachineRecords(project);
      expect(more).toEqual([]);
      expect(record).toMatchObject({ folder, machine: 'default', provider: 'lxc' });
      for (const text of [record?.id, record?.indexUuid]) expect(text).not.toBe('');
      if (record?.box != null)
        expect(Object.values(record.box).every((text) => typeof text === 'string')).toBe(true);
    });
  });
});

describe("what a provider's tool prints", () => {
  const recorded = (tool: string) => {
    const folder = new URL('../contract/fixtures/providers/', import.meta.url);
    return (
      readdirSync(folder)
        // some recordings are of several questions, by other names
        .filter((name) => name.startsWith(tool) && existsSync(new URL(`${name}/stdout`, folder)))
        .flatMap((name) =>
          ['stdout', 'stderr'].map((each) => readFileSync(new URL(`${name}/${each}`, folder))),
        )
    );
  };
  const answers = (tool: string): fc.Arbitrary<ToolAnswer> =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constant<ToolAnswer>({ state: 'none', why: 'it was not found' }) },
      {
        weight: 20,
        arbitrary: fc.record({
          state: fc.constant('ended' as const),
          exitStatus: fc.constantFrom(0, 0, 0, 1),
          stdout: damagedText(recorded(tool)),
          stderr: fc.oneof(fc.constant(''), damagedText(recorded(tool))),
        }),
      },
    );

  it('of virtualbox is an answer, and no machine is gone but by its own code', async () => {
    await holds(answers('vboxmanage'), (answer) => {
      const found = answerIn(answer, '3f2c9f1e-5a0f-4c0e-9d52-0c6f0e6a1b11');
      if (found.state === 'gone') {
        expect(answer).toMatchObject({
          state: 'ended',
          stderr: expect.stringContaining('VBOX_E_OBJECT_NOT_FOUND'),
        });
        expect(answer).not.toMatchObject({ exitStatus: 0 });
      }
      if (found.state === 'unknown') expectOneLine(found.why);
    });
  });

  it.each([
    ['vmware', 'vmrun', (answer: ToolAnswer) => runningIn(answer)],
    ['parallels', 'prlctl', (answer: ToolAnswer) => statesIn(answer)],
    ['libvirt', 'virsh', (answer: ToolAnswer) => domainsIn(answer)],
  ] as const)(
    'of %s is a list, or a reason; a tool that failed gives no list',
    async (_provider, tool, read) => {
      await holds(answers(tool), (answer) => {
        const listed = read(answer);
        if (answer.state === 'none' || answer.exitStatus !== 0) expect(listed).toHaveProperty('why');
        if ('why' in listed) expectOneLine(listed.why);
      });
    },
  );

  it('of parallels is not used where one machine in it cannot be understood', async () => {
    const list: unknown = JSON.parse(String(recorded('prlctl-list')[0]));
    await holds(damagedValue([list]), (value) => {
      const listed = statesIn({
        state: 'ended',
        exitStatus: 0,
        stdout: JSON.stringify(value) ?? '',
        stderr: '',
      });
      if ('why' in listed) return;
      expect(Array.isArray(value)).toBe(true);
      for (const state of listed.states.values()) expect(typeof state).toBe('string');
    });
  });

  it('of the kernel, about sockets, gives names of one line', async () => {
    const table = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 17033 @/var/lib/lxc/azure-agent-1f2e/command
0000000000000000: 00000003 00000000 00000000 0001 03 18043 /run/systemd/journal/stdout
0000000000000000: 00000002 00000000 00010000 0001 01 19001 @a b@c
`;
    await holds(damagedText([table]), (text) => {
      for (const name of listeningIn(text)) expect(name).toMatch(/^@[^\n]*$/);
    });
  });
});
