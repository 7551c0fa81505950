/** All that Ajv finds wrong with a value. Heavy: import it when something is known to be wrong. */
import { readFileSync } from 'node:fs';
import type { ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Kinds } from './check-schema.ts';

const SCHEMAS = new URL('../../desired-state/schema/', import.meta.url);

let known: Ajv2020 | undefined;
let withoutUniqueItems: Ajv2020 | undefined;

/** Throws if there is nothing wrong: then the functions made from the schemas are not of these schemas. */
export function schemaErrors(kind: keyof Kinds, value: unknown): readonly ErrorObject[] {
  known ??= newAjv(() => true);
  const errors = errorsBy(known, kind, value) ?? errorsBy(lenient(), kind, value);
  if (errors === null || errors.length === 0)
    throw new Error(`generated/validators.ts is not what ${kind}.json says`);
  return errors;
}

/**
 * null if Ajv came to grief: where a list must not say a thing twice it compares what is in it, and calls what a file may have put in
 * place of a method (`valueOf: null`). Only texts may be in such lists, so it finds enough without comparing.
 */
function errorsBy(ajv: Ajv2020, kind: keyof Kinds, value: unknown): readonly ErrorObject[] | null {
  try {
    ajv.validate(`${kind}.json`, value);
    return ajv.errors ?? [];
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function lenient(): Ajv2020 {
  withoutUniqueItems ??= newAjv((keyword) => keyword !== 'uniqueItems');
  return withoutUniqueItems;
}

/** @param keeps which keywords of the schemas count */
function newAjv(keeps: (keyword: string) => boolean): Ajv2020 {
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
  for (const name of ['terms', 'fleet', 'host', 'guest', 'box', 'recipe', 'trust-rules', 'host-config']) {
    ajv.addSchema(readSchema(name, keeps), `${name}.json`);
  }
  return ajv;
}

function readSchema(name: string, keeps: (keyword: string) => boolean): object {
  const text = readFileSync(new URL(`${name}.json`, SCHEMAS), 'utf8');
  const schema: unknown = JSON.parse(text, (key, value: unknown) => (keeps(key) ? value : undefined));
  if (typeof schema !== 'object' || schema === null) throw new Error(`schema ${name}.json is no object`);
  return schema;
}
