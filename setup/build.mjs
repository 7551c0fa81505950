/**
 * `npm run build`, and part of every `npm ci`: compiles reconciler/ to dist/, brings a Node that Boxreeve runs on where this
 * one is too old, and puts `boxreeve` where `npx` looks. Plain JavaScript for Node 18 and newer, since it may be an old one
 * that runs it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNewEnough } from '../bin/node-version.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, 'dist');

try {
  if (existsSync(join(root, 'node_modules', 'typescript'))) compile();
  else if (existsSync(built)) say('typescript is not installed, so dist/ stays as it is');
  else throw new Error('typescript is not installed (npm ci --omit=dev?), and there is no dist/ yet');
  provideNode();
  linkForNpx();
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}

/** Beside the old dist/, and then in its place: whoever runs Boxreeve meanwhile finds a whole one, but for an instant. */
function compile() {
  const fresh = join(root, `.dist-${process.pid}`);
  const old = join(root, `.dist-${process.pid}-old`);
  try {
    const tsc = join(root, 'node_modules', 'typescript', 'lib', 'tsc.js');
    run(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', fresh], 'tsc failed');
    const source = join(root, 'reconciler');
    // the JSON Schemas that are read at run time
    cpSync(source, fresh, { recursive: true, filter: (path) => !/\.[cm]?ts$/.test(path) });
    if (existsSync(built)) renameSync(built, old);
    renameSync(fresh, built);
  } finally {
    if (!existsSync(built) && existsSync(old)) renameSync(old, built);
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
}

/** The launcher takes .node/bin/node if there is one, else what is written here. */
function provideNode() {
  if (isNewEnough(process.versions.node)) {
    if (process.execPath.startsWith(join(root, '.node'))) return;
    mkdirSync(join(root, '.node'), { recursive: true });
    writeFileSync(join(root, '.node', 'path'), `${process.execPath}\n`);
  } else {
    run(
      'sh',
      [join(root, 'setup', 'bring-node.sh')],
      'this Node is too old, and a newer one could not be had',
    );
  }
}

/** npm links the programs of a package's dependencies, not its own: without this `npx boxreeve` asks the registry. */
function linkForNpx() {
  const folder = join(root, 'node_modules', '.bin');
  if (!existsSync(folder)) return;
  const link = join(folder, 'boxreeve');
  rmSync(link, { force: true });
  symlinkSync(join('..', '..', 'bin', 'boxreeve'), link);
}

function run(program, args, otherwise) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(error ? `${otherwise}: ${error.message}` : otherwise);
}

function say(text) {
  process.stderr.write(`build: ${text}\n`);
}
