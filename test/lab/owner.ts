/** Whose a lab is: a process by its number and its start, since a number alone is given again. */
import { readFile } from 'node:fs/promises';

export type Owner = { readonly pid: number; readonly start: string };

export async function thisProcess(): Promise<Owner> {
  return { pid: process.pid, start: await startOf(process.pid) };
}

/** Whether it has ended. */
export async function isGone({ pid, start }: Owner): Promise<boolean> {
  return (await startOf(pid)) !== start;
}

/** In clock ticks since boot; '' if there is no such process. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
