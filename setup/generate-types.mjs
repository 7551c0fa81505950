#!/usr/bin/env node
/**
 * Makes code out of the JSON Schemas of the files a user writes, so that the schemas stay the one truth: their types, and
 * functions that say whether a value is valid. Ajv compiles the latter here rather than on every host: loading and compiling at
 * run time would cost each command 160 ms and the daemon 12 MiB.
 *
 *   node setup/generate-types.mjs           writes reconciler/desired/generated/*.ts
 *   node setup/generate-types.mjs --check   exits with 1 if one of them is not what its schema says
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import { compileFromFile } from 'json-schema-to-typescript';

const root = join(import.meta.dirname, '..');
const schemas = join(root, 'desired-state', 'schema');
const target = join(root, 'reconciler', 'desired', 'generated');
/** Name of the schema, and of its validator. */
const kinds = {
  fleet: 'isFleet',
  host: 'isHost',
  guest: 'isGuest',
  box: 'isBox',
  recipe: 'isRecipe',
  'trust-rules': 'isTrustRules',
  'host-config': 'isHostConfig',
};

const files = { 'validators.ts': await validators() };
for (const name of Object.keys(kinds)) files[`${name}.ts`] = await types(name);
const stale = [];
await mkdir(target, { recursive: true });
for (const [name, text] of Object.entries(files)) {
  const file = join(target, name);
  if ((await readFile(file, 'utf8').catch(() => '')) === text) continue;
  stale.push(file);
  if (!process.argv.includes('--check')) await writeFile(file, text);
}
if (process.argv.includes('--check') && stale.length > 0) {
  process.stderr.write(`not what the schemas say, run node setup/generate-types.mjs:\n${stale.join('\n')}\n`);
  process.exitCode = 1;
}

function types(name) {
  return compileFromFile(join(schemas, `${name}.json`), {
    cwd: schemas,
    additionalProperties: false,
    bannerComment: `/** Made by setup/generate-types.mjs from desired-state/schema/${name}.json: change that, not this. */`,
    style: { singleQuote: true, printWidth: 110 },
  });
}

async function validators() {
  const ajv = new Ajv2020({
    discriminator: true,
    allowUnionTypes: true,
    messages: false,
    code: { source: true, esm: true, optimize: true },
  });
  for (const name of ['terms', ...Object.keys(kinds)]) {
    const schema = JSON.parse(await readFile(join(schemas, `${name}.json`), 'utf8'));
    ajv.addSchema(withoutWords(schema), `${name}.json`);
  }
  const refs = Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [kind, `${name}.json`]));
  // Ajv asks for two small modules of its own, which Node has as well
  const code = standalone
    .default(ajv, refs)
    .replace('"use strict";', '')
    .replace('require("ajv/dist/runtime/equal").default', 'isDeepStrictEqual')
    .replace('require("ajv/dist/runtime/ucs2length").default', '((text) => [...text].length)');
  if (code.includes('require(')) throw new Error('Ajv asks for a module that is not known here');
  return [
    '// @ts-nocheck: Ajv writes JavaScript',
    '/** Made by setup/generate-types.mjs from desired-state/schema/*.json: change those, not this. */',
    "import { isDeepStrictEqual } from 'node:util';",
    code,
    '',
  ].join('\n');
}

/** A schema without what only people and messages need; what bears a property's or a term's name is kept. */
function withoutWords(schema) {
  if (Array.isArray(schema)) return schema.map(withoutWords);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key]) => !/^(title|description|default|x-.*)$/.test(key));
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      /^(properties|\$defs)$/.test(key) ? eachWithoutWords(value) : withoutWords(value),
    ]),
  );
}

function eachWithoutWords(schemasByName) {
  return Object.fromEntries(
    Object.entries(schemasByName).map(([name, schema]) => [name, withoutWords(schema)]),
  );
}
