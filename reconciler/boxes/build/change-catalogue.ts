/** The change of the catalogue that lets in a new box: its entry, and the provenance of one that was built. */
import { relative } from 'node:path/posix';
import type { DesiredTree } from '../../desired/tree.ts';
import { type CatalogueEntry, withEntry } from './catalogue-entry.ts';
import { BuildRefused } from './workshop.ts';

export type SignedProvenance = { readonly text: string; readonly signature: string };

/**
 * Content by path in the repository.
 *
 * @param tree the files that the change is laid over @param root folder of the desired state in them
 * @throws BuildRefused if the catalogue has that version
 */
export async function changeCatalogue(
  tree: DesiredTree,
  root: string,
  box: string,
  entry: CatalogueEntry,
  provenance: SignedProvenance | null,
): Promise<ReadonlyMap<string, Buffer>> {
  const inside = (path: string) => (root === '' || root === '.' ? path : `${root}/${path}`);
  const path = inside(`boxes/${box}.yaml`);
  const there = await tree.entry(path);
  const text = there === undefined ? null : (await tree.read(there)).toString('utf8');
  const schema = relative(inside(`boxes/${box}`).replace(/\/[^/]*$/, ''), inside('schema/box.json'));
  const files = new Map([[path, Buffer.from(await withEntry(text, box, entry, schema))]]);
  if (provenance !== null) {
    const stem = inside(provenancePath(box, entry));
    files.set(`${stem}.json`, Buffer.from(provenance.text));
    files.set(`${stem}.json.sig`, Buffer.from(provenance.signature));
  }
  return files;
}

/** In the folder of the desired state, without its ending. */
export function provenancePath(
  box: string,
  { version, provider }: { version: string; provider: string },
): string {
  return `boxes/${box}.provenance/${version}-${provider}`;
}

/** A version never changes. Throws BuildRefused. */
export function assertNew(
  box: string,
  { version, provider }: { readonly version: string; readonly provider: string },
  catalogue: readonly { readonly version: string; readonly provider: string }[],
): void {
  if (!catalogue.some((one) => one.version === version && one.provider === provider)) return;
  throw new BuildRefused(
    `boxes/${box}.yaml has version ${version} for ${provider} already, and a version never changes: name another`,
  );
}
