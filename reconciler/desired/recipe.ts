/** A recipe, checked and resolved: how a box is built. What a host makes of it is in `boxes/build/`. */
import { HOUR, MINUTE } from '../clock.ts';
import { parseDuration } from '../duration.ts';
import type { Place } from '../errors.ts';
import type { DesiredFiles, Loaded } from './desired-files.ts';
import { findVersion } from './find-box.ts';
import type { Box } from './generated/box.ts';
import type { Recipe } from './generated/recipe.ts';
import { readRecipeFolder } from './guest-folder.ts';
import { pointer } from './json-pointer.ts';
import { didYouMean } from './nearest.ts';
import type { BoxSpec, GuestFile } from './spec.ts';

type Given = {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names. */
  readonly secrets: readonly string[];
};

export type StageSpec =
  | (Given & {
      readonly kind: 'command';
      /** `{input}` in an argument stands for the file that the stage before made. */
      readonly command: readonly string[];
      /** Relative to the stage's folder, never out of it. */
      readonly output: string;
    })
  | (Given & {
      readonly kind: 'vagrant';
      /** What it begins from; null: the file that the stage before made. */
      readonly base: BoxSpec | null;
      readonly wait: 'shutdown' | 'stop';
      /** The file of the recipe that becomes the box's Vagrantfile; null: none. */
      readonly vagrantfile: string | null;
    });

export type RecipeSpec = {
  readonly name: string;
  readonly box: string;
  readonly provider: string;
  /** With `{yyyy}`, `{m}` and `{d}` in it. */
  readonly version: string;
  /** null: every host. */
  readonly builders: { readonly hosts: readonly string[]; readonly labels: readonly string[] } | null;
  /** With `{version}` and `{sha256}` in them. */
  readonly sources: readonly string[];
  /** In milliseconds. */
  readonly timeouts: Readonly<Record<'command' | 'up' | 'shutdown' | 'package', number>>;
  /** How long after the last build a builder begins the next by itself, in milliseconds; null: only when asked. */
  readonly rebuildEvery: number | null;
  readonly stages: readonly StageSpec[];
  readonly files: readonly GuestFile[];
};

const DEFAULTS = { command: 6 * HOUR, up: 3 * HOUR, shutdown: 30 * MINUTE, package: 3 * HOUR };
const DEFAULT_VERSION = '{yyyy}.{m}.{d}';

/** undefined if the recipe has mistakes; all of them go to the complaints. */
export async function checkRecipe(files: DesiredFiles, name: string): Promise<RecipeSpec | undefined> {
  const recipe = await files.recipe(name);
  const content = await readRecipeFolder(files.tree, files.path(`boxes/${name}.recipe`), files.complaints);
  if (recipe === undefined) return undefined;
  await checkBuilders(files, recipe);
  const stages = await stagesOf(files, recipe, content);
  if (stages === undefined) return undefined;
  const { data } = recipe;
  const limit = (key: keyof typeof DEFAULTS) => parseDuration(data.timeouts?.[key] ?? '') || DEFAULTS[key];
  return {
    name,
    box: data.box ?? name,
    provider: data.provider,
    version: data.version ?? DEFAULT_VERSION,
    builders: data.builders ? { hosts: data.builders.hosts ?? [], labels: data.builders.labels ?? [] } : null,
    sources: data.sources ?? ['peers:'],
    timeouts: {
      command: limit('command'),
      up: limit('up'),
      shutdown: limit('shutdown'),
      package: limit('package'),
    },
    rebuildEvery: parseDuration(data.rebuild?.every ?? '') || null,
    stages,
    files: content,
  };
}

/** A host that only gets a box need not know how it was built: this is for whoever checks all files. */
export async function checkRecipeNames(files: DesiredFiles, box: Loaded<Box>): Promise<void> {
  const recipes = await files.recipeNames();
  for (const [index, { recipe }] of box.data.versions.entries()) {
    if (recipe === undefined || recipes.includes(recipe)) continue;
    const at = box.yaml.place(pointer('versions', index, 'recipe'));
    files.complaints.add(
      at,
      `recipe "${recipe}" has no file boxes/${recipe}.recipe.yaml${didYouMean(recipe, recipes)}`,
    );
  }
}

async function checkBuilders(files: DesiredFiles, { data, yaml }: Loaded<Recipe>): Promise<void> {
  const hosts = await files.names('hosts');
  for (const [index, host] of (data.builders?.hosts ?? []).entries()) {
    if (hosts.includes(host)) continue;
    const at = yaml.place(pointer('builders', 'hosts', index));
    files.complaints.add(
      at,
      `builders.hosts "${host}" has no file hosts/${host}.yaml${didYouMean(host, hosts)}`,
    );
  }
}

async function stagesOf(
  files: DesiredFiles,
  recipe: Loaded<Recipe>,
  content: readonly GuestFile[],
): Promise<readonly StageSpec[] | undefined> {
  const stages: StageSpec[] = [];
  const names = new Set<string>();
  for (const [index, { name }] of recipe.data.stages.entries()) {
    if (names.has(name))
      files.complaints.add(
        recipe.yaml.place(pointer('stages', index, 'name')),
        `a stage is called "${name}" already`,
      );
    names.add(name);
    const stage = await stageOf(files, recipe, index, content);
    if (stage !== undefined) stages.push(stage);
  }
  return stages.length === recipe.data.stages.length ? stages : undefined;
}

async function stageOf(
  files: DesiredFiles,
  { data, yaml }: Loaded<Recipe>,
  index: number,
  content: readonly GuestFile[],
): Promise<StageSpec | undefined> {
  const stage = data.stages[index];
  if (stage === undefined) return undefined;
  const place = (...keys: readonly string[]): Place => yaml.place(pointer('stages', index, ...keys));
  const complain = (at: Place, message: string) => {
    files.complaints.add(at, message);
    return undefined;
  };
  const { name, command, output, vagrant, env = {}, secrets = [] } = stage;
  for (const [at, secret] of secrets.entries()) {
    if (Object.hasOwn(env, secret))
      complain(place('secrets', String(at)), 'this name is among `env` as well: take it out of one of them');
  }
  const given = { name, env, secrets };
  if (command !== undefined && vagrant !== undefined)
    return complain(place('vagrant'), `stage "${name}" has a command as well: make two stages of it`);
  if (command !== undefined) {
    if (output === undefined)
      return complain(place(), `stage "${name}" must say in \`output\` which file its command makes`);
    if (index === 0 && command.some((argument) => argument.includes('{input}')))
      return complain(place('command'), 'no stage comes before this one: {input} stands for nothing');
    return { ...given, kind: 'command', command, output };
  }
  if (vagrant === undefined) return complain(place(), `stage "${name}" must have \`command\` or \`vagrant\``);
  if (output !== undefined)
    complain(place('output'), 'is for a command: what a `vagrant` stage makes is a box, wherever it lies');
  if (!content.some(({ path }) => path === 'Vagrantfile'))
    complain(
      place('vagrant'),
      `needs the recipe's Vagrantfile: there is no boxes/${data.name}.recipe/Vagrantfile`,
    );
  if (vagrant.vagrantfile !== undefined && !content.some(({ path }) => path === vagrant.vagrantfile))
    complain(
      place('vagrant', 'vagrantfile'),
      `there is no boxes/${data.name}.recipe/${vagrant.vagrantfile}${didYouMean(
        vagrant.vagrantfile,
        content.map(({ path }) => path),
      )}`,
    );
  const { base } = vagrant;
  if (base === undefined && index === 0)
    return complain(
      place('vagrant'),
      'no stage comes before this one: say in `base` which box it begins from',
    );
  const found =
    base === undefined
      ? null
      : await findVersion(
          files,
          { name: base.box, version: base.version, provider: data.provider },
          {
            name: { key: 'base.box', place: place('vagrant', 'base', 'box') },
            version: { key: 'base.version', place: place('vagrant', 'base', 'version') },
            provider: { key: 'provider', place: yaml.place(pointer('provider')) },
          },
        );
  if (found === undefined) return undefined;
  return {
    ...given,
    kind: 'vagrant',
    base: found,
    wait: vagrant.wait ?? 'stop',
    vagrantfile: vagrant.vagrantfile ?? null,
  };
}
