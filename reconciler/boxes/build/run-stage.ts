/** Does one stage of a build: what it makes lies at its place when it is done, or nothing does. */
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from '../../apply/run-process.ts';
import { vagrantEnvironment } from '../../apply/vagrant-environment.ts';
import type { RecipeSpec, StageSpec } from '../../desired/recipe.ts';
import { noteProcess } from './end-build-machine.ts';
import { runVagrantStage } from './vagrant-stage.ts';
import { makeWorkFolder, removeWorkFolder } from './work-folder.ts';
import { BuildFailed, buildLayout, lastLine, type StageParts, type Workshop } from './workshop.ts';

/** @param input the file of the stage before; null for the first. Throws a BoxreeveError, or why the signal was aborted. */
export async function runStage(
  shop: Workshop,
  recipe: RecipeSpec,
  index: number,
  stage: StageSpec,
  input: string | null,
): Promise<string> {
  const { work, output } = buildLayout(shop.folder);
  const target = output(index);
  await rm(target, { force: true });
  await makeWorkFolder(work, recipe.files, shop.blob);
  const env = await environmentOf(shop, stage);
  if (stage.kind === 'vagrant') await runVagrantStage(shop, recipe, stage, { input, env, target });
  else await runCommandStage(shop, recipe, stage, { input, env, target });
  await removeWorkFolder(work);
  return target;
}

async function environmentOf(shop: Workshop, { env, secrets }: StageSpec): Promise<Record<string, string>> {
  const values = await Promise.all(secrets.map(async (name) => [name, await shop.secret(name)] as const));
  return { ...env, ...Object.fromEntries(values) };
}

async function runCommandStage(
  shop: Workshop,
  recipe: RecipeSpec,
  stage: Extract<StageSpec, { kind: 'command' }>,
  { input, env, target }: StageParts,
): Promise<void> {
  const { work } = buildLayout(shop.folder);
  const [program = '', ...args] = stage.command.map((argument) =>
    argument.replaceAll('{input}', input ?? ''),
  );
  const ran = await runProcess({
    program,
    args,
    cwd: work,
    env: vagrantEnvironment(shop.vagrantHome, { folder: work, env, vagrantfile: 'Vagrantfile' }),
    timeoutMs: recipe.timeouts.command,
    signal: shop.signal,
    redactor: shop.redactor,
    onLine: shop.print,
    onStart: noteProcess(shop),
  });
  if (ran.ended === 'aborted') shop.signal.throwIfAborted();
  if (ran.problem !== null) throw new BuildFailed(ran.problem);
  if (ran.ended === 'timed-out')
    throw new BuildFailed(`${program} did not end within \`timeouts.command\`, and was ended`);
  if (ran.exitStatus !== 0)
    throw new BuildFailed(`${program} ended with ${ran.exitStatus ?? ran.signal}: ${lastLine(ran.tail)}`);
  const made = join(work, stage.output);
  const about = await stat(made).catch(() => null);
  if (about === null || !about.isFile() || about.size === 0)
    throw new BuildFailed(`${program} succeeded, and there is no file ${stage.output} in its folder`);
  await rename(made, target);
}
