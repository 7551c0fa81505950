/**
 * Providers that are asked by their own tool. The tools cannot run here, so each is stood in for by a program that
 * prints what the real one printed: see fixtures/providers/README.md for which version wrote it.
 */
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { removeLeftovers } from '../../reconciler/apply/box-leftovers.ts';
import {
  askMachine,
  askProviders,
  isKnownProvider,
  providerVersion,
} from '../../reconciler/observed/providers.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures', 'providers');
const PATH = process.env.PATH;

let tools: string;
beforeEach(async () => {
  tools = await realpath(await mkdtemp(join(tmpdir(), 'boxreeve-tools-')));
  process.env.PATH = [tools, '/usr/bin', '/bin'].join(delimiter);
});
afterEach(async () => {
  process.env.PATH = PATH;
  await rm(tools, { recursive: true, force: true });
});

/** Puts a program in front of PATH that notes its arguments and prints a recording. */
async function play(program: string, recording: string, replace: Record<string, string> = {}): Promise<void> {
  const folder = join(FIXTURES, recording);
  let stdout = await readFile(join(folder, 'stdout'), 'utf8');
  for (const [mark, text] of Object.entries(replace)) stdout = stdout.replace(mark, text);
  await writeFile(join(tools, `${program}.out`), stdout);
  const exit = (await readFile(join(folder, 'exit'), 'utf8')).trim();
  const script = [
    '#!/bin/sh',
    `printf '%s\\n' "$*" >>'${tools}/${program}.calls'`,
    `cat '${tools}/${program}.out'`,
    `cat '${folder}/stderr' >&2`,
    `exit ${exit}`,
  ];
  await writeFile(join(tools, program), `${script.join('\n')}\n`);
  await chmod(join(tools, program), 0o755);
}

async function callsOf(program: string): Promise<string[]> {
  return (await readFile(join(tools, `${program}.calls`), 'utf8')).trim().split('\n');
}

describe('VirtualBox', () => {
  const machine = { provider: 'virtualbox', id: '3f2c9f1e-5a0f-4c0e-9d52-0c6f0e6a1b11' };

  test('a machine that runs, and one that is off', async () => {
    await play('VBoxManage', 'vboxmanage-running');
    expect(await askMachine(machine)).toEqual({ state: 'exists', power: 'running' });
    await play('VBoxManage', 'vboxmanage-off');
    expect(await askMachine(machine)).toEqual({ state: 'exists', power: 'stopped' });
    expect(await callsOf('VBoxManage')).toEqual(Array(2).fill(`showvminfo ${machine.id} --machinereadable`));
  });

  test('a machine that VirtualBox says it does not have is gone', async () => {
    await play('VBoxManage', 'vboxmanage-missing');
    expect(await askMachine(machine)).toEqual({ state: 'gone' });
  });

  test('a failing VirtualBox, or a machine it cannot open, is unknown and not gone', async () => {
    await play('VBoxManage', 'vboxmanage-broken');
    expect(await askMachine(machine)).toMatchObject({
      state: 'unknown',
      why: expect.stringMatching(/Failed to create the VirtualBox/),
    });
    await play('VBoxManage', 'vboxmanage-inaccessible');
    expect(await askMachine(machine)).toMatchObject({ state: 'unknown' });
  });

  test('an id that is no UUID never becomes an option', async () => {
    await play('VBoxManage', 'vboxmanage-running');
    expect(await askMachine({ provider: 'virtualbox', id: '--help' })).toMatchObject({ state: 'unknown' });
    await expect(callsOf('VBoxManage')).rejects.toThrow();
  });
});

describe('VMware', () => {
  async function machineFile(): Promise<string> {
    const vmx = join(tools, 'machines', 'box', 'box.vmx');
    await mkdir(join(tools, 'machines', 'box'), { recursive: true });
    await writeFile(vmx, '');
    return vmx;
  }

  test('one call tells which machines run', async () => {
    const vmx = await machineFile();
    const off = join(tools, 'machines', 'off.vmx');
    await writeFile(off, '');
    await play('vmrun', 'vmrun-running', { '@VMX@': vmx });
    const ids = [vmx, off].map((id) => ({ provider: 'vmware_desktop', id }));
    const sighting = await askProviders(ids);
    expect(ids.map((id) => sighting.of(id))).toEqual([
      { state: 'exists', power: 'running' },
      { state: 'exists', power: 'stopped' },
    ]);
    expect(await callsOf('vmrun')).toEqual(['list']);
  });

  test('a machine is recognised by another name of its file', async () => {
    const vmx = await machineFile();
    await symlink(join(tools, 'machines'), join(tools, 'link'));
    await play('vmrun', 'vmrun-running', { '@VMX@': vmx });
    const id = join(tools, 'link', 'box', 'box.vmx');
    expect(await askMachine({ provider: 'vmware_fusion', id })).toEqual({
      state: 'exists',
      power: 'running',
    });
  });

  test('a missing file means gone where its disk is there, and unknown where it is not', async () => {
    await play('vmrun', 'vmrun-none');
    const id = join(tools, 'machines', 'box', 'box.vmx');
    expect(await askMachine({ provider: 'vmware_desktop', id })).toEqual({ state: 'gone' });
    const away = { provider: 'vmware_desktop', id: '/Volumes/boxes-that-are-away/box/box.vmx' };
    expect(await askMachine(away)).toMatchObject({ state: 'unknown', why: expect.stringMatching(/disk/) });
  });

  test('with vmrun failing a machine that is there has an unknown power, and one that is not is unknown', async () => {
    const vmx = await machineFile();
    await play('vmrun', 'vmrun-broken');
    expect(await askMachine({ provider: 'vmware_desktop', id: vmx })).toEqual({
      state: 'exists',
      power: 'unknown',
    });
    const missing = { provider: 'vmware_desktop', id: join(tools, 'none.vmx') };
    expect(await askMachine(missing)).toMatchObject({ state: 'unknown' });
  });
});

describe('Parallels', () => {
  const id = (last: string) => ({ provider: 'parallels', id: `0b5f6c1e-0d8e-4a7e-8a3f-7d1f0c9a2b${last}` });

  test('one call tells all machines, with and without braces around their ids', async () => {
    await play('prlctl', 'prlctl-list');
    const ids = [id('01'), id('02'), id('03'), id('09')];
    const sighting = await askProviders(ids);
    expect(ids.map((each) => sighting.of(each))).toEqual([
      { state: 'exists', power: 'running' },
      { state: 'exists', power: 'stopped' },
      { state: 'exists', power: 'stopped' },
      { state: 'gone' },
    ]);
    expect(await callsOf('prlctl')).toHaveLength(1);
  });

  test('a service that does not answer makes every machine unknown', async () => {
    await play('prlctl', 'prlctl-broken');
    expect(await askMachine(id('01'))).toMatchObject({
      state: 'unknown',
      why: expect.stringMatching(/Unable to connect/),
    });
  });
});

describe('libvirt', () => {
  const machine = { provider: 'libvirt', id: '6695eb01-f6a4-8304-79aa-97f2502e193f' };
  const other = { provider: 'libvirt', id: '6695eb01-f6a4-8304-79aa-97f2502e1930' };

  test('one call tells which domains exist and which of them run', async () => {
    await play('virsh', 'virsh-running');
    const sighting = await askProviders([machine, other]);
    expect([sighting.of(machine), sighting.of(other)]).toEqual([
      { state: 'exists', power: 'running' },
      { state: 'gone' },
    ]);
    expect(await callsOf('virsh')).toHaveLength(1);
    await play('virsh', 'virsh-stopped');
    expect(await askMachine(machine)).toEqual({ state: 'exists', power: 'stopped' });
  });

  test('a libvirt that is not running makes its domains unknown, not gone', async () => {
    await play('virsh', 'virsh-away');
    expect(await askMachine(machine)).toMatchObject({
      state: 'unknown',
      why: expect.stringMatching(/failed to connect/),
    });
  });
});

describe('what libvirt has left of a box', () => {
  const folder = join(FIXTURES, 'virsh-volumes');
  const node = (version: string) => ({ name: 'acme/node', version, provider: 'libvirt' });
  const image = (rest: string) => `acme-VAGRANTSLASH-node_vagrant_box_image_${rest}.img`;

  /** Answers each command by its recording; other volumes than the guest's disk have none behind them. */
  async function playVolumes(disk = '/guest/diskimage1'): Promise<void> {
    await writeFile(
      join(tools, 'dumpxml'),
      (await readFile(join(folder, 'dumpxml'), 'utf8')).replace('/guest/diskimage1', disk),
    );
    const script = [
      '#!/bin/sh',
      `printf '%s\\n' "$*" >>'${tools}/virsh.calls'`,
      '[ "$1" = --readonly ] && shift',
      'case $3 in',
      `  dumpxml) cat '${tools}/dumpxml' ;;`,
      '  vol-delete) echo "Vol deleted" ;;',
      `  vol-dumpxml) case $5 in *guest.img) cat '${folder}/vol-dumpxml' ;; *) sed '/<backingStore>/,/<.backingStore>/d' '${folder}/vol-dumpxml' ;; esac ;;`,
      `  *) cat "${folder}/$3" ;;`,
      'esac',
    ];
    await writeFile(join(tools, 'virsh'), `${script.join('\n')}\n`, { mode: 0o755 });
  }

  const deleted = async () => (await callsOf('virsh')).filter((call) => call.includes('vol-delete'));

  test('is removed where nothing is built on it, of this version and no other', async () => {
    await playVolumes();
    expect((await removeLeftovers(node('1.0'))).split('\n')).toEqual([
      `removed volume ${image('1.0')} of pool default`,
      `removed volume ${image('1.0_box')} of pool default`,
    ]);
    expect(await deleted()).toEqual([
      `--connect qemu:///system vol-delete --pool=default --vol=${image('1.0')}`,
      `--connect qemu:///system vol-delete --pool=default --vol=${image('1.0_box')}`,
    ]);
  });

  test('stays where a volume is backed by it', async () => {
    await playVolumes();
    expect(await removeLeftovers(node('2.0'))).toBe(
      `volume ${image('2.0_box')} of pool default stays: volume guest.img is built on it`,
    );
    expect(await deleted()).toEqual([]);
  });

  test('stays where a domain has it as a disk', async () => {
    await playVolumes(`/var/lib/libvirt/images/${image('1.0')}`);
    expect(await removeLeftovers(node('1.0'))).toContain(
      `volume ${image('1.0')} of pool default stays: domain test is built on it`,
    );
    expect(await deleted()).toHaveLength(1);
  });

  test('is not looked into further where it is nothing, and stays where nobody can tell', async () => {
    await playVolumes();
    expect(await removeLeftovers(node('3.0'))).toBe('');
    expect(await callsOf('virsh')).toHaveLength(2);
    await play('virsh', 'virsh-away');
    expect(await removeLeftovers(node('1.0'))).toMatch(/could not be seen: .*failed to connect/);
    expect(await removeLeftovers({ ...node('1.0'), provider: 'lxc' })).toBe('');
  });
});

test('a tool that is not installed makes a machine unknown', async () => {
  const machine = { provider: 'parallels', id: '0b5f6c1e-0d8e-4a7e-8a3f-7d1f0c9a2b01' };
  expect(await askMachine(machine)).toEqual({ state: 'unknown', why: 'the program prlctl was not found' });
  expect(await providerVersion('parallels')).toBeNull();
});

test('a provider that cannot be asked makes its machines unknown, and says which can', async () => {
  expect(isKnownProvider('hyperv')).toBe(false);
  expect(await askMachine({ provider: 'hyperv', id: 'x' })).toMatchObject({
    state: 'unknown',
    why: expect.stringMatching(/hyperv cannot be asked.*lxc, virtualbox/),
  });
});

test('a version comes from the tool itself', async () => {
  await writeFile(join(tools, 'VBoxManage'), '#!/bin/sh\necho 7.0.10r158379\n', { mode: 0o755 });
  expect(await providerVersion('virtualbox')).toBe('7.0.10r158379');
});
