import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');

function packagesIn(kind: string): readonly string[] {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null) return [];
  const listed: unknown = Object.entries(manifest).find(([key]) => key === kind)?.[1];
  return typeof listed === 'object' && listed !== null ? Object.keys(listed).sort() : [];
}

/** Packages named in the first column of the tables under a heading of dependencies.md. */
function packagesExplained(heading: string): readonly string[] {
  const page = readFileSync(join(ROOT, 'docs', 'explanation', 'dependencies.md'), 'utf8');
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  const cells = [...section.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)).sort();
}

it.each([
  ['dependencies', 'At run time'],
  ['devDependencies', 'For development'],
])('each of the %s has its reason on paper, and no other has', (kind, heading) => {
  expect(packagesIn(kind).length).toBeGreaterThan(5);
  expect(packagesExplained(heading)).toEqual(packagesIn(kind));
});
