/** From the box that a guest names to the file it stands for. */
import type { Place } from '../errors.ts';
import type { DesiredFiles, Loaded } from './desired-files.ts';
import type { Box } from './generated/box.ts';
import type { Guest } from './generated/guest.ts';
import { pointer } from './json-pointer.ts';
import { didYouMean } from './nearest.ts';
import type { BoxSpec } from './spec.ts';

/** undefined if there is none, or its file has mistakes; all mistakes go to the complaints. */
export async function findBox(files: DesiredFiles, guest: Loaded<Guest>): Promise<BoxSpec | undefined> {
  const { name, version } = guest.data.box;
  const { provider } = guest.data;
  return findVersion(
    files,
    { name, version, provider },
    {
      name: { key: 'box.name', place: guest.yaml.place(pointer('box', 'name')) },
      version: { key: 'box.version', place: guest.yaml.place(pointer('box', 'version')) },
      provider: { key: 'provider', place: guest.yaml.place(pointer('provider')) },
    },
  );
}

type Named = { readonly name: string; readonly version: string; readonly provider: string };
/** What each part of the name is called in the file that has it, and where it stands. */
type Origin = Readonly<Record<keyof Named, { readonly key: string; readonly place: Place }>>;

/** The same for whatever file names a box. */
export async function findVersion(
  files: DesiredFiles,
  { name, version, provider }: Named,
  origin: Origin,
): Promise<BoxSpec | undefined> {
  const file = `boxes/${name}.yaml`;
  const complain = (part: keyof Named, value: string, message: string) =>
    files.complaints.add(origin[part].place, `${origin[part].key} "${value}" ${message}`);
  if ((await files.entry(file)) === undefined) {
    complain('name', name, `has no file ${file}${didYouMean(name, await files.names('boxes'))}`);
    return undefined;
  }
  const box = await readBox(files, name);
  if (box === undefined) return undefined;
  const versions = box.data.versions.filter((candidate) => candidate.version === version);
  const found = versions.find((candidate) => candidate.provider === provider);
  if (found !== undefined) return boxSpec(name, found);
  if (versions.length === 0) {
    complain('version', version, `is not in ${file} (has ${versionsIn(box.data)})`);
    return undefined;
  }
  const others = versions.map((candidate) => candidate.provider).join(', ');
  complain('provider', provider, `is not in ${file} for version ${version} (has ${others})`);
  return undefined;
}

/** A box's file, with what its schema cannot say checked. */
export async function readBox(files: DesiredFiles, name: string): Promise<Loaded<Box> | undefined> {
  const box = await files.box(name);
  if (box === undefined) return undefined;
  const seen = new Map<string, string>();
  for (const [index, { version, provider }] of box.data.versions.entries()) {
    const key = `${sameForVagrant(version)} ${provider}`;
    const twin = seen.get(key);
    seen.set(key, version);
    if (twin === undefined) continue;
    const at = box.yaml.place(pointer('versions', index, 'version'));
    const message =
      twin === version
        ? `version "${version}" is here twice for ${provider}: other content is another version`
        : `version "${version}" is the same as "${twin}" to Vagrant`;
    files.complaints.add(at, message);
  }
  return box;
}

/** Gem::Version takes no notice of zeros at the end: 1.0 is 1. */
function sameForVagrant(version: string): string {
  return version.replace(/(\.0+)+$/, '');
}

const MOST_SHOWN = 8;

function versionsIn({ versions }: Box): string {
  const names = [...new Set(versions.map(({ version }) => version))];
  const shown = names.slice(-MOST_SHOWN).join(', ');
  return names.length > MOST_SHOWN ? `${shown} and ${names.length - MOST_SHOWN} more` : shown;
}

/** A version of a box's file as what is asked of hosts. */
export function boxSpec(name: string, found: Box['versions'][number]): BoxSpec {
  const { version, provider, sha256, size, sources, chunks } = found;
  return {
    ...{ name, version, provider, size, sources },
    sha256: sha256.toLowerCase(),
    ...(chunks === undefined ? {} : { chunks: chunks.toLowerCase() }),
  };
}
