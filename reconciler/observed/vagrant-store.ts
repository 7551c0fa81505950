/** What Vagrant's own files say: its boxes, and the machine records of a project folder. Reading only; no Ruby. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BoxRef } from '../plan/plan.ts';
import { foldersIn, objectIn, stringOr, textOf } from './vagrant-files.ts';

/**
 * A box in the store. `sha256`: digest of the file it was added from; null if Boxreeve did not add it. `bytes`: what it took of the
 * disk when it was added; null if nobody noted it.
 */
export type StoredBox = BoxRef & { readonly sha256: string | null; readonly bytes: number | null };

/** Vagrant's record of one machine: `.vagrant/machines/<machine>/<provider>/`. */
export type MachineRecord = {
  readonly folder: string;
  /** Name in the Vagrantfile; `default` where it has one machine without a name. */
  readonly machine: string;
  readonly provider: string;
  /** The provider's id of the machine; null where Vagrant thinks there is none (the folder outlives a destroy). */
  readonly id: string | null;
  /** What it was created from. */
  readonly box: { readonly name: string; readonly version: string; readonly provider: string } | null;
  /** Key of its entry in the machine index. */
  readonly indexUuid: string | null;
};

/** File that Boxreeve leaves in the folder of each box it adds: `{"sha256": …, "addedAt": …, "bytes": …}`. */
export const BOX_MARKER = 'boxreeve.json';

/**
 * Folder of a box in the store. Vagrant from 2.4 on puts an architecture between version and provider for boxes whose
 * catalogue names one; the folder that exists is returned, undefined if there is none.
 */
export function boxFolder(vagrantHome: string, box: BoxRef): string | undefined {
  const version = join(vagrantHome, 'boxes', encodeBoxName(box.name), box.version);
  return providerFolders(version).find((found) => found.provider === box.provider)?.folder;
}

/** Every box in the store, sorted. Throws VagrantFilesUnreadable. */
export function readBoxes(vagrantHome: string): readonly StoredBox[] {
  const store = join(vagrantHome, 'boxes');
  return foldersIn(store).flatMap((name) =>
    foldersIn(join(store, name)).flatMap((version) => {
      const found = providerFolders(join(store, name, version));
      const providers = [...new Set(found.map((each) => each.provider))];
      return providers.map((provider) => ({
        name: decodeBoxName(name),
        version,
        provider,
        ...marked(found.filter((each) => each.provider === provider).map((each) => each.folder)),
      }));
    }),
  );
}

/** The machine records of a project folder, emptied ones as well. Throws VagrantFilesUnreadable. */
export function readMachineRecords(projectFolder: string): readonly MachineRecord[] {
  const machines = join(projectFolder, '.vagrant', 'machines');
  return foldersIn(machines).flatMap((machine) =>
    foldersIn(join(machines, machine)).map((provider) =>
      readMachineRecord(join(machines, machine, provider), machine, provider),
    ),
  );
}

/** `org/name` lies in the folder `org-VAGRANTSLASH-name`. */
export function encodeBoxName(name: string): string {
  return name.replaceAll(':', '-VAGRANTCOLON-').replaceAll('/', '-VAGRANTSLASH-');
}

function decodeBoxName(folder: string): string {
  return folder.replaceAll('-VAGRANTCOLON-', ':').replaceAll('-VAGRANTSLASH-', '/');
}

function readMachineRecord(folder: string, machine: string, provider: string): MachineRecord {
  const id = textOf(join(folder, 'id'))?.trim();
  if (id === undefined || id === '')
    return { folder, machine, provider, id: null, box: null, indexUuid: null };
  const uuid = textOf(join(folder, 'index_uuid'))?.trim();
  return { folder, machine, provider, id, box: readBoxMeta(folder, provider), indexUuid: uuid || null };
}

function readBoxMeta(folder: string, provider: string): MachineRecord['box'] {
  const meta = objectIn(join(folder, 'box_meta'));
  const name = stringOr(meta?.name, null);
  const version = stringOr(meta?.version, null);
  if (name === null || version === null) return null;
  return { name, version, provider: stringOr(meta?.provider, provider) };
}

/** Folders of a version that hold a box: what Vagrant takes for one has a `metadata.json`. */
function providerFolders(version: string): { provider: string; folder: string }[] {
  return foldersIn(version).flatMap((name) => {
    const folder = join(version, name);
    if (isBox(folder)) return [{ provider: name, folder }];
    return foldersIn(folder)
      .map((provider) => ({ provider, folder: join(folder, provider) }))
      .filter((found) => isBox(found.folder));
  });
}

function isBox(folder: string): boolean {
  return existsSync(join(folder, 'metadata.json'));
}

type Marked = Pick<StoredBox, 'sha256' | 'bytes'>;

/** The digest that the markers agree on; null where none is, or where two architectures differ. */
function marked(folders: readonly string[]): Marked {
  const markers = folders.map(readMarker);
  const digests = new Set(markers.flatMap(({ sha256 }) => sha256 ?? []));
  const [digest] = digests;
  const sizes = markers.flatMap(({ bytes }) => bytes ?? []);
  return {
    sha256: digests.size === 1 && digest !== undefined ? digest : null,
    bytes: sizes.length === folders.length ? sizes.reduce((sum, each) => sum + each, 0) : null,
  };
}

function readMarker(folder: string): Marked {
  const { sha256, bytes } = objectIn(join(folder, BOX_MARKER)) ?? {};
  return {
    sha256: typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : null,
    bytes: typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : null,
  };
}
