/** What some parser somewhere has taken for more than it is. */
import fc from 'fast-check';

export const hugeNumber = fc.constantFrom(
  '0',
  '-1',
  '00',
  '1e999',
  '-0',
  '0x7fffffff',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '99999999999999999999',
  '9'.repeat(400),
  '1.5',
);

export const hostileKey = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  '',
  '0',
  'a/b~c',
  'x\ny',
  '\u2028',
  'é',
);

/** Text, and bytes that are none, which some parser somewhere has taken for more than it is. */
const words: fc.Arbitrary<Buffer> = fc
  .constantFrom(
    ...[
      '__proto__',
      'constructor',
      '"__proto__":{"polluted":1},',
      '__proto__: { polluted: 1 }\n',
      '\\u0000',
      '\\ud800',
    ],
    ...[
      '\0',
      '\r\n',
      '\r',
      '\n',
      '\t',
      '\x0b',
      '\x1b[2J',
      '\x7f',
      '\x85',
      '\x9b31m',
      '\u2028',
      '\u2029',
      '\ufeff',
      '\u202e',
    ],
    ...[
      '../',
      '/',
      '..',
      './',
      '\\',
      '-',
      '--',
      '--upload-pack=x',
      ' -o',
      '$(id)',
      '`id`',
      ';',
      '|',
      '~',
      '%00',
      '%2e%2e/',
    ],
    ...['é', 'e\u0301', 'İ', 'ﬀ', '\u{1f600}', '\u0660', '１', 'ｅ', '\u00a0', '\u3000', '\ufffd'],
    ...[
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      ',',
      ':',
      ': ',
      '- ',
      '#',
      '\n#',
      ' #',
      '=',
      '@',
      '*',
      '?',
      '+',
      '(',
      ')',
      '!',
    ],
    ...[
      '&a ',
      '*a',
      '<<: ',
      '!!binary ',
      '!!js/function ',
      '%YAML 1.1\n---\n',
      '---\n',
      '...\n',
      '|\n',
      '>-\n',
      '.nan',
      '~',
      'null',
      'true',
    ],
    ...[
      'NaN',
      'Infinity',
      '1e999',
      '-0',
      '9'.repeat(400),
      '2026-02-30',
      '+10000-01-01',
      '[object Object]',
      'undefined',
    ],
    ...[
      '%!(VAGRANT_COMMA)',
      ',error-exit,',
      '\\n',
      '-VAGRANTSLASH-',
      'gpgsig ',
      'BEGIN SSH SIGNATURE',
      'cert-authority ',
    ],
  )
  .map((text) => Buffer.from(text));

/** No characters of UTF-8: alone, too long, half of a pair, beyond the last, cut off. */
const notUtf8 = fc
  .constantFrom([0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x80], [0x80])
  .map((bytes) => Buffer.from(bytes));

/** What opens and is not closed, and what a pattern may go through again and again. */
const runs = fc
  .constantFrom('[', '{', '{"a":', '- ', '? ', '(', '"', ' ', '\\', 'a', '\n', ' a')
  .map((text) => Buffer.from(text.repeat(4000)));

export const hostile: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 24, arbitrary: words },
  { weight: 4, arbitrary: notUtf8 },
  { weight: 1, arbitrary: runs },
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 3,
    arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => Buffer.from(text)),
  },
);

const hostileText = hostile.map((bytes) => bytes.toString('utf8'));

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    -0,
    2 ** 31,
    2 ** 53,
    1e300,
    '',
    [],
    {},
    [null],
    [[]],
    [{}],
  ),
  fc.constantFrom<unknown>(
    { toString: null, valueOf: null },
    { toString: 1 },
    { length: 1e9 },
    JSON.parse('{"__proto__":{"polluted":1}}'),
  ),
  hostileText,
  fc.constantFrom<unknown>(
    nested(1000, (inner) => [inner]),
    nested(1000, (inner) => ({ a: inner })),
  ),
  fc.constantFrom<unknown>(
    Array.from({ length: 1000 }, (_, at) => at),
    'x'.repeat(20_000),
  ),
);

function nested(depth: number, around: (inner: unknown) => unknown): unknown {
  let value: unknown = 0;
  for (let at = 0; at < depth; at += 1) value = around(value);
  return value;
}
