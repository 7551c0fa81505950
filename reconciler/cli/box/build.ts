import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { realVagrant } from '../../apply/vagrant.ts';
import { type BuildOrder, buildBox, endRemains, type Means } from '../../boxes/build/build-box.ts';
import { assertFit } from '../../boxes/build/catalogue-entry.ts';
import { assertNew } from '../../boxes/build/change-catalogue.ts';
import { type BuildResult, openJournal } from '../../boxes/build/journal.ts';
import { type BuildPlan, mayNotBuild, planBuild } from '../../boxes/build/plan-build.ts';
import { assertFree, branchFor } from '../../boxes/build/publish.ts';
import { publishBuild } from '../../boxes/build/publish-build.ts';
import { makeVagrantHome } from '../../boxes/build/vagrant-home.ts';
import { BuildRefused, buildLayout, type Workshop } from '../../boxes/build/workshop.ts';
import { openBoxes } from '../../boxes/open-boxes.ts';
import { takeHostLock } from '../../daemon/host-lock.ts';
import { DesiredFiles } from '../../desired/desired-files.ts';
import { readBox } from '../../desired/find-box.ts';
import type { Box } from '../../desired/generated/box.ts';
import { didYouMean } from '../../desired/nearest.ts';
import { checkRecipe, type RecipeSpec } from '../../desired/recipe.ts';
import { askMachine } from '../../observed/providers.ts';
import { createRedactor } from '../../secrets/redactor.ts';
import { openSecrets } from '../../secrets/secret-sources.ts';
import { globalOptions, print, printDocument, printError } from '../options.ts';
import { type Opened, openCatalogue } from './open-catalogue.ts';

type Version = Box['versions'][number];
type Options = { readonly version?: string; readonly again?: boolean; readonly branch: boolean };

/** `boxreeve box build`: by the recipe of the commit that this host goes by. */
export function buildCommand(): Command {
  return new Command('build')
    .description('build a box by its recipe, and put the change of the catalogue on a branch')
    .argument('<recipe>', 'name of the recipe: boxes/<recipe>.recipe.yaml')
    .option('--version <version>', 'the version to make (default: as the recipe says)')
    .option('--again', 'also if it was built from the same inputs already')
    .option('--no-branch', 'leave the infra repo alone')
    .addHelpText(
      'after',
      '\nExample:\n  boxreeve box build common-box\n\nA build that was cut is taken up by the same command.',
    )
    .action(async (name: string, options: Options, command: Command) => {
      const { config, json } = globalOptions(command);
      const opened = await openCatalogue(config);
      const { recipe, versions } = await readRecipe(opened, name);
      const why = mayNotBuild(recipe, opened.desired.spec);
      if (why !== null) throw new BuildRefused(why);
      // Vagrant's home for builds is one, and so is this host's room for them: one build at a time
      const lock = takeHostLock(join(opened.dirs.builds, 'lock'), `boxreeve box build ${name}`);
      try {
        const document = await carryOut(opened, recipe, versions, options);
        if (json) printDocument(document);
        else print(document.message);
      } finally {
        lock.release();
      }
    });
}

async function readRecipe(
  { host, config, desired }: Opened,
  name: string,
): Promise<{ recipe: RecipeSpec; versions: readonly Version[] }> {
  const files = new DesiredFiles(host.mirror.tree(desired.commit), config.path);
  const names = await files.recipeNames();
  if (!names.includes(name))
    throw new BuildRefused(`there is no boxes/${name}.recipe.yaml${didYouMean(name, names)}`);
  const recipe = await checkRecipe(files, name);
  const box =
    (await files.entry(`boxes/${recipe?.box ?? name}.yaml`)) && recipe && (await readBox(files, recipe.box));
  files.complaints.throwIfAny();
  if (recipe === undefined) throw new Error(`recipe ${name} has mistakes, and none was told`);
  return { recipe, versions: box?.data.versions ?? [] };
}

async function carryOut(opened: Opened, recipe: RecipeSpec, versions: readonly Version[], options: Options) {
  const { dirs, host, publisher, desired, config } = opened;
  const folder = join(dirs.builds, recipe.name);
  const journal = await openJournal(buildLayout(folder).journal);
  const asked = { version: options.version ?? null, again: options.again === true };
  // also where nothing is to be built any more
  if (journal.read()?.machine) await endRemains(await openWorkshop(opened, folder, journal), recipe.provider);
  const plan = planBuild(recipe, versions, journal.read(), asked, host.clock.now());
  if (plan.state === 'catalogued') return documentOf(recipe, plan, null, null);
  let result: BuildResult;
  if (plan.state === 'built') result = plan.result;
  else {
    const { version } = plan;
    await assertFit(recipe.box, { version, provider: recipe.provider, sources: recipe.sources });
    assertNew(recipe.box, { version, provider: recipe.provider }, versions);
    if (options.branch) await assertFree(publisher, branchFor(recipe.box, version));
    const shop = await openWorkshop(opened, folder, journal);
    const order: BuildOrder = { recipe, ...plan, commit: desired.commit, boxFile: dirs.boxFile };
    result = await buildBox(shop, order);
  }
  if (!options.branch || result.change?.pushed) return documentOf(recipe, plan, result, config.branch);
  const pushed = await publishBuild({ ...opened, recipe, journal, result });
  return documentOf(recipe, plan, pushed, config.branch);
}

async function openWorkshop(
  { config, dirs, host, desired, publisher: { signal } }: Opened,
  folder: string,
  journal: Workshop['journal'],
): Promise<Means> {
  const vagrantHome = join(dirs.builds, 'vagrant-home');
  await makeVagrantHome(vagrantHome, config.vagrantHome);
  const secrets = openSecrets(config);
  const redactor = createRedactor(await secrets.available());
  const { log } = host;
  return {
    folder,
    vagrantHome,
    journal,
    clock: host.clock,
    vagrantTelling: (line) =>
      realVagrant({
        config: { vagrantHome },
        log: { info: (_event: unknown, text?: unknown) => line(String(text)) },
        mendIndex: () => dropIndex(vagrantHome),
      }),
    askMachine,
    redactor,
    secret: secrets.value,
    blob: host.mirror.blob,
    fetch: async (box, file) => {
      const boxes = openBoxes({
        ...{ config, log },
        // not among the host's own files, where a daemon may fetch the same box at the same time
        dirs: { ...dirs, boxFile: () => file },
        mirror: { tree: host.mirror.tree, auditTips: () => ({}), auditUrl: () => config.repo },
        commit: () => desired.commit,
        pattern: () => desired.spec.auditBranch,
      });
      await boxes.fetch(box, signal);
    },
    signal,
    tell: printError,
  };
}

/** Vagrant's index of a home that has one machine at most, and that is being made now: a damaged one is begun anew. */
async function dropIndex(vagrantHome: string): Promise<boolean> {
  await rm(join(vagrantHome, 'data', 'machine-index'), { recursive: true, force: true });
  return true;
}

function documentOf(
  recipe: RecipeSpec,
  plan: BuildPlan,
  result: BuildResult | null,
  followed: string | null,
) {
  const { box, provider } = recipe;
  const { version } = plan;
  const made = result && { sha256: result.sha256, size: result.size, chunks: result.chunks };
  const change = result?.change ?? null;
  const title = `${box} ${version} (${provider})`;
  const again = 'Nothing is to be done; --again builds it all the same.';
  const merge =
    change &&
    `Open a pull request of the branch ${change.branch} into ${followed}, and merge it by a signed merge commit.`;
  const message =
    plan.state === 'catalogued'
      ? `${title} was built from the same inputs, and is in the catalogue. ${again}`
      : plan.state === 'built'
        ? `${title} was built from the same inputs already. ${merge ?? again}`
        : `built ${title}, sha256 ${made?.sha256}. ${merge ?? 'The infra repo was left alone.'}`;
  return {
    recipe: recipe.name,
    ...{ box, version, provider },
    state: plan.state === 'build' ? 'built' : 'nothing-to-do',
    made,
    branch: change?.branch ?? null,
    commit: change?.commit ?? null,
    message,
  };
}
