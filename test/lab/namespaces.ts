/**
 * Network namespaces of the lab. Each says in its name which process made it, so that those of a killed test are known. Nothing in
 * one reaches the machine's own network, nor the other way round, unless someone lays a link.
 */
import { randomBytes } from 'node:crypto';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { isGone, thisProcess } from './owner.ts';

const PLACE = '/run/netns';
/** `boxreeve-lab-<pid>-<start>-<some lab's>-<what for>` */
const NAME = /^boxreeve-lab-(\d+)-(\d+)-[0-9a-f]+-[a-z0-9-]+$/;

/** Begins the names of one lab's namespaces: `<begin><what for>`. */
export async function newNames(): Promise<string> {
  const { pid, start } = await thisProcess();
  return `boxreeve-lab-${pid}-${start}-${randomBytes(4).toString('hex')}-`;
}

/** Makes one, with its loopback up. Throws, saying what is missing, where there can be none. */
export async function addNamespace(name: string): Promise<void> {
  const { failed, stderr } = await execa('ip', ['netns', 'add', name], { reject: false, stdin: 'ignore' });
  if (failed) {
    throw new Error(
      `network namespaces cannot be made here (ip netns add): ${stderr.trim()}\n` +
        'they take root with CAP_NET_ADMIN and CAP_SYS_ADMIN, and a kernel with CONFIG_NET_NS',
    );
  }
  await execa('ip', ['-n', name, 'link', 'set', 'lo', 'up'], { stdin: 'ignore' });
}

/** The words before a program that put it into the namespace. The program takes the number of the process. */
export function enterNamespace(name: string): readonly string[] {
  return [join(import.meta.dirname, 'in-netns.sh'), name];
}

export async function hasNamespace(name: string): Promise<boolean> {
  return await access(join(PLACE, name)).then(
    () => true,
    () => false,
  );
}

/** Ends what still runs in it, then removes it. Safe to repeat. */
export async function removeNamespace(name: string): Promise<void> {
  if (!NAME.test(name) || !(await hasNamespace(name))) return;
  const { stdout } = await execa('ip', ['netns', 'pids', name], { reject: false, stdin: 'ignore' });
  for (const pid of stdout.split(/\s+/).filter((word) => word !== '')) kill(Number(pid));
  await execa('ip', ['netns', 'delete', name], { reject: false, stdin: 'ignore' });
  if (await hasNamespace(name)) throw new Error(`the network namespace ${name} could not be removed`);
}

/** Removes those whose maker has ended without doing so. Of guests in them the labs are dismantled before. */
export async function sweepNamespaces(): Promise<void> {
  for (const name of await readdir(PLACE).catch(() => [])) {
    const [, pid, start] = NAME.exec(name) ?? [];
    if (pid === undefined || start === undefined) continue;
    if (await isGone({ pid: Number(pid), start })) await removeNamespace(name);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}
