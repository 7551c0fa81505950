/** All that Ajv finds wrong with a value. Heavy: import it when something is known to be wrong. */
import { readFileSync } from 'node:fs';
import type { ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Kinds } from './check-schema.ts';

const SCHEMAS = new URL('../../desired-state/schema/', import.meta.url);

let known: Ajv2020 | undefined;

/** Throws if there is nothing wrong: then the functions made from the schemas are not of these schemas. */
export function schemaErrors(kind: keyof Kinds, value: unknown): readonly ErrorObject[] {
  known ??= newAjv();
  known.validate(`${kind}.json`, value);
  if (!known.errors) throw new Error(`generated/validators.ts is not what ${kind}.json says`);
  return known.errors;
}

function newAjv(): Ajv2020 {
  // verbose: what explains an error reads the schema around it
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    verbose: true,
    discriminator: true,
    allowUnionTypes: true,
    validateFormats: false,
  });
  // what messages are made of: a pattern in words, the values of a discriminator, and what is not to be shown
  for (const keyword of ['x-form', 'x-tags', 'x-hidden']) ajv.addKeyword(keyword);
  for (const name of ['terms', 'fleet', 'host', 'guest', 'box', 'trust-rules', 'host-config']) {
    ajv.addSchema(readSchema(name), `${name}.json`);
  }
  return ajv;
}

function readSchema(name: string): object {
  const schema: unknown = JSON.parse(readFileSync(new URL(`${name}.json`, SCHEMAS), 'utf8'));
  if (typeof schema !== 'object' || schema === null) throw new Error(`schema ${name}.json is no object`);
  return schema;
}
