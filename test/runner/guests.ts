/** Whether real guests run on this machine, and which test files need them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertUsable } from '../lab/requirements.ts';
import { ROOT } from './run-program.ts';

/** null if they run; otherwise what is missing, in lines for people. */
export async function whyNoGuests(): Promise<string | null> {
  try {
    await assertUsable();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Test files in a folder that open the lab, directly or through a scene; paths from the checkout. */
export function filesThatNeedGuests(folder: string): readonly string[] {
  const at = join(ROOT, folder);
  return readdirSync(at, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) =>
      /from '[^']*lab\/(lab|scene|requirements|net-hosts)\.ts'/.test(
        valueImports(readFileSync(join(at, name), 'utf8')),
      ),
    )
    .map((name) => join(folder, name));
}

/** A file that borrows nothing but a type from the lab opens none. */
function valueImports(source: string): string {
  return source.replaceAll(/^import type .*$/gm, '');
}
