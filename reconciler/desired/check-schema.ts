/**
 * Checks a file against its JSON Schema (`desired-state/schema/`). Ajv and the schemas are loaded at the first check, and
 * each schema is compiled once in a process.
 */
import { readFile } from 'node:fs/promises';
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import type { Complaint } from '../errors.ts';
import { atMost } from './complaints.ts';
import type { Box } from './generated/box.ts';
import type { Fleet } from './generated/fleet.ts';
import type { Guest } from './generated/guest.ts';
import type { Host } from './generated/host.ts';
import type { HostConfig } from './generated/host-config.ts';
import type { YamlFile } from './read-yaml.ts';

/** The kinds of file, by the name of their schema. */
export type Kinds = { fleet: Fleet; host: Host; guest: Guest; box: Box; 'host-config': HostConfig };

export type Checked<T> =
  | { readonly ok: true; readonly data: T }
  | { readonly ok: false; readonly complaints: readonly Complaint[] };

/** Everything that is wrong with the file, each with its place; or its data, typed. */
export async function checkSchema<K extends keyof Kinds>(
  kind: K,
  yaml: YamlFile,
): Promise<Checked<Kinds[K]>> {
  const validate: ValidateFunction<Kinds[K]> = await validatorOf(kind);
  if (validate(yaml.value)) return { ok: true, data: yaml.value };
  const { explain } = await import('./explain.ts');
  return { ok: false, complaints: atMost(explain(validate.errors ?? [], yaml)) };
}

type Validators = { readonly [K in keyof Kinds]: () => ValidateFunction<Kinds[K]> };

const SCHEMAS = new URL('../../desired-state/schema/', import.meta.url);

let validators: Promise<Validators> | undefined;

async function validatorOf<K extends keyof Kinds>(kind: K): Promise<ValidateFunction<Kinds[K]>> {
  validators ??= loadValidators();
  return (await validators)[kind]();
}

async function loadValidators(): Promise<Validators> {
  const { Ajv2020: Ajv } = await import('ajv/dist/2020.js');
  // verbose: what explains an error reads the schema around it
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    verbose: true,
    discriminator: true,
    validateFormats: false,
  });
  // what messages are made of: a pattern in words, the values of a discriminator, and what is not to be shown
  for (const keyword of ['x-form', 'x-tags', 'x-hidden']) ajv.addKeyword(keyword);
  ajv.addSchema(await readSchema('terms'), 'terms.json');
  const [fleet, host, guest, box, hostConfig] = await Promise.all(
    ['fleet', 'host', 'guest', 'box', 'host-config'].map(readSchema),
  );
  return {
    fleet: once<Fleet>(ajv, fleet),
    host: once<Host>(ajv, host),
    guest: once<Guest>(ajv, guest),
    box: once<Box>(ajv, box),
    'host-config': once<HostConfig>(ajv, hostConfig),
  };
}

function once<T>(ajv: Ajv2020, schema: object | undefined): () => ValidateFunction<T> {
  let compiled: ValidateFunction<T> | undefined;
  return () => {
    compiled ??= ajv.compile<T>(schema ?? false);
    return compiled;
  };
}

async function readSchema(name: string): Promise<object> {
  const schema: unknown = JSON.parse(await readFile(new URL(`${name}.json`, SCHEMAS), 'utf8'));
  if (typeof schema !== 'object' || schema === null) throw new Error(`schema ${name}.json is no object`);
  return schema;
}
