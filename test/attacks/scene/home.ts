/** A person's home folder with what somebody talked him into having there; it is HOME for the rest of the test. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { vi } from 'vitest';

/** @param files content by path in the home folder; each can be run */
export function inHome(root: string, files: Readonly<Record<string, string>>): void {
  const home = join(root, 'home');
  for (const [path, content] of Object.entries(files)) {
    const file = join(home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, 0o755);
  }
  vi.stubEnv('HOME', home);
}
