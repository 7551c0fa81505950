/** The thread behind leak-watch.ts. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { searchFor } from './canaries.ts';
import type { Sighting, WatchRequest } from './leak-watch.ts';

/** Milliseconds between two looks, and how long a process is young: it may yet become another program. */
const BETWEEN = 12;
const YOUNG = 400;
/** Bytes; boxes are larger, and are no work of the process that is watched. */
const LARGEST = 4 * 1024 * 1024;

type Seen = { readonly parent: string | undefined; readonly since: number; line: string };

const request: WatchRequest = workerData;
const search = searchFor(request.canaries);
const seen = new Map<string, Seen>();
const pids = new Map<string, string>();
const files = new Map<string, string>();
const sightings = new Map<string, Sighting>();
const ownSpace = readlinkSync('/proc/self/ns/pid');
let running = true;

parentPort?.on('message', () => {
  running = false;
});
parentPort?.postMessage('begun');
for (let look = 0; running; look += 1) {
  lookAtProcesses();
  lookAtFiles(request.folders[look % request.folders.length] ?? '');
  await pause(BETWEEN);
}
parentPort?.postMessage({ sightings: [...sightings.values()], processes: seen.size, files: files.size });

function lookAtProcesses(): void {
  const now = performance.now();
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const known = seen.get(pids.get(pid) ?? '');
    if (known !== undefined && now - known.since > YOUNG) continue;
    lookAtProcess(pid, now);
  }
  for (const [pid, key] of pids)
    if (now - (seen.get(key)?.since ?? 0) > YOUNG && !alive(pid)) pids.delete(pid);
}

function alive(pid: string): boolean {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false }) !== undefined;
}

function lookAtProcess(pid: string, now: number): void {
  const stat = read(`/proc/${pid}/stat`).toString('latin1');
  const [, parent = '', start = ''] = /\) \S (\d+) (?:\S+ ){17}(\d+)/.exec(stat) ?? [];
  if (start === '' || !inThisSpace(pid)) return;
  const key = `${pid}@${start}`;
  // in this order: a program that has just been started has its command line no later than its environment
  const environ = read(`/proc/${pid}/environ`);
  const cmdline = read(`/proc/${pid}/cmdline`);
  const line = cmdline.toString('utf8').replaceAll('\0', ' ').trim();
  const entry = seen.get(key) ?? { parent: pids.get(parent), since: now, line };
  if (line !== '') entry.line = line;
  seen.set(key, entry);
  pids.set(pid, key);
  note('cmdline', cmdline, () => lineageOf(key));
  // it ended in between, and nobody can say what it was; whatever lives longer is looked at again
  if (line !== '') note('environ', environ, () => lineageOf(key));
}

/** What runs in a guest has numbers of its own: that is the guest's own matter. */
function inThisSpace(pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) === ownSpace;
  } catch {
    return false;
  }
}

function lineageOf(key: string): string[] {
  const lines: string[] = [];
  for (let at: string | undefined = key; at !== undefined; at = seen.get(at)?.parent)
    lines.push(seen.get(at)?.line ?? '');
  return lines;
}

function lookAtFiles(folder: string): void {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    // a folder in it went away at this moment
    return;
  }
  for (const name of names) {
    const path = join(folder, name);
    const about = statSync(path, { throwIfNoEntry: false });
    if (!about?.isFile() || about.size > LARGEST) continue;
    const state = `${about.ino} ${about.mtimeMs} ${about.size}`;
    if (files.get(path) === state) continue;
    files.set(path, state);
    note('file', read(path), () => [path]);
  }
}

function note(where: Sighting['where'], bytes: Buffer, lineage: () => string[]): void {
  for (const canary of search(bytes)) {
    const sighting = { canary, where, lineage: lineage() };
    sightings.set(JSON.stringify(sighting), sighting);
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
