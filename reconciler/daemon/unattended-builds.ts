/** Builds that a builder's daemon begins by itself: each a process of its own, one at a time, which ends with the daemon. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { dueBuild, type Failures, type Rebuilt } from '../boxes/build/due-build.ts';
import { openJournal } from '../boxes/build/journal.ts';
import { mayNotBuild } from '../boxes/build/plan-build.ts';
import { buildLayout } from '../boxes/build/workshop.ts';
import { DesiredFiles } from '../desired/desired-files.ts';
import { checkRecipe, type RecipeSpec } from '../desired/recipe.ts';
import type { HostSpec } from '../desired/spec.ts';
import { windowState } from '../gate/window.ts';
import type { HostConfig } from '../host-config.ts';
import type { Host } from '../host-ports.ts';
import { takeVariable } from '../secrets/taken-variables.ts';
import type { StateDir } from '../state-dir.ts';

export type UnattendedBuilds = {
  /** Begins the build that is due, if one is. Never throws. */
  consider(): Promise<void>;
  /** Ends the one that is under way: the next daemon takes it up. */
  close(): Promise<void>;
};

type Parts = {
  readonly config: HostConfig;
  readonly dirs: StateDir;
  readonly host: Pick<Host, 'memory' | 'mirror' | 'resolve' | 'clock' | 'log'>;
};

export function unattendedBuilds({ config, dirs, host }: Parts): UnattendedBuilds {
  const failures = new Map<string, Failures>();
  let running: ChildProcess | null = null;
  let known: { readonly tree: string | null; readonly recipes: readonly RecipeSpec[] } | null = null;

  /** Those of a commit that this host builds by itself; read once for each desired state. */
  async function recipesOf(commit: string, spec: HostSpec): Promise<readonly RecipeSpec[]> {
    const tree = await host.mirror.desiredTreeId(commit);
    if (known?.tree !== tree) known = { tree, recipes: await readRecipes(host, config, commit, spec) };
    return known.recipes;
  }

  async function lookAt({ name, rebuildEvery }: RecipeSpec): Promise<Rebuilt> {
    const journal = (await openJournal(buildLayout(join(dirs.builds, name)).journal)).read();
    return { recipe: name, every: rebuildEvery ?? 0, journal, failures: failures.get(name) ?? null };
  }

  async function begin(): Promise<void> {
    const commit = host.memory.read().applied?.commit;
    if (running !== null || commit === undefined) return;
    const spec = await host.resolve(commit);
    const recipes = await Promise.all((await recipesOf(commit, spec)).map(lookAt));
    const now = host.clock.now();
    const open = spec.window === null || windowState(spec.window, now).open;
    const due = dueBuild(recipes, { open, paused: host.memory.read().pause !== null }, now);
    if (due === null) return;
    host.log.info({ event: 'build-begun', recipe: due.recipe }, `building ${due.recipe}`);
    running = start(config, due.recipe, due.again, (line) =>
      host.log.info({ event: 'build', recipe: due.recipe }, line),
    );
    running.once('close', (code) => ended(due.recipe, code));
  }

  function ended(recipe: string, code: number | null): void {
    running = null;
    if (code === 0) failures.delete(recipe);
    else {
      const count = (failures.get(recipe)?.count ?? 0) + 1;
      failures.set(recipe, { count, at: host.clock.now() });
      host.log.error({ event: 'build-failed', recipe, exitCode: code, count }, `building ${recipe} failed`);
    }
  }

  return {
    consider: () =>
      begin().catch((error: unknown) => host.log.warn({ event: 'build-not-begun' }, String(error))),
    close: async () => {
      if (running === null) return;
      const end = once(running, 'close');
      running.kill('SIGTERM');
      await end;
    },
  };
}

async function readRecipes(
  { mirror, log }: Parts['host'],
  { path }: Pick<HostConfig, 'path'>,
  commit: string,
  spec: HostSpec,
): Promise<readonly RecipeSpec[]> {
  const files = new DesiredFiles(mirror.tree(commit), path);
  const found: RecipeSpec[] = [];
  for (const name of await files.recipeNames()) {
    const recipe = await checkRecipe(files, name);
    if (recipe !== undefined && recipe.rebuildEvery !== null && mayNotBuild(recipe, spec) === null)
      found.push(recipe);
  }
  for (const { message } of files.complaints.list()) log.warn({ event: 'recipe-wrong' }, message);
  return files.complaints.list().length > 0 ? [] : found;
}

/** In a session of its own: a signal for the daemon is not for it, as a second one would end it where it stands. */
function start(
  config: HostConfig,
  recipe: string,
  again: boolean,
  tell: (line: string) => void,
): ChildProcess {
  const [, entry = ''] = process.argv;
  const args = ['box', 'build', recipe, ...(again ? ['--again'] : []), '--config', config.file];
  const child = spawn(process.execPath, [...process.execArgv, entry, ...args], {
    cwd: '/',
    detached: true,
    env: { ...process.env, ...takenVariables(config) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const output of [child.stdout, child.stderr])
    createInterface({ input: output }).on('line', (line) => tell(line));
  child.on('error', (error) => tell(error.message));
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  return child;
}

/** It is this program once more, and takes them out of its environment as this process did. */
function takenVariables({ secrets }: HostConfig): Record<string, string> {
  const values = Object.values(secrets).flatMap((source) => {
    if (!('env' in source)) return [];
    const value = takeVariable(source.env);
    return value === undefined ? [] : [[source.env, value] as const];
  });
  return Object.fromEntries(values);
}
