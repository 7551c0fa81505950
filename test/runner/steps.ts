/** All that `npm test` does, in order: what is quick and fails often comes first. */
import { checks } from './checks.ts';
import type { Step } from './step.ts';
import { tallyStep } from './tally-step.ts';
import { vitestStep } from './vitest.ts';

const NODE = process.execPath;
const MINUTE = 60_000;

export const STEPS: readonly Step[] = [
  checks('build', 'dist/ is made, and the launcher starts it', [
    { what: 'the build', argv: [NODE, 'setup/build.mjs'] },
    { what: 'the launcher', argv: ['bin/boxreeve', '--version'] },
  ]),
  checks('lint', 'format and lint (Biome), shell scripts parse', [
    { what: 'Biome', argv: [NODE, 'node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off', '.'] },
    ...[
      'bin/boxreeve',
      'setup/run.sh',
      'setup/bring-node.sh',
      'setup/bring-packages.sh',
      'setup/bring-vagrant.sh',
      'hooks/git/pre-receive',
      'hooks/git/pre-commit',
    ].map((script) => ({ what: script, argv: ['sh', '-n', script] })),
  ]),
  checks('types', 'types of the sources, the tests and the set-up (tsc)', [
    { what: 'tsc', argv: [NODE, 'node_modules/typescript/lib/tsc.js', '-p', '.'] },
  ]),
  checks('generated', 'what is made from other files is what they say', [
    { what: 'types of the schemas', argv: [NODE, 'setup/generate-types.mjs', '--check'] },
    { what: 'docs/reference', argv: [NODE, 'setup/generate-reference.mjs', '--check'] },
    { what: 'package-lock.json', argv: [NODE, 'setup/complete-lockfile.mjs', '--check'] },
  ]),
  checks(
    'structure',
    'no dead code (knip), no cycles, no part that knows what it must not (dependency-cruiser)',
    [
      // again, as this step may run alone and reads what is built
      { what: 'the build', argv: [NODE, 'setup/build.mjs'] },
      { what: 'knip', argv: [NODE, 'node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints'] },
      {
        what: 'dependency-cruiser',
        argv: [
          NODE,
          'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
          '--config',
          '.dependency-cruiser.mjs',
          'dist',
        ],
      },
    ],
  ),
  vitestStep({
    name: 'unit',
    about: 'single parts',
    folder: 'test/unit',
    limit: 12 * MINUTE,
    progress: 'default',
  }),
  vitestStep({
    name: 'fuzz',
    about: 'parsers of what comes from outside, with input that is not what it should be',
    folder: 'test/fuzz',
    limit: 10 * MINUTE,
    progress: 'default',
  }),
  vitestStep({
    name: 'contract',
    about: 'parts against the real tools they stand for',
    folder: 'test/contract',
    limit: 12 * MINUTE,
    progress: 'default',
  }),
  tallyStep({
    name: 'attacks',
    about: 'what attackers try fails, and succeeds when the defence against it is taken out',
    argv: [NODE, 'test/attacks/proof/attacks.ts', '--prove'],
    limit: 15 * MINUTE,
  }),
  vitestStep({
    name: 'e2e',
    about: 'the whole, with real Git, real Vagrant and real guests',
    folder: 'test/e2e',
    limit: 25 * MINUTE,
    progress: 'verbose',
  }),
];
