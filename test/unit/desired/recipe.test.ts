/** Recipes are checked with everything else of a checkout, and every mistake has its place. */
import { describe, expect, it } from 'vitest';
import { DesiredFiles } from '../../../reconciler/desired/desired-files.ts';
import { checkRecipe } from '../../../reconciler/desired/recipe.ts';
import { validateAll } from '../../../reconciler/desired/validate.ts';
import { showComplaint } from '../../../reconciler/errors.ts';
import { swap } from './complaints-of.ts';
import { BOX, goodFleet, type Item, memoryTree, RECIPE } from './memory-tree.ts';

const FILE = 'desired-state/boxes/common-box.recipe.yaml';
const FOLDER = 'desired-state/boxes/common-box.recipe';
const CATALOGUE = 'desired-state/boxes/azure-ci-node.yaml';

async function mistakesOf(change: Readonly<Record<string, Item | null>>): Promise<string[]> {
  const { complaints } = await validateAll(memoryTree(goodFleet(change)), 'desired-state');
  return complaints.map(showComplaint);
}

function withStage(stage: string, more: Readonly<Record<string, Item>> = {}): Promise<string[]> {
  return mistakesOf({ [FILE]: `${RECIPE}  - ${stage}\n`, ...more });
}

describe('a recipe', () => {
  it('is right as it is, and no box for it', async () => {
    expect(await mistakesOf({})).toEqual([]);
    const { boxes } = await validateAll(memoryTree(goodFleet()), 'desired-state');
    expect(boxes).toBe(1);
  });

  it('may have files of any name in its folder, also such as look like a box', async () => {
    const files = { [`${FOLDER}/x.yaml`]: 'a: 1\n', [`${FOLDER}/deep/y.yml`]: 'b: 1\n' };
    expect(await mistakesOf(files)).toEqual([]);
  });

  it('is resolved: files with digests, durations in milliseconds, the base box as catalogued', async () => {
    const text = `${RECIPE}  - { name: common, vagrant: { base: { box: azure-ci-node, version: 2022.2.17 }, wait: shutdown } }\ntimeouts: { up: 90m }\n`;
    const tree = memoryTree(goodFleet({ [FILE]: text, [`${FOLDER}/Vagrantfile`]: '# none\n' }));
    const recipe = await checkRecipe(new DesiredFiles(tree, 'desired-state'), 'common-box');
    expect(recipe).toMatchObject({
      box: 'azure-ci-node',
      version: '{yyyy}.{m}.{d}',
      sources: ['peers:'],
      timeouts: { up: 5_400_000, shutdown: 1_800_000 },
      files: [{ path: 'Vagrantfile', size: 7 }],
      stages: [
        { kind: 'command', command: ['macinbox'], output: 'base.box' },
        { kind: 'vagrant', wait: 'shutdown', base: { version: '2022.2.17', size: 42681237504 } },
      ],
    });
  });

  it('must be there where a box names it', async () => {
    expect(await mistakesOf({ [CATALOGUE]: swap(BOX, 'recipe: common-box', 'recipe: comon-box') })).toEqual([
      `${CATALOGUE}:14:13 recipe "comon-box" has no file boxes/comon-box.recipe.yaml; did you mean \`common-box\`?`,
    ]);
  });

  it('must bear the name of its file, and say a version that Vagrant understands', async () => {
    const text = `${swap(RECIPE, 'name: common-box', 'name: other')}version: "v{yyyy}"\n`;
    expect((await mistakesOf({ [FILE]: text })).join('\n')).toMatch(
      /:7:10 version "v\{yyyy\}" is not a version/,
    );
    expect(await mistakesOf({ [FILE]: swap(RECIPE, 'name: common-box', 'name: other') })).toEqual([
      `${FILE}:2:7 name "other" must be "common-box": the file is called boxes/common-box.recipe.yaml`,
    ]);
  });

  it('names builders that there are', async () => {
    expect(await mistakesOf({ [FILE]: `${RECIPE}builders: { hosts: [builder9] }\n` })).toEqual([
      `${FILE}:7:21 builders.hosts "builder9" has no file hosts/builder9.yaml; did you mean \`builder1\`?`,
    ]);
  });

  const stages: readonly (readonly [title: string, stage: string, message: RegExp])[] = [
    [
      'both a command and a guest',
      '{ name: x, command: [a], output: b, vagrant: {} }',
      /7:50 stage "x" has a command as well/,
    ],
    ['neither', '{ name: x }', /7:5 stage "x" must have `command` or `vagrant`/],
    ['a command without a result', '{ name: x, command: [a] }', /7:5 stage "x" must say in `output`/],
    [
      'a result outside of its folder',
      '{ name: x, command: [a], output: ../b }',
      /output "\.\.\/b" is not a path in the stage's folder/,
    ],
    [
      'a result that is an option',
      '{ name: x, command: [a], output: -b }',
      /output "-b" is not a path in the stage's folder/,
    ],
    [
      'the name of another',
      '{ name: base, command: [a], output: b }',
      /7:13 a stage is called "base" already/,
    ],
    ['a guest without a Vagrantfile', '{ name: x, vagrant: {} }', /7:25 needs the recipe's Vagrantfile/],
    [
      'an unknown base',
      '{ name: x, vagrant: { base: { box: nobox, version: "1" } } }',
      /base\.box "nobox" has no file boxes\/nobox\.yaml/,
    ],
    [
      'a secret that is a variable too',
      '{ name: x, command: [a], output: b, env: { A: b }, secrets: [A] }',
      /among `env` as well/,
    ],
  ];
  it.each(stages)('may not have a stage with %s', async (_title, stage, message) => {
    expect((await withStage(stage)).join('\n')).toMatch(message);
  });

  it('may not begin with a stage that goes on from another', async () => {
    const first = swap(
      RECIPE,
      '{ name: base, command: [macinbox], output: base.box }',
      '{ name: x, vagrant: {} }',
    );
    expect((await mistakesOf({ [FILE]: first, [`${FOLDER}/Vagrantfile`]: '' })).join('\n')).toMatch(
      /6:25 no stage comes before this one: say in `base`/,
    );
    expect((await mistakesOf({ [FILE]: swap(RECIPE, '[macinbox]', '[cp, "{input}"]') })).join('\n')).toMatch(
      /no stage comes before this one: \{input\} stands for nothing/,
    );
  });

  it('may not lead out of its folder', async () => {
    expect(await mistakesOf({ [`${FOLDER}/link`]: { kind: 'symlink' } })).toEqual([
      `${FOLDER}/link must be a regular file, not a symlink`,
    ]);
  });
});
