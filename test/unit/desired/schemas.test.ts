/** The schemas: what the reference is made from, and the types. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const SCHEMAS = join(REPOSITORY, 'desired-state', 'schema');
const NAMES = ['fleet', 'host', 'guest', 'box', 'host-config'];

describe.each(NAMES)('schema %s', (name) => {
  const schema: unknown = JSON.parse(readFileSync(join(SCHEMAS, `${name}.json`), 'utf8'));

  it('describes every property, here or in the term it refers to', () => {
    expect(undescribed(schema, name)).toEqual([]);
  });
  it('says of every object which keys it has, so that no other is let through', () => {
    expect(openObjects(schema, name)).toEqual([]);
  });
});

it('the types are those that the schemas say', async () => {
  const { exitCode, stderr } = await execa(
    process.execPath,
    [join(REPOSITORY, 'setup/generate-types.mjs'), '--check'],
    {
      reject: false,
    },
  );
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
});

it('every file of the shipped fleet names its schema, for editors', () => {
  const root = join(REPOSITORY, 'desired-state');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.yaml'),
  );
  expect(files.length).toBe(13);
  for (const path of files) {
    const schema =
      /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(join(root, path), 'utf8'))?.[1] ?? '';
    const resolved = join(root, path, '..', schema);
    expect(readdirSync(SCHEMAS).map((name) => join(SCHEMAS, name))).toContain(resolved);
  }
});

function undescribed(node: unknown, at: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const found: string[] = [];
  for (const [key, value] of Object.entries(node)) {
    if (key === 'properties') {
      for (const [name, property] of Object.entries(mapOf(value))) {
        const { description, $ref } = mapOf(property);
        if (typeof description !== 'string' && typeof $ref !== 'string') found.push(`${at}.${name}`);
      }
    }
    found.push(...undescribed(value, `${at}.${key}`));
  }
  return found;
}

function openObjects(node: unknown, at: string): string[] {
  const { type, additionalProperties, discriminator } = mapOf(node);
  const open =
    type === 'object' && additionalProperties === undefined && discriminator === undefined ? [at] : [];
  return [
    ...open,
    ...Object.entries(mapOf(node)).flatMap(([key, value]) => openObjects(value, `${at}.${key}`)),
  ];
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
