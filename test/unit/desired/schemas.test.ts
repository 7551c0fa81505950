/** The schemas: what the reference is made from, and the types. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBox, isFleet, isGuest, isHost } from '../../../reconciler/desired/generated/validators.ts';
import { readYaml } from '../../../reconciler/desired/read-yaml.ts';
import { schemaErrors } from '../../../reconciler/desired/schema-errors.ts';
import { BOX, FLEET, GUEST, HOST } from './memory-tree.ts';

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

describe('what was made from the schemas beforehand', () => {
  const good = { fleet: FLEET, host: HOST, guest: GUEST, box: BOX } as const;
  const accepts = { fleet: isFleet, host: isHost, guest: isGuest, box: isBox } as const;
  const part = fc.oneof(
    fc.constantFrom(
      '',
      'x',
      '1d',
      'never',
      '12:00',
      'mon',
      'none',
      'command',
      'T',
      'a'.repeat(64),
      '{host}',
      '1.0',
    ),
    fc.constantFrom(
      0,
      1,
      -1,
      1.5,
      true,
      null,
      [],
      {},
      ['x'],
      ['mon', 'mon'],
      { every: '1d' },
      { system: 'none' },
    ),
    fc.record({ system: fc.constantFrom('command', 'jenkins', 'nope'), idle: fc.array(fc.constant('x')) }),
  );
  const cases = fc.tuple(
    fc.constantFrom<keyof typeof good>('fleet', 'host', 'guest', 'box'),
    fc.nat(200),
    part,
    fc.boolean(),
  );

  it('takes and refuses what the schemas themselves do', async () => {
    const seen = { taken: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(cases, async ([kind, place, value, remove]) => {
        const read = await readYaml(Buffer.from(good[kind]), 'x');
        if (!read.ok) throw new Error('the good file cannot be read');
        const changed = changedAt(read.yaml.value, place, value, remove);
        const taken = accepts[kind](changed);
        seen[taken ? 'taken' : 'refused'] += 1;
        // schemaErrors throws when there are none
        if (taken) expect(() => schemaErrors(kind, changed)).toThrow();
        else expect(schemaErrors(kind, changed).length).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(100);
  });
});

/** The value with one of its parts replaced or taken away, whichever the number says. */
function changedAt(value: unknown, place: number, put: unknown, remove: boolean): unknown {
  let left = place;
  const walk = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node).flatMap(([key, item]) => {
      left -= 1;
      if (left !== -1) return [[key, walk(item)] as const];
      return remove ? [] : [[key, put] as const];
    });
    return Array.isArray(node) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
  };
  return walk(value);
}

it('the types and checks are those that the schemas say', async () => {
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
  expect(files.length).toBe(15);
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
