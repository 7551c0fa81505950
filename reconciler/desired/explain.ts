/** From what Ajv found to what a person can act on: one sentence, at the key or value that is wrong. */
import type { ErrorObject } from 'ajv';
import type { Complaint } from '../errors.ts';
import { pointer, showPointer } from './json-pointer.ts';
import { didYouMean, nearest } from './nearest.ts';
import type { YamlFile } from './read-yaml.ts';

export function explain(errors: readonly ErrorObject[], yaml: YamlFile): readonly Complaint[] {
  const misspelt = meantKeys(errors);
  return errors
    .filter((error) => !isNoise(error, misspelt))
    .map((error) => ({ place: placeOf(error, yaml), message: messageOf(error, yaml) }));
}

/** Errors that only repeat another one. */
function isNoise(error: ErrorObject, misspelt: ReadonlySet<string>): boolean {
  switch (error.keyword) {
    // the name's own error says why
    case 'propertyNames':
    case 'if':
      return true;
    // `vrsion` is there instead
    case 'required':
      return misspelt.has(error.instancePath + pointer(String(error.params.missingProperty)));
    default:
      return false;
  }
}

/** Pointers to the keys that unknown keys were most likely meant to be. */
function meantKeys(errors: readonly ErrorObject[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const error of errors) {
    if (error.keyword !== 'additionalProperties') continue;
    const meant = nearest(String(error.params.additionalProperty), knownKeys(error));
    if (meant !== undefined) found.add(error.instancePath + pointer(meant));
  }
  return found;
}

function placeOf(error: ErrorObject, yaml: YamlFile): Complaint['place'] {
  const { instancePath: at, keyword, params } = error;
  if (error.propertyName !== undefined) return yaml.keyPlace(at + pointer(error.propertyName));
  if (keyword === 'additionalProperties')
    return yaml.keyPlace(at + pointer(String(params.additionalProperty)));
  if (keyword === 'discriminator') return yaml.place(at + pointer(String(params.tag)));
  if (keyword === 'uniqueItems')
    return yaml.place(at + pointer(Math.max(Number(params.i), Number(params.j))));
  return yaml.place(at);
}

function messageOf(error: ErrorObject, yaml: YamlFile): string {
  const { instancePath: at, keyword, params } = error;
  const name = at === '' ? 'this file' : showPointer(at);
  const inside = at === '' ? '' : ` in ${name}`;
  switch (keyword) {
    case 'additionalProperties':
      return unknownKey(String(params.additionalProperty), inside, knownKeys(error));
    case 'required':
      return `key \`${params.missingProperty}\` is missing${inside}`;
    case 'type':
      return isHidden(error)
        ? `${name} must be ${TYPES[String(params.type)]}`
        : wrongType(name, String(params.type), error.data, yaml.written(at));
    case 'const':
      return `${name} must be ${show(params.allowedValue)}, not ${show(error.data)}`;
    case 'enum':
      return `${name} ${oneOf(error.data, textsIn(params.allowedValues))}`;
    case 'discriminator':
      return wrongTag(error, inside);
    case 'pattern':
      return error.propertyName === undefined
        ? `${isHidden(error) ? name : `${name} ${show(error.data)}`} is not ${formOf(error)}`
        : `${isHidden(error) ? 'a key' : `key ${show(error.propertyName)}`}${inside} is not ${formOf(error)}`;
    case 'uniqueItems':
      return `${showPointer(at + pointer(Math.max(Number(params.i), Number(params.j))))} is in the list already`;
    default:
      return `${name} ${limitOf(keyword, Number(params.limit)) ?? error.message ?? 'is wrong'}`;
  }
}

/** The key that decides which other keys there may be; the schema lists its values in `x-tags`. */
function wrongTag({ instancePath: at, params, parentSchema }: ErrorObject, inside: string): string {
  const tag = String(params.tag);
  const allowed = textsIn(parentSchema?.['x-tags']);
  if (params.tagValue === undefined)
    return `key \`${tag}\` is missing${inside}: one of ${allowed.join(', ')}`;
  return `${showPointer(at + pointer(tag))} ${oneOf(params.tagValue, allowed)}`;
}

function unknownKey(key: string, inside: string, known: readonly string[]): string {
  const meant = didYouMean(key, known);
  const choice = meant === '' && known.length > 0 ? ` (known here: ${known.join(', ')})` : meant;
  return `unknown key \`${key}\`${inside}${choice}`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a map of keys and values',
  array: 'a list',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  'string,object': 'a word, or a map of keys and values',
};

/** @param written the value as it stands in the file, if it has no quotes */
function wrongType(name: string, type: string, data: unknown, written: string | undefined): string {
  if (data === null && !written) return `${name} has no value; it must be ${TYPES[type] ?? type}`;
  if (type === 'string' && written !== undefined) {
    const taken = typeof data === 'number' ? 'a number' : `the value ${String(data)}`;
    return `${name} must be text, and YAML takes ${written} for ${taken}: quote it ("${written}")`;
  }
  return `${name} must be ${TYPES[type] ?? type}, not ${describe(data)}`;
}

function describe(data: unknown): string {
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'object' && data !== null) return 'a map of keys and values';
  return typeof data === 'string' ? `the text ${show(data)}` : String(data);
}

function oneOf(data: unknown, allowed: readonly string[]): string {
  const meant = typeof data === 'string' ? didYouMean(data, allowed) : '';
  return `${show(data)} is not one of: ${allowed.join(', ')}${meant}`;
}

function limitOf(keyword: string, limit: number): string | undefined {
  switch (keyword) {
    case 'minItems':
      return limit === 1 ? 'must not be empty' : `must have at least ${limit} items`;
    case 'minLength':
      return limit === 1 ? 'must not be empty' : `must have at least ${limit} characters`;
    case 'minProperties':
      return 'must not be empty';
    case 'maxItems':
      return `must have at most ${limit} items`;
    case 'maxLength':
      return `must have at most ${limit} characters`;
    case 'maxProperties':
      return limit === 1 ? 'must have only one key' : `must have at most ${limit} keys`;
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    default:
      return undefined;
  }
}

/** What the schema around the error says in words of its pattern. */
function formOf(error: ErrorObject): string {
  const form: unknown = error.parentSchema?.['x-form'];
  return typeof form === 'string' ? form : `of the form ${error.params.pattern}`;
}

/** Someone may have put a secret's value where its name belongs. */
function isHidden(error: ErrorObject): boolean {
  return error.parentSchema?.['x-hidden'] === true;
}

function knownKeys(error: ErrorObject): readonly string[] {
  const properties: unknown = error.parentSchema?.properties;
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((item) => String(item)) : [];
}

/** Characters of a value that are looked at, and that are shown. */
const LONGEST_VALUE = 4096;
const SHOWN_OF_VALUE = 80;

/** A value for a message: one line, not too long, and without a password in an address. */
function show(value: unknown): string {
  const text = (JSON.stringify(value) ?? String(value)).slice(0, LONGEST_VALUE);
  const safe = text.replaceAll(/(:\/\/[^/@:]*):[^/@]*@/g, '$1:…@');
  return safe.length > SHOWN_OF_VALUE ? `${safe.slice(0, SHOWN_OF_VALUE)}…` : safe;
}
