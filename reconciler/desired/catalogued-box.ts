/** A box of the catalogue that a person names, whether or not a guest of this host asks for it. */
import { BoxreeveError, ExitCode } from '../errors.ts';
import { DesiredFiles } from './desired-files.ts';
import { boxSpec, readBox } from './find-box.ts';
import { didYouMean } from './nearest.ts';
import type { BoxSpec } from './spec.ts';
import type { DesiredTree } from './tree.ts';

/** The catalogue has no such box: another name, version or provider must be given. */
class NotCatalogued extends BoxreeveError {
  readonly exitCode = ExitCode.invalidInput;
}

export type WantedBox = {
  readonly name: string;
  readonly version: string;
  /** null: the only one that the catalogue has the version for. */
  readonly provider: string | null;
};

/** Throws NotCatalogued, or InvalidDesiredState where the box's file has mistakes. */
export async function cataloguedBox(tree: DesiredTree, root: string, wanted: WantedBox): Promise<BoxSpec> {
  const files = new DesiredFiles(tree, root);
  const { name, version } = wanted;
  const names = await files.names('boxes');
  if (!names.includes(name))
    throw new NotCatalogued(`the catalogue has no box ${name}${didYouMean(name, names)}`);
  const box = await readBox(files, name);
  files.complaints.throwIfAny();
  const versions = box?.data.versions.filter((each) => each.version === version) ?? [];
  if (versions.length === 0) {
    const known = [...new Set(box?.data.versions.map((each) => each.version))].slice(-MOST_SHOWN).join(', ');
    throw new NotCatalogued(`boxes/${name}.yaml has no version ${version} (has ${known})`);
  }
  const providers = versions.map(({ provider }) => provider);
  const provider = wanted.provider ?? (providers.length === 1 ? providers[0] : undefined);
  const found = versions.find((each) => each.provider === provider);
  if (found !== undefined) return boxSpec(name, found);
  throw new NotCatalogued(
    provider === undefined
      ? `boxes/${name}.yaml has version ${version} for ${providers.join(', ')}: say which with --provider`
      : `boxes/${name}.yaml has version ${version} for ${providers.join(', ')}, not for ${provider}`,
  );
}

const MOST_SHOWN = 8;
