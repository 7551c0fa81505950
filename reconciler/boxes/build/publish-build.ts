/** Puts what a build has made on a branch: the catalogue's entry and the signed provenance. Safe to repeat. */
import type { RecipeSpec } from '../../desired/recipe.ts';
import { withoutCredentials } from '../../git/git-command.ts';
import type { HostConfig } from '../../host-config.ts';
import type { Host } from '../../host-ports.ts';
import { VERSION } from '../../version.ts';
import { changeCatalogue } from './change-catalogue.ts';
import type { BuildResult, JournalFile } from './journal.ts';
import { provenanceText, signProvenance } from './provenance.ts';
import { branchFor, commitChange, type Publisher, pushChange } from './publish.ts';

export type PublishParts = {
  readonly config: Pick<HostConfig, 'name' | 'repo' | 'path' | 'signingKey'>;
  readonly host: Pick<Host, 'mirror' | 'versions'>;
  readonly publisher: Publisher;
  /** The commit to lay the change over. */
  latest(): Promise<string>;
  readonly recipe: RecipeSpec;
  readonly journal: JournalFile;
  readonly result: BuildResult;
};

export async function publishBuild(parts: PublishParts): Promise<BuildResult> {
  const { publisher, recipe, journal, result } = parts;
  const version = journal.read()?.version ?? '';
  const branch = branchFor(recipe.box, version);
  // noted before it is pushed: whether a push that was cut has arrived is told by its commit
  const commit = result.change?.commit ?? (await makeCommit(parts, version, branch));
  await journal.update({ result: { ...result, change: { branch, commit, pushed: false } } });
  await pushChange(publisher, branch, commit);
  const pushed = { ...result, change: { branch, commit, pushed: true } };
  await journal.update({ result: pushed });
  return pushed;
}

async function makeCommit(parts: PublishParts, version: string, branch: string): Promise<string> {
  const { config, host, publisher, recipe, result, latest } = parts;
  const built = parts.journal.read();
  const { sha256, size, chunks, endedAt } = result;
  const inputs = built?.inputs ?? '';
  const text = provenanceText({
    ...{ recipe, version, sha256, inputs, endedAt },
    repository: {
      url: withoutCredentials(config.repo),
      commit: built?.commit ?? '',
      path: `${config.path}/boxes/${recipe.name}.recipe.yaml`,
    },
    host: config.name,
    startedAt: built?.startedAt ?? endedAt,
    versions: { boxreeve: VERSION, vagrant: (await host.versions()).vagrant },
  });
  const parent = await latest();
  const fill = (source: string) => source.replaceAll('{version}', version).replaceAll('{sha256}', sha256);
  const files = await changeCatalogue(
    host.mirror.tree(parent),
    config.path,
    recipe.box,
    {
      ...{ version, provider: recipe.provider, sha256, size },
      ...{ sources: recipe.sources.map(fill), chunks, inputs, recipe: recipe.name },
    },
    { text, signature: await signProvenance(text, config.signingKey) },
  );
  const message = [
    `${recipe.box} ${version}: built by ${recipe.name} on ${config.name}`,
    '',
    `For ${recipe.provider}, ${size} bytes, SHA-256 ${sha256}.`,
    `From ${built?.commit}, ${built?.startedAt} to ${endedAt}.`,
    '',
  ].join('\n');
  return commitChange(publisher, { branch, parent, files, message, at: Date.parse(endedAt) });
}
