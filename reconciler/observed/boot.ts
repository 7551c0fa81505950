/** Which boot of the host this is, and when it was. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { promisify } from 'node:util';
import { SECOND } from '../clock.ts';
import { type Memory, NO_REBOOT } from './memory.ts';
import type { ObservedBoot } from './observation.ts';

/** Linux: random(4), `boot_id`. macOS: `kern.bootsessionuuid` of sysctl(8). null: this system has neither. */
export async function readBootId(): Promise<string | null> {
  try {
    if (process.platform === 'darwin') {
      const { stdout } = await promisify(execFile)('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid']);
      return stdout.trim() || null;
    }
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim() || null;
  } catch {
    return null;
  }
}

/** @param now milliseconds since the epoch, for turning the time since the boot into the time of the boot */
export function observedBoot(id: string | null, memory: Memory, now: number): ObservedBoot | null {
  if (id === null) return null;
  const { after, failedAt } = memory.reboot ?? NO_REBOOT;
  return {
    id,
    at: now - uptime() * SECOND,
    after,
    failedAt: failedAt === null ? null : Date.parse(failedAt),
  };
}
