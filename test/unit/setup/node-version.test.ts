import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isNewEnough } from '../../../bin/node-version.mjs';

const ROOT = join(import.meta.dirname, '..', '..', '..');

describe('a Node is new enough', () => {
  it.each(['22.22.2', '22.23.0', '24.15.0', '24.21.0', '26.0.0', '28.1.0'])('when it is %s', (version) => {
    expect(isNewEnough(version)).toBe(true);
  });

  it.each(['18.20.8', '20.20.2', '22.22.1', '22.9.9', '23.11.0', '24.14.9', '25.9.0'])(
    'but not when it is %s',
    (version) => {
      expect(isNewEnough(version)).toBe(false);
    },
  );

  it('when set-up brings it, for every kind of machine it knows', () => {
    const releases = readFileSync(join(ROOT, 'setup', 'node-releases'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(' '));
    expect(releases.map(([machine]) => machine)).toEqual([
      'Linux-x86_64',
      'Linux-aarch64',
      'Darwin-arm64',
      'Darwin-x86_64',
    ]);
    for (const [machine, , version = '', digest] of releases) {
      expect({ machine, newEnough: isNewEnough(version) }).toEqual({ machine, newEnough: true });
      expect(digest).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
    }
  });
});
