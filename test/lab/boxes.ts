/** Box files for the lab, made once per content and kept in `.lab/` of the checkout (which Git ignores). */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** What sets one box apart from another. Use fixed labels: every new one leaves 14 MB in the cache. */
export type BoxContent = {
  /** Stands in the guest's `/etc/boxreeve-box`, for probes to read. */
  readonly label: string;
  /** More files, by absolute path in the guest; executable where a text begins with `#!`. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
};

export type LabBox = {
  /** Absolute path of the `.box` file; read-only, shared. */
  readonly file: string;
  readonly sha256: string;
  readonly size: number;
};

const here = import.meta.dirname;
const cache = join(here, '..', '..', '.lab');

/** The box with this content, made now if no one has made it on this machine. Safe when several make it at once. */
export async function makeBox(content: BoxContent): Promise<LabBox> {
  const base = await makeBase();
  const key = digest([base, content.label, ...Object.entries(content.files ?? {}).flat()]);
  const file = await once(join(cache, `${key}.box`), (target) => layOver(base, content, target));
  return { file, sha256: await digestOf(file), size: (await stat(file)).size };
}

async function makeBase(): Promise<string> {
  const recipe = await Promise.all(
    ['make-box.sh', 'guest-init.sh'].map((name) => readFile(join(here, name))),
  );
  return await once(join(cache, `base-${digest(recipe)}.tar`), (target) => makeBoxScript('base', target));
}

async function layOver(base: string, content: BoxContent, target: string): Promise<void> {
  const overlay = await mkdtemp(join(tmpdir(), 'boxreeve-overlay-'));
  try {
    const files = { '/etc/boxreeve-box': `${content.label}\n`, ...content.files };
    for (const [path, text] of Object.entries(files)) {
      const place = join(overlay, path);
      await mkdir(dirname(place), { recursive: true });
      const script = typeof text === 'string' && text.startsWith('#!');
      await writeFile(place, text, { mode: script ? 0o755 : 0o644 });
    }
    await makeBoxScript('box', base, overlay, target);
  } finally {
    await rm(overlay, { recursive: true, force: true });
  }
}

async function makeBoxScript(...args: readonly string[]): Promise<void> {
  await execa(join(here, 'make-box.sh'), args, { stdin: 'ignore' });
}

/** Makes a file under a name of its own and renames it into place: whoever comes second finds a whole file. */
async function once(file: string, make: (target: string) => Promise<void>): Promise<string> {
  if (await exists(file)) return file;
  await mkdir(cache, { recursive: true });
  const unfinished = `${file}.${randomUUID()}`;
  try {
    await make(unfinished);
    await chmod(unfinished, 0o444);
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
  return file;
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

/** Of several parts, each told apart from its neighbours. */
function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(createHash('sha256').update(part).digest());
  return hash.digest('hex').slice(0, 16);
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}
