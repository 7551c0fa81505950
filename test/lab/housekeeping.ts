/** Who owns a lab, which containers are a lab's, and how all of it goes away again: also after a test that was killed. */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { enterNamespace, hasNamespace, sweepNamespaces } from './namespaces.ts';
import { isGone, thisProcess } from './owner.ts';

export const LAB_PREFIX = 'boxreeve-lab-';

const CONTAINERS = '/var/lib/lxc';
/** Names as lxc takes them; anything else in a ledger is not touched. */
const CONTAINER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/**
 * Writes down whose lab this is, so that another run can tell when its owner is gone.
 * @param namespace network namespace that its guests are in, if not the machine's
 */
export async function claim(folder: string, namespace: string | null = null): Promise<void> {
  const { pid, start } = await thisProcess();
  if (namespace !== null) await writeFile(join(folder, 'namespace'), namespace);
  await writeFile(join(folder, 'owner'), `${pid} ${start}\n`);
}

/** Makes the lab's VAGRANT_HOME, with the Vagrantfile that keeps the ledger of containers. */
export async function layHome(folder: string): Promise<string> {
  const home = join(folder, 'vagrant-home');
  await mkdir(home);
  await copyFile(join(import.meta.dirname, 'home-Vagrantfile'), join(home, 'Vagrantfile'));
  return home;
}

/** Containers that exist and stand in the lab's ledger. */
export async function containersOf(folder: string): Promise<string[]> {
  const ledger = await readFile(join(folder, 'vagrant-home', 'lab-ledger'), 'utf8').catch(() => '');
  const ours = new Set(ledger.split('\n').filter((name) => CONTAINER_NAME.test(name)));
  const existing = await readdir(CONTAINERS).catch(() => []);
  return existing.filter((name) => ours.has(name)).sort();
}

/** Destroys the lab's containers, then its folder. Throws if a container stays. */
export async function dismantle(folder: string): Promise<void> {
  const enter = await wayIn(folder);
  for (const name of await containersOf(folder)) {
    await lxc(enter, 'lxc-destroy', ['-f', '-n', name]);
    // What lxc-create left when it was killed is no container to lxc-destroy, but a folder all the same.
    if (!(await isRunning(enter, name))) await rm(join(CONTAINERS, name), { recursive: true, force: true });
  }
  const left = await containersOf(folder);
  if (left.length > 0)
    throw new Error(`containers of the lab ${folder} could not be removed: ${left.join(', ')}`);
  await rm(folder, { recursive: true, force: true });
}

/** Dismantles labs, and then removes namespaces, whose owner has ended without doing so (killed tests). */
export async function sweepAbandoned(): Promise<void> {
  const entries = await readdir(tmpdir());
  for (const entry of entries.filter((name) => name.startsWith(LAB_PREFIX))) {
    const folder = join(tmpdir(), entry);
    const [pid, start] = (await readFile(join(folder, 'owner'), 'utf8').catch(() => '')).trim().split(' ');
    // No owner yet: it is being opened at this moment.
    if (pid === undefined || start === undefined) continue;
    if (await isGone({ pid: Number(pid), start })) await dismantle(folder);
  }
  await sweepNamespaces();
}

/**
 * The words that put a program where the lab's guests are. LXC's tools find a running container by a socket of the network
 * namespace it was started in: from another one it is stopped to them. Once a namespace is gone, nothing runs in it.
 */
async function wayIn(folder: string): Promise<readonly string[]> {
  const namespace = await readFile(join(folder, 'namespace'), 'utf8').catch(() => '');
  return namespace !== '' && (await hasNamespace(namespace)) ? enterNamespace(namespace) : [];
}

async function isRunning(enter: readonly string[], name: string): Promise<boolean> {
  return /:\s*(?!STOPPED)[A-Z]+/.test(await lxc(enter, 'lxc-info', ['-n', name, '-s']));
}

async function lxc(enter: readonly string[], program: string, args: readonly string[]): Promise<string> {
  const [first = program, ...rest] = [...enter, program, ...args];
  return (await execa(first, rest, { reject: false, stdin: 'ignore', timeout: 60_000 })).stdout;
}
