/**
 * A stage that makes a guest from a box, lets it be provisioned, and packages it.
 *
 * 1. The box it begins from is added to the builds' own store, from the file of the stage before or from the catalogue.
 * 2. The guest is made under a name that the journal knows before it is made.
 * 3. It is off before it is packaged: by itself, or by `vagrant halt`.
 * 4. Whatever came of it, the guest is destroyed, and the box it began from is removed.
 */
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import { runProcess } from '../../apply/run-process.ts';
import { newMachineName, type Project, type RunContext, type VagrantResult } from '../../apply/vagrant.ts';
import { vagrantEnvironment } from '../../apply/vagrant-environment.ts';
import { WRAPPER, wrapperVagrantfile } from '../../apply/vagrantfile.ts';
import { MINUTE, SECOND } from '../../clock.ts';
import type { RecipeSpec, StageSpec } from '../../desired/recipe.ts';
import type { BoxSpec } from '../../desired/spec.ts';
import { boxFolder, readMachineRecords } from '../../observed/vagrant-store.ts';
import { writeCatalog } from '../catalog.ts';
import { NotATar, tarOf } from '../chunks/tar-of-box.ts';
import { endBuildMachine, noteProcess } from './end-build-machine.ts';
import { describeMade } from './made-file.ts';
import { BuildFailed, buildLayout, lastLine, type StageParts, type Workshop } from './workshop.ts';

type VagrantStage = Extract<StageSpec, { kind: 'vagrant' }>;

/** Limits in milliseconds: Vagrant copies and unpacks tens of gigabytes. */
const ADD_LIMIT = 120 * MINUTE;
const REMOVE_LIMIT = 15 * MINUTE;
const BETWEEN_LOOKS = SECOND;

/** Throws a BoxreeveError, or why the signal was aborted; no machine is left then either. */
export async function runVagrantStage(
  shop: Workshop,
  recipe: RecipeSpec,
  stage: VagrantStage,
  parts: StageParts,
): Promise<void> {
  const base = await addBase(shop, recipe, stage, parts.input);
  try {
    await makeAndPackage(shop, recipe, stage, base, parts);
  } finally {
    await endBuildMachine(shop, recipe.provider, parts.env);
    await removeBase(shop, base);
  }
}

async function makeAndPackage(
  shop: Workshop,
  recipe: RecipeSpec,
  stage: VagrantStage,
  base: BoxSpec,
  { env, target }: StageParts,
): Promise<void> {
  const { work } = buildLayout(shop.folder);
  const machine = newMachineName(recipe.name);
  await shop.journal.update({ machine });
  await writeFileAtomic(join(work, WRAPPER), buildVagrantfile(base, machine), { mode: 0o644 });
  const project: Project = { folder: work, env, vagrantfile: WRAPPER };
  shop.signal.throwIfAborted();
  const up = await shop.vagrant.up(project, recipe.provider, true, runFor(shop, recipe.timeouts.up));
  if (!(stage.wait === 'shutdown' && wasClosed(up))) assertDone(shop, 'vagrant up', up);
  if (stage.wait === 'shutdown') await untilOff(shop, recipe);
  else
    assertDone(
      shop,
      'vagrant halt',
      await shop.vagrant.halt(project, runFor(shop, recipe.timeouts.shutdown)),
    );
  await packageMachine(shop, recipe, stage, project, target);
}

/** A packaged box has no private key of its own: unless the well-known one stays, it cannot be booted again. */
function buildVagrantfile(base: BoxSpec, machine: string): string {
  const before = 'Vagrant.configure("2") { |config| config.ssh.insert_key = false }\n';
  return before + wrapperVagrantfile(base, machine);
}

/** The guest that shuts itself down takes Vagrant's connection with it, sooner or later. Whether it did is asked of the provider. */
function wasClosed({ problem }: VagrantResult): boolean {
  return (
    problem?.kind === 'guest' && /SSH connection was (unexpectedly closed|reset|aborted)/i.test(problem.why)
  );
}

async function untilOff(shop: Workshop, { provider, timeouts }: RecipeSpec): Promise<void> {
  const machines = readMachineRecords(buildLayout(shop.folder).work).flatMap(({ id }) =>
    id === null ? [] : [id],
  );
  const until = shop.clock.now() + timeouts.shutdown;
  for (;;) {
    const answers = await Promise.all(machines.map((id) => shop.askMachine({ provider, id })));
    const seen = answers.map((answer) => (answer.state === 'exists' ? answer.power : answer.state));
    if (machines.length > 0 && seen.every((power) => power === 'stopped')) return;
    if (shop.clock.now() >= until)
      throw new BuildFailed(
        `the guest did not shut itself down within \`timeouts.shutdown\` (${seen.join(', ') || 'there is none'}): its init script must end so, or the recipe must say \`wait: stop\``,
      );
    await wait(BETWEEN_LOOKS, undefined, { signal: shop.signal });
  }
}

/** Vagrant takes no notice of how its archiver ended (trap 10): what it made is read to its end. */
async function packageMachine(
  shop: Workshop,
  { timeouts }: RecipeSpec,
  { vagrantfile }: VagrantStage,
  project: Project,
  target: string,
): Promise<void> {
  const included = vagrantfile === null ? [] : ['--vagrantfile', join(project.folder, vagrantfile)];
  // Vagrant gathers the guest's disk there, which a system's own folder may be too small for, and leaves folders behind
  const scratch = `${target}.tmp`;
  await mkdir(scratch, { mode: 0o700, recursive: true });
  try {
    const args = ['package', '--output', target, ...included];
    await runVagrant(shop, args, project, { TMPDIR: scratch }, timeouts.package);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  if ((await stat(target).catch(() => null)) === null)
    throw new BuildFailed('vagrant package succeeded, and there is no box');
  try {
    for await (const _part of tarOf(target, shop.signal));
  } catch (error) {
    // a zip can be had in no other way than whole; Vagrant unpacks it or does not
    if (!(error instanceof NotATar)) throw error;
  }
}

async function runVagrant(
  shop: Workshop,
  args: readonly string[],
  project: Project,
  env: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<void> {
  const ran = await runProcess({
    ...runFor(shop, timeoutMs),
    program: 'vagrant',
    args,
    cwd: project.folder,
    env: { ...vagrantEnvironment(shop.vagrantHome, project), ...env },
    onLine: shop.print,
  });
  if (ran.ended === 'aborted') shop.signal.throwIfAborted();
  if (ran.problem !== null) throw new BuildFailed(ran.problem);
  if (ran.ended === 'timed-out') throw new BuildFailed(`vagrant ${args[0]} did not end in its time`);
  if (ran.exitStatus !== 0) throw new BuildFailed(`vagrant ${args[0]}: ${lastLine(ran.tail)}`);
}

function runFor(shop: Workshop, timeoutMs: number): RunContext {
  return { timeoutMs, signal: shop.signal, redactor: shop.redactor, onStart: noteProcess(shop) };
}

function assertDone(shop: Workshop, what: string, { problem }: VagrantResult): void {
  if (problem === null) return;
  if (problem.kind === 'aborted') shop.signal.throwIfAborted();
  throw new BuildFailed(`${what}: ${problem.why}`);
}

/** The box is called after its digest: what a build that was cut has left is not taken for it. */
async function addBase(
  shop: Workshop,
  { name, provider }: RecipeSpec,
  stage: VagrantStage,
  input: string | null,
): Promise<BoxSpec> {
  const layout = buildLayout(shop.folder);
  let base: BoxSpec;
  let file: string;
  if (stage.base !== null) {
    base = stage.base;
    file = layout.base(base.sha256);
    await shop.fetch(base, file);
  } else {
    file = input ?? '';
    const made = await describeMade(file, shop.signal);
    base = { name: `boxreeve-build/${name}`, version: '1', provider, sources: [], ...made };
  }
  await removeBase(shop, base);
  const catalogue = await writeCatalog(layout.work, base, file);
  assertDone(shop, 'vagrant box add', await shop.vagrant.addBox(catalogue, base, runFor(shop, ADD_LIMIT)));
  await rm(catalogue, { force: true });
  if (stage.base !== null) await rm(dirname(file), { recursive: true, force: true });
  return base;
}

/** Nothing is built from it any more: machines of builds are destroyed before, and no others are in this home. */
async function removeBase(shop: Workshop, base: BoxSpec): Promise<void> {
  if (boxFolder(shop.vagrantHome, base) === undefined) return;
  const signal = new AbortController().signal;
  await shop.vagrant.removeBox(base, { ...runFor(shop, REMOVE_LIMIT), signal });
  const left = boxFolder(shop.vagrantHome, base);
  if (left !== undefined) await rm(left, { recursive: true, force: true });
}
