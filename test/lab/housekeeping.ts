/** Who owns a lab, which containers are a lab's, and how all of it goes away again: also after a test that was killed. */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

export const LAB_PREFIX = 'boxreeve-lab-';

const CONTAINERS = '/var/lib/lxc';
/** Names as lxc takes them; anything else in a ledger is not touched. */
const CONTAINER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** Writes down whose lab this is, so that another run can tell when its owner is gone. */
export async function claim(folder: string): Promise<void> {
  await writeFile(join(folder, 'owner'), `${process.pid} ${await startOf(process.pid)}\n`);
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
  for (const name of await containersOf(folder)) {
    await execa('lxc-destroy', ['-f', '-n', name], { reject: false, stdin: 'ignore', timeout: 60_000 });
    // What lxc-create left when it was killed is no container to lxc-destroy, but a folder all the same.
    if (!(await isRunning(name))) await rm(join(CONTAINERS, name), { recursive: true, force: true });
  }
  const left = await containersOf(folder);
  if (left.length > 0)
    throw new Error(`containers of the lab ${folder} could not be removed: ${left.join(', ')}`);
  await rm(folder, { recursive: true, force: true });
}

/** Dismantles labs whose owner has ended without doing so (killed tests). */
export async function sweepAbandoned(): Promise<void> {
  const entries = await readdir(tmpdir());
  for (const entry of entries.filter((name) => name.startsWith(LAB_PREFIX))) {
    const folder = join(tmpdir(), entry);
    const [pid, start] = (await readFile(join(folder, 'owner'), 'utf8').catch(() => '')).trim().split(' ');
    // No owner yet: it is being opened at this moment.
    if (pid === undefined || start === undefined) continue;
    if ((await startOf(Number(pid))) !== start) await dismantle(folder);
  }
}

/** When a process started, in clock ticks since boot: with its number, the name of a process. '' if there is none. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function isRunning(name: string): Promise<boolean> {
  const { stdout } = await execa('lxc-info', ['-n', name, '-s'], { reject: false, stdin: 'ignore' });
  return /:\s*(?!STOPPED)[A-Z]+/.test(stdout);
}
