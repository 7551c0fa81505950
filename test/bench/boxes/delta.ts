/** `delta-5pct`: a box rebuilt with a twentieth of its bytes changed, to a host that has the one before. */
import { statSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { repackBox } from '../../../reconciler/boxes/chunks/repack.ts';
import { type NetHost, openNetHosts, scpArguments } from '../../lab/net-hosts.ts';
import { waitFor } from '../../lab/wait-for.ts';
import type { Result } from '../measure.ts';
import { catalogued, hold } from './box-files.ts';
import { readyFetch } from './fetching.ts';

const MIB = 1024 * 1024;
/** Of the files in the box. */
const SIZE = 64 * MIB;
const CHANGED = 0.05;
const RATE = 8 * MIB;
const BUDGET = 0.15;
/** This machine's own programs and libraries: what boxes are full of. */
const CONTENT = ['/usr/bin', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'];

export async function delta(): Promise<Result> {
  const net = await openNetHosts({ names: ['seed', 'host'], rate: RATE });
  try {
    const [seed, host] = [net.host('seed'), net.host('host')];
    const made = await twoVersions(net.folder);
    const ours = await fetched(host, seed, made);
    const theirs = await copied(host, seed, made.after);
    const rsynced = await rsyncs(host, seed, made);
    return {
      name: 'delta-5pct',
      ratio: ours / theirs,
      ours: ours / MIB,
      theirs: theirs / MIB,
      unit: 'MiB',
      what: `over the link for ${(made.changed * 100).toFixed(1)} % of ${SIZE / MIB} MiB changed; scp of the box in gzip`,
      budget: `≤ ${BUDGET.toFixed(2)}`,
      withinBudget: ours / theirs <= BUDGET,
      also: { rsyncOfGzip: rsynced / MIB },
    };
  } finally {
    await net.dispose();
  }
}

type Versions = {
  /** Tars of the box's content before and after. */
  readonly before: string;
  readonly after: string;
  /** Share of its bytes that changed. */
  readonly changed: number;
};

/** As packages are upgraded: some files have another content, and another length, in the same place. */
async function twoVersions(folder: string): Promise<Versions> {
  const files = await contentOf(SIZE);
  const old = join(folder, 'before');
  const young = join(folder, 'after');
  await mkdir(old);
  for (const file of files.kept) await copyFile(file, join(old, file.replaceAll('/', '_')));
  await cp(old, young, { recursive: true });
  let due = 0;
  let changed = 0;
  for (const file of files.kept) {
    const { size } = statSync(file);
    due += size * CHANGED;
    const spare = due >= size ? files.spare.pop() : undefined;
    if (spare === undefined) continue;
    await copyFile(spare, join(young, file.replaceAll('/', '_')));
    const { size: now } = statSync(spare);
    due -= now;
    changed += now;
  }
  return { before: await tarOf(old), after: await tarOf(young), changed: changed / SIZE };
}

/** Files of so many bytes in all, and as many others of the same kind. */
async function contentOf(size: number): Promise<{ kept: string[]; spare: string[] }> {
  const kept: string[] = [];
  const spare: string[] = [];
  let sum = 0;
  for (const place of CONTENT) {
    for (const entry of await readdir(place, { withFileTypes: true }).catch(() => [])) {
      const file = join(place, entry.name);
      if (!entry.isFile() || statSync(file).size > 2 * MIB) continue;
      if (sum >= size) spare.push(file);
      else sum += statSync(kept[kept.push(file) - 1] ?? file).size;
    }
  }
  return { kept, spare: spare.slice(0, kept.length) };
}

async function tarOf(folder: string): Promise<string> {
  await writeFile(join(folder, 'metadata.json'), '{"provider":"lxc"}\n');
  await execa('tar', [
    '--numeric-owner',
    '--sort=name',
    '--mtime=@0',
    '-C',
    folder,
    '-cf',
    `${folder}.tar`,
    '.',
  ]);
  return `${folder}.tar`;
}

/** Bytes that our fetch moves, to a host that has the version before. */
async function fetched(host: NetHost, seed: NetHost, { before, after }: Versions): Promise<number> {
  const packed = async (holder: NetHost, tar: string) => {
    const [usual, file] = [join(holder.folder, 'usual.box'), join(holder.folder, 'packed.box')];
    await gzipped(tar, usual);
    return hold(holder, file, await repackBox(usual, file));
  };
  await packed(host, before);
  const box = await packed(seed, after);
  const fetch = await readyFetch(host, catalogued(box), { hosts: [host], holder: seed });
  return moved(host, () => fetch.go());
}

async function copied(host: NetHost, seed: NetHost, tar: string): Promise<number> {
  await gzipped(tar, join(seed.sftp.folder, 'gzip.box'));
  const args = scpArguments(host, seed, 'gzip.box', join(host.folder, 'copy'));
  return moved(host, () => succeed(host, 'scp', args));
}

/** By rsync's own server, as sshd gives nothing but SFTP. */
async function rsyncs(host: NetHost, seed: NetHost, { before }: Versions): Promise<number> {
  const held = join(host.folder, 'gzip.box');
  await gzipped(before, held);
  const settings = join(seed.folder, 'rsyncd.conf');
  await writeFile(settings, `uid = 0\nuse chroot = no\n[boxes]\npath = ${seed.sftp.folder}\n`);
  const [program = '', ...words] = [...seed.enter, 'rsync', '--daemon', '--no-detach', '--port=8730'];
  const server = execa(program, [...words, `--config=${settings}`], { reject: false, stdin: 'ignore' });
  try {
    const source = `rsync://${seed.address}:8730/boxes/gzip.box`;
    await waitFor('rsync that answers', async () => (await host.run('rsync', [source])).exitCode === 0);
    return await moved(host, () =>
      succeed(host, 'rsync', ['-z', '--no-whole-file', '--ignore-times', source, held]),
    );
  } finally {
    server.kill('SIGTERM');
    await server;
  }
}

async function gzipped(tar: string, file: string): Promise<void> {
  await execa('gzip', ['-n', '-6', '--stdout', tar], { stdout: { file } });
}

async function succeed(host: NetHost, program: string, args: readonly string[]): Promise<void> {
  const ran = await host.run(program, args);
  if (ran.exitCode !== 0) throw new Error(`${program} on ${host.name}: ${ran.stderr}`);
}

/** Bytes over the host's link, both ways, as its device counts them. */
async function moved(host: NetHost, work: () => Promise<unknown>): Promise<number> {
  const before = await host.traffic();
  await work();
  const after = await host.traffic();
  return after.received + after.sent - before.received - before.sent;
}
