/** Whatever someone pushes, a host reads it to the end and says what is wrong: nothing else is ever thrown. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFleet } from '../../../reconciler/desired/fleet.ts';
import { readYaml } from '../../../reconciler/desired/read-yaml.ts';
import { resolveHost } from '../../../reconciler/desired/resolve.ts';
import { validateAll } from '../../../reconciler/desired/validate.ts';
import { InvalidDesiredState } from '../../../reconciler/errors.ts';
import { FILES } from './complaints-of.ts';
import { BOX, FLEET, GUEST, goodFleet, HOST, type Item, memoryTree } from './memory-tree.ts';

const TEXTS = { fleet: FLEET, host: HOST, guest: GUEST, box: BOX } as const;
const which = fc.constantFrom<keyof typeof TEXTS>('fleet', 'host', 'guest', 'box');

/** Pieces that mean something to YAML, or to what reads it. */
const piece = fc.oneof(
  fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ': ',
    '- ',
    '? ',
    '&a ',
    '*a',
    '!t ',
    '|\n',
    '>\n',
    '---\n',
    '...\n',
    '%',
    '"',
    "'",
    '#',
  ),
  fc.constantFrom(
    '\n',
    '\n  ',
    '\t',
    '\r',
    '\u0000',
    '\uFEFF',
    '\uD800',
    '~',
    'null',
    '1e999',
    '.nan',
    '0x1f',
    '<<: ',
    '@',
    '`',
  ),
  fc.constantFrom(
    'kind: ',
    'Guest',
    'name: ',
    'box',
    'version',
    '__proto__: ',
    'constructor: ',
    'toString: ',
    '../',
    '{host}',
  ),
  fc.string({ maxLength: 4 }),
);
const soup = fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join('')));
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

/** A right file with a stretch of it replaced by soup. */
const damaged = fc
  .tuple(which, fc.nat(2000), fc.nat(60), fc.oneof(soup, bytes))
  .map(([file, at, length, put]): [keyof typeof TEXTS, Buffer] => {
    const text = Buffer.from(TEXTS[file]);
    const start = at % text.length;
    return [file, Buffer.concat([text.subarray(0, start), put, text.subarray(start + length)])];
  });
const replaced = fc.tuple(which, fc.oneof(soup, bytes));

/** What is thrown, if anything is. */
async function thrownBy(act: Promise<unknown>): Promise<unknown> {
  return act.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('whatever the files are', () => {
  it('a host resolves them, or says what is wrong with file and words', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(damaged, replaced), async ([file, content]) => {
        const tree = memoryTree(goodFleet({ [FILES[file]]: { content } }));
        const error = await thrownBy(resolveHost(tree, 'desired-state', 'builder1'));
        if (error === undefined) return;
        expect(error).toBeInstanceOf(InvalidDesiredState);
        if (!(error instanceof InvalidDesiredState)) return;
        expect(error.complaints.length).toBeGreaterThan(0);
        for (const { place, message } of error.complaints) {
          expect(place.file).toMatch(/^desired-state\//);
          expect(message).not.toBe('');
          expect(message).not.toMatch(/undefined|\[object|\n/);
          if (place.line !== undefined) expect(place.line).toBeGreaterThan(0);
          if (place.column !== undefined) expect(place.column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('validate never throws, and complains whenever a host would refuse', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(damaged, replaced), async ([file, content]) => {
        const tree = memoryTree(goodFleet({ [FILES[file]]: { content } }));
        const refused = await thrownBy(resolveHost(tree, 'desired-state', 'builder1'));
        const { complaints } = await validateAll(tree, 'desired-state');
        expect(complaints.length > 0).toBe(refused !== undefined);
      }),
      { numRuns: 500 },
    );
  });

  it('whether commits must be signed is never taken for no where a host would read yes, or refuse the file', async () => {
    await fc.assert(
      fc.asyncProperty(damaged, async ([, content]) => {
        const tree = memoryTree(goodFleet({ [FILES.fleet]: { content } }));
        const facts = await readFleet(tree, 'desired-state').catch(() => undefined);
        if (facts?.requireSignedCommits !== false) return;
        const resolved = await resolveHost(tree, 'desired-state', 'builder1').catch(() => undefined);
        expect(resolved?.requireSignedCommits ?? false).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('names of files are never taken for more than names', async () => {
    const name = fc.array(
      fc.constantFrom('a', 'A', '.', '..', '/', '\\', '\n', ' ', '-', 'é', 'e\u0301', '.git', '\uFFFD'),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          name.map((parts) => parts.join('')),
          { maxLength: 5 },
        ),
        async (names) => {
          const files: Record<string, Item> = {};
          for (const one of names) files[`desired-state/guests/azure-agent/${one}`] = '';
          const tree = memoryTree(goodFleet(files));
          const spec = await resolveHost(tree, 'desired-state', 'builder1').catch((error: unknown) => {
            expect(error).toBeInstanceOf(InvalidDesiredState);
            return undefined;
          });
          for (const { path } of spec?.guests[0]?.files ?? []) {
            const parts = path.split('/');
            expect(
              parts.every((part) => part !== '' && part !== '.' && part !== '..' && part !== '.git'),
            ).toBe(true);
            expect(path).not.toMatch(/[\n\\]/);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('a value that is read stands where it is said to stand', async () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    const map = fc.dictionary(word, word, { minKeys: 1, maxKeys: 5 });
    await fc.assert(
      fc.asyncProperty(map, fc.nat(4), async (entries, blank) => {
        const lines = Object.entries(entries).map(
          ([key, value]) => `k${key}:${' '.repeat(blank + 1)}w${value}`,
        );
        const text = lines.join('\n');
        const read = await readYaml(Buffer.from(text), 'x');
        if (!read.ok) throw new Error('not read');
        for (const [key, value] of Object.entries(entries)) {
          const { line = 0, column = 0 } = read.yaml.place(`/k${key}`);
          expect(text.split('\n')[line - 1]?.slice(column - 1)).toBe(`w${value}`);
        }
      }),
    );
  });
});
