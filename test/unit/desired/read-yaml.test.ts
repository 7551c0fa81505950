/** Reading one YAML file: its limits, and where everything in it stands. */
import { describe, expect, it } from 'vitest';
import { readYaml } from '../../../reconciler/desired/read-yaml.ts';
import { showComplaint, showPlace } from '../../../reconciler/errors.ts';

async function lines(content: string | Buffer): Promise<readonly string[]> {
  const read = await readYaml(Buffer.from(content), 'x.yaml');
  return read.ok ? [] : read.complaints.map(showComplaint);
}

async function yaml(content: string) {
  const read = await readYaml(Buffer.from(content), 'x.yaml');
  if (!read.ok) throw new Error(read.complaints.map(showComplaint).join('\n'));
  return read.yaml;
}

describe('a YAML file', () => {
  it('tells where each key and value stands, also within lists and in flow style', async () => {
    const file = await yaml('a: 1\nlist:\n  - name: x\n    b/c: { d: "y" }\n');
    expect(file.value).toEqual({ a: 1, list: [{ name: 'x', 'b/c': { d: 'y' } }] });
    expect(showPlace(file.place('/list/0/name'))).toBe('x.yaml:3:11');
    expect(showPlace(file.keyPlace('/list/0/b~1c'))).toBe('x.yaml:4:5');
    expect(showPlace(file.place('/list/0/b~1c/d'))).toBe('x.yaml:4:15');
    expect(showPlace(file.keyPlace('/list/0/b~1c/d'))).toBe('x.yaml:4:12');
  });
  it('tells of what is missing where it should have been', async () => {
    const file = await yaml('a:\n  b: 1\n');
    expect(showPlace(file.place('/a/c/d'))).toBe('x.yaml:2:3');
    expect(showPlace(file.place('/z'))).toBe('x.yaml:1:1');
  });
  it('counts columns in characters, whatever bytes they take, and takes no notice of a byte order mark', async () => {
    const file = await yaml('\uFEFFä: { ö: 1 }\r\nb: 2\r\n');
    expect(showPlace(file.place('/ä/ö'))).toBe('x.yaml:1:9');
    expect(showPlace(file.place('/b'))).toBe('x.yaml:2:4');
  });
  it('keeps a number as it was written', async () => {
    expect((await yaml('version: 1.20\n')).written('/version')).toBe('1.20');
    expect((await yaml('version: "1.20"\n')).written('/version')).toBeUndefined();
  });
  it('may use an anchor for what is said twice; the place is that of the text', async () => {
    const file = await yaml('a: &x { b: 1 }\nc: *x\n');
    expect(file.value).toEqual({ a: { b: 1 }, c: { b: 1 } });
    expect(showPlace(file.place('/c/b'))).toBe('x.yaml:1:12');
    expect(showPlace(file.keyPlace('/c'))).toBe('x.yaml:2:1');
  });
  it('may have a key named __proto__, which is a key and nothing else', async () => {
    const { value } = await yaml('__proto__: { polluted: true }\n');
    expect(Object.keys(value ?? {})).toEqual(['__proto__']);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('refused is a YAML file', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
  const cases: readonly (readonly [string, string | Buffer, readonly string[]])[] = [
    ['that is empty', '', ['x.yaml:1:1 this file is empty']],
    ['that is comment alone', '# later\n', ['x.yaml:1:1 this file is empty']],
    [
      'of more than one document',
      'a: 1\n---\nb: 1\n',
      ['x.yaml:2:1 a second document begins here: a file holds one'],
    ],
    ['that is too long', `#${'x'.repeat(256 * 1024)}`, ['x.yaml is 256 KiB long; the most is 256 KiB']],
    [
      'that is not UTF-8',
      Buffer.from([0x61, 0x3a, 0x20, 0x31, 0x0a, 0xc3, 0xa9, 0x3a, 0x20, 0xff, 0x0a]),
      ['x.yaml:2:4 this is not UTF-8: save the file as UTF-8'],
    ],
    [
      'with a character that no editor shows',
      'a: 1\nb: x\u0000y\n',
      ['x.yaml:2:5 a control character (U+0000) stands here'],
    ],
    ['indented by tabs', 'a:\n\tb: 1\n', ['x.yaml:2:1 a tab stands here: YAML wants spaces']],
    ['with one key twice', 'a: 1\nb: { c: 1, c: 2 }\n', ['x.yaml:2:12 key `c` is here twice']],
    ['with a key that is a number', '1: a\n', ['x.yaml:1:1 a key must be text: put it in quotes']],
    ['with a key that is a list', '? [a]\n: b\n', ['x.yaml:1:3 a key must be text']],
    [
      'with a tag',
      'a: !ruby/object:Kernel x\n',
      ['x.yaml:1:4 tags are not known here: Unresolved tag: !ruby/object:Kernel'],
    ],
    [
      'of another YAML than 1.2',
      '%YAML 1.1\n---\na: 1\n',
      ['x.yaml:1:1 this file must be YAML 1.2: leave the %YAML line out'],
    ],
    ['with an alias for nothing', 'a: *b\n', ['x.yaml:1:4 alias *b stands for nothing: no &b before it']],
    [
      'with an alias within what it stands for',
      'a: &b [*b]\n',
      ['x.yaml:1:8 alias *b stands within what it stands for'],
    ],
    [
      'with too many aliases',
      `a: &b 1\nc: [${'*b, '.repeat(101)}]\n`,
      ['x.yaml:2:405 there are more than 100 aliases in this file'],
    ],
    ['nested too deep', `a: ${nested(40)}\n`, ['x.yaml:1:36 lists and maps lie more than 32 deep here']],
    [
      'with a list within a list within a list, all on one line',
      '- '.repeat(4000),
      ['x.yaml:1:67 lists and maps lie more than 32 deep here'],
    ],
    [
      'with a key within a key within a key',
      '? '.repeat(4000),
      ['x.yaml:1:67 lists and maps lie more than 32 deep here'],
    ],
    [
      'with a line break and an order to the terminal in a key',
      '"x\\ny\\x9b2J": { a: 1, a: 2 }\n1: a\n',
      ['x.yaml:1:23 key `a` is here twice', 'x.yaml:2:1 a key must be text: put it in quotes'],
    ],
    [
      'with a key twice that has a line break and an order to the terminal in it',
      '"x\\ny\\x9b2J": 1\n"x\\ny\\x9b2J": 1\n',
      ['x.yaml:2:1 key `x y 2J` is here twice'],
    ],
    [
      'nested so deep that a parser runs out of stack',
      nested(100_000),
      ['x.yaml:1:34 lists and maps lie more than 32 deep here'],
    ],
  ];
  it.each(cases)('%s', async (_title, content, expected) => {
    expect(await lines(content)).toEqual(expected);
  });

  it('in which few aliases stand for very much', async () => {
    const levels = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n}, `.repeat(9)}]`);
    const [line, ...rest] = await lines(`l0: &l0 [${'x, '.repeat(9)}]\n${levels.join('\n')}\n`);
    expect(line).toMatch(/^x\.yaml:\d+:\d+ there are more than (50000 values|100 aliases) in this file/);
    expect(rest.length).toBeLessThanOrEqual(1);
  });

  it('with all its mistakes, up to a hundred', async () => {
    const twice = Array.from({ length: 300 }, (_, n) => `a${n}: 1\na${n}: 2\n`).join('');
    const told = await lines(twice);
    expect(told).toHaveLength(101);
    expect(told[0]).toBe('x.yaml:2:1 key `a0` is here twice');
    expect(told[100]).toBe('x.yaml has 200 more mistakes');
  });
});
