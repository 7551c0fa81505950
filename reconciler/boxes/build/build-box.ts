/**
 * Builds a box by its recipe.
 *
 *  1. What a build that was cut has left is ended: its processes, its machine.
 *  2. Stages that are done already, and whose files are still right, are passed over; the others are done in their order.
 *  3. The last one's file is packed so that equal content stays equal, and put into the folder of boxes.
 *  4. The catalogue's change, with signed provenance, is put on a branch of its own.
 *
 * The journal is written before and after each, so dying anywhere loses one stage at most, and never leaves a machine that the next
 * build does not end.
 */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { endSurvivors } from '../../apply/end-tree.ts';
import { iso } from '../../clock.ts';
import { showBytes } from '../../desired/limits.ts';
import type { RecipeSpec } from '../../desired/recipe.ts';
import { endBuildMachine } from './end-build-machine.ts';
import type { BuildJournal, BuildResult, MadeFile } from './journal.ts';
import { describeMade } from './made-file.ts';
import { placeBox } from './place-box.ts';
import { buildInputs, stageInputs } from './plan-build.ts';
import { runStage } from './run-stage.ts';
import { removeWorkFolder } from './work-folder.ts';
import { BuildFailed, buildLayout, type Workshop } from './workshop.ts';

export type BuildOrder = {
  readonly recipe: RecipeSpec;
  readonly version: string;
  /** Whether the journal's build is gone on with. */
  readonly takenUp: boolean;
  readonly commit: string;
  readonly boxFile: (sha256: string) => string;
};

/** A workshop that has no stage yet whose lines are written down. */
export type Means = Omit<Workshop, 'print' | 'vagrant'> & {
  vagrantTelling(print: Workshop['print']): Workshop['vagrant'];
};

/** Steps 1 to 3. Throws a BoxreeveError; the build can be taken up then. */
export async function buildBox(shop: Means, order: BuildOrder): Promise<BuildResult> {
  const { recipe, version, commit } = order;
  const log = logOf(shop.folder);
  const { print } = log;
  const bench: Workshop = { ...shop, print, vagrant: shop.vagrantTelling(print) };
  try {
    await endRemains(shop, recipe.provider);
    if (!order.takenUp) await bench.journal.write(begun(recipe, version, commit, iso(shop.clock.now())));
    const last = await doStages(bench, recipe, log);
    return await finish(bench, order, last);
  } catch (error) {
    if (!shop.signal.aborted) throw error;
    throw new BuildFailed(`the build of ${recipe.name} was stopped; the same command takes it up`);
  } finally {
    await log.end();
  }
}

function begun(recipe: RecipeSpec, version: string, commit: string, startedAt: string): BuildJournal {
  const nothing = { stages: [], machine: null, processes: [], result: null };
  return { inputs: buildInputs(recipe), version, commit, startedAt, ...nothing };
}

/** Ends what is left of a build that was killed, by whatever recipe it went. Throws BuildFailed. */
export async function endRemains(means: Means, provider: string): Promise<void> {
  const print = () => undefined;
  const shop: Workshop = { ...means, print, vagrant: means.vagrantTelling(print) };
  await endSurvivors(shop.journal.read()?.processes ?? []);
  await shop.journal.update({ processes: [] });
  await endBuildMachine(shop, provider, null);
  await removeWorkFolder(buildLayout(shop.folder).work);
}

/** Returns the file of the last stage. */
async function doStages(shop: Workshop, recipe: RecipeSpec, log: StageLog): Promise<string> {
  const layout = buildLayout(shop.folder);
  let input: { readonly file: string; readonly made: MadeFile } | null = null;
  for (const [index, stage] of recipe.stages.entries()) {
    const inputs = stageInputs(recipe, index, input?.made.sha256 ?? null);
    const title = `stage ${index + 1} of ${recipe.stages.length}, ${stage.name}`;
    let made = await madeBefore(shop, index, inputs);
    if (made !== null) shop.tell(`${title}: done before`);
    else {
      const place = layout.log(index, stage.name);
      shop.tell(`${title}: begun; its log: ${place}`);
      await log.begin(place);
      made = await doStage(shop, recipe, index, input?.file ?? null);
      const done = { name: stage.name, inputs, output: made };
      const before: BuildJournal['stages'] = shop.journal.read()?.stages ?? [];
      await shop.journal.update({ stages: [...before.slice(0, index), done] });
      shop.tell(`${title}: done, ${showBytes(made.size)}`);
    }
    input = { file: layout.output(index), made };
  }
  return input?.file ?? '';
}

async function doStage(
  shop: Workshop,
  recipe: RecipeSpec,
  index: number,
  input: string | null,
): Promise<MadeFile> {
  const stage = recipe.stages[index];
  if (stage === undefined) throw new Error(`there is no stage ${index}`);
  try {
    shop.signal.throwIfAborted();
    const file = await runStage(shop, recipe, index, stage, input);
    return await describeMade(file, shop.signal);
  } catch (error) {
    if (!(error instanceof BuildFailed)) throw error;
    const place = buildLayout(shop.folder).log(index, stage.name);
    throw new BuildFailed(`${recipe.name}, stage ${stage.name}: ${error.message}\nits log: ${place}`);
  }
}

/** Rule 2 of the plan; null: the stage is to be done. */
async function madeBefore(shop: Workshop, index: number, inputs: string): Promise<MadeFile | null> {
  const done = shop.journal.read()?.stages[index];
  const file = buildLayout(shop.folder).output(index);
  if (done === undefined || done.inputs !== inputs || !existsSync(file)) return null;
  const found = await describeMade(file, shop.signal);
  return found.sha256 === done.output.sha256 ? found : null;
}

async function finish(shop: Workshop, order: BuildOrder, last: string): Promise<BuildResult> {
  const { recipe, version, boxFile } = order;
  shop.tell('packing the box, so that what stays alike in it stays alike in its file');
  const placed = await placeBox(
    last,
    { name: recipe.box, version, provider: recipe.provider },
    {
      boxFile,
      repack: true,
      from: 'build',
      at: () => iso(shop.clock.now()),
      signal: shop.signal,
    },
  );
  const { file, ...made } = placed;
  shop.tell(`${recipe.box} ${version} is in ${file}, ${showBytes(made.size)}`);
  const result: BuildResult = { ...made, endedAt: iso(shop.clock.now()), change: null };
  await shop.journal.update({ result });
  const layout = buildLayout(shop.folder);
  for (const index of recipe.stages.keys()) await rm(layout.output(index), { force: true });
  return result;
}

type StageLog = ReturnType<typeof logOf>;

/** The lines of the stage that is being done, in its own file. */
function logOf(folder: string) {
  let file: string | null = null;
  let writing: Promise<unknown> = mkdir(folder, { recursive: true, mode: 0o700 });
  const append = (place: string, line: string) => {
    // a log that cannot be written is no reason to end a build of hours
    writing = writing.then(() => appendFile(place, `${line}\n`, { mode: 0o600 })).catch(() => undefined);
  };
  return {
    begin: async (place: string) => {
      await writing;
      await mkdir(dirname(place), { recursive: true, mode: 0o700 });
      await rm(place, { force: true });
      file = place;
    },
    print: (line: string) => {
      if (file !== null) append(file, line);
    },
    end: () => writing,
  };
}
