import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resumeFor } from '../../../reconciler/boxes/partial-file.ts';
import { SourceMissed } from '../../../reconciler/boxes/sources/source.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-partial-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['"abc"', '"abc"'],
  ['Wed, 14 Jan 2026 20:05:00 GMT', 'Wed, 14 Jan 2026 20:05:00 GMT'],
  ['"a\r\nX: y"', null],
  ['\ufffd', null],
  ['', null],
])(
  'what a server said of its version, %j, is sent back only if a header may hold it',
  async (validator, sent) => {
    const file = join(folder, 'x.box');
    writeFileSync(`${file}.partial.from`, JSON.stringify({ source: 's', validator }));
    expect(await resumeFor(file, { size: 10, sha256: 'ab'.repeat(32) }, 's')).toEqual({
      from: 0,
      validator: sent,
      to: null,
    });
  },
);

it('the words of a server are no orders to a terminal', () => {
  expect(new SourceMissed('answers 404 \u009b2Jgone\nx').message).toBe('answers 404  2Jgone x');
});
