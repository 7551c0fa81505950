#!/usr/bin/env node
/**
 * Makes the types of the files a user writes out of their JSON Schemas, so that the schema stays the one truth.
 *
 *   node setup/generate-types.mjs           writes reconciler/desired/generated/*.ts
 *   node setup/generate-types.mjs --check   exits with 1 if one of them is not what its schema says
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileFromFile } from 'json-schema-to-typescript';

const root = join(import.meta.dirname, '..');
const schemas = join(root, 'desired-state', 'schema');
const target = join(root, 'reconciler', 'desired', 'generated');
const names = ['fleet', 'host', 'guest', 'box', 'host-config'];

const check = process.argv.includes('--check');
const stale = [];
await mkdir(target, { recursive: true });
for (const name of names) {
  const text = await compileFromFile(join(schemas, `${name}.json`), {
    cwd: schemas,
    additionalProperties: false,
    bannerComment: `/** Made by setup/generate-types.mjs from desired-state/schema/${name}.json: change that, not this. */`,
    style: { singleQuote: true, printWidth: 110 },
  });
  const file = join(target, `${name}.ts`);
  if ((await readFile(file, 'utf8').catch(() => '')) === text) continue;
  stale.push(file);
  if (!check) await writeFile(file, text);
}
if (check && stale.length > 0) {
  process.stderr.write(`not what the schemas say, run node setup/generate-types.mjs:\n${stale.join('\n')}\n`);
  process.exitCode = 1;
}
