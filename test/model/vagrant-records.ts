/** Vagrant's own files, as the model of Vagrant leaves them: those that Boxreeve reads, in the form of 2.3.4. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { machineIndexFile, parseIndex, type RawEntries } from '../../reconciler/observed/machine-index.ts';
import { encodeBoxName } from '../../reconciler/observed/vagrant-store.ts';
import type { BoxRef } from '../../reconciler/plan/plan.ts';

/** Folder of a box in the store, there or not. */
export function boxPlace(vagrantHome: string, { name, version, provider }: BoxRef): string {
  return join(vagrantHome, 'boxes', encodeBoxName(name), version, provider);
}

/** The versions of a box that the store has for a provider. */
export function versionsOf(vagrantHome: string, name: string, provider: string): readonly string[] {
  const folder = join(vagrantHome, 'boxes', encodeBoxName(name));
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((version) => existsSync(join(folder, version, provider)));
}

/** Where Vagrant keeps its record of the one machine of a folder. */
export function recordPlace(folder: string, provider: string): string {
  return join(folder, '.vagrant', 'machines', 'default', provider);
}

export function recordedId(folder: string, provider: string): string | null {
  const file = join(recordPlace(folder, provider), 'id');
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

export function writeRecord(vagrantHome: string, folder: string, id: string, box: BoxRef): void {
  const place = recordPlace(folder, box.provider);
  const uuid = randomBytes(16).toString('hex');
  mkdirSync(place, { recursive: true });
  const meta = { name: box.name, version: box.version, provider: box.provider };
  writeFileSync(join(place, 'box_meta'), JSON.stringify(meta));
  writeFileSync(join(place, 'index_uuid'), uuid);
  writeFileSync(join(place, 'id'), id);
  changeIndex(vagrantHome, (entries) => ({
    ...entries,
    [uuid]: {
      local_data_path: join(folder, '.vagrant'),
      name: 'default',
      provider: box.provider,
      state: 'running',
      vagrantfile_name: null,
      vagrantfile_path: folder,
      updated_at: null,
      extra_data: { box: meta },
    },
  }));
}

/** Written before the provisioners run, and so no proof that they did (trap 1). */
export function markProvisioned(folder: string, provider: string, id: string): void {
  writeFileSync(join(recordPlace(folder, provider), 'action_provision'), `1.5:${id}`);
}

/** The folder stays, empty, as after a real destroy. */
export function emptyRecord(vagrantHome: string, folder: string, provider: string): void {
  const place = recordPlace(folder, provider);
  const file = join(place, 'index_uuid');
  const uuid = existsSync(file) ? readFileSync(file, 'utf8') : '';
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  changeIndex(vagrantHome, ({ [uuid]: _gone, ...others }) => others);
}

function changeIndex(vagrantHome: string, change: (entries: RawEntries) => RawEntries): void {
  const file = machineIndexFile(vagrantHome);
  const found = existsSync(file) ? parseIndex(readFileSync(file, 'utf8')) : null;
  const entries = found?.state === 'read' ? found.entries : {};
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ version: 1, machines: change(entries) }));
}
