/** Programs put before the real ones on PATH, to provoke what cannot be had on demand: a hang, a delay, an error. */
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A PATH on which `name` is a shell script of ours. In it, `$REAL` is the real program.
 * @param script what to do before `exec "$REAL" "$@"`, which is added at its end
 */
export function pathWithStub(folder: string, path: string, name: string, script: string): string {
  const place = mkdtempSync(join(folder, 'stub-'));
  const file = join(place, name);
  writeFileSync(
    file,
    `#!/bin/sh\nREAL=$(PATH=${quote(path)}; command -v ${name})\n${script}\nexec "$REAL" "$@"\n`,
  );
  chmodSync(file, 0o755);
  return `${place}:${path}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
