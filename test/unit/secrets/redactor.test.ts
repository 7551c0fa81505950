import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../../reconciler/secrets/redactor.ts';

const TOKEN = 's3cr3t/p+q \'ü"\\t&';
const KEY = '-----BEGIN KEY-----\nb3BlbnNzaC1rZXkt\nAAAA\nab\n-----END KEY-----';

function piecewise(values: readonly string[], chunks: readonly string[]): string {
  const stream = createRedactor(values).stream();
  return chunks.map((chunk) => stream.push(chunk)).join('') + stream.end();
}

describe('what a tool prints', () => {
  test.each([
    ['as it is', TOKEN],
    ['in a URL', encodeURIComponent(TOKEN)],
    ['in a form', new URLSearchParams({ x: TOKEN }).toString().slice(2)],
    ['in JSON', JSON.stringify(TOKEN).slice(1, -1)],
    ['quoted for a shell', TOKEN.replaceAll("'", "'\\''")],
    ['quoted by `declare -p`', 's3cr3t/p+q \'ü\\"\\\\t&'],
    ['quoted by `printf %q`', 's3cr3t/p+q\\ \\\'ü\\"\\\\t\\&'],
    ['quoted by bash in a plain locale', 's3cr3t/p+q \\\'\\303\\274"\\\\t&'],
    ['quoted by Vagrant for a shell', TOKEN.replaceAll('"', '"\\""')],
    ['in JSON in JSON', JSON.stringify(JSON.stringify(TOKEN).slice(1, -1)).slice(1, -1)],
    ['in YAML', TOKEN.replaceAll("'", "''")],
    ['in HTML', 's3cr3t/p+q &#39;ü&quot;\\t&amp;'],
    ['in hex', Buffer.from(TOKEN).toString('hex')],
    ['in upper-case hex', Buffer.from(TOKEN).toString('hex').toUpperCase()],
    ['in base64', Buffer.from(TOKEN).toString('base64')],
    ['in base64url', Buffer.from(TOKEN).toString('base64url')],
  ])('has no secret in it, %s', (_way, spelling) => {
    expect(createRedactor([TOKEN]).text(`a ${spelling} b`)).toBe('a [redacted] b');
  });

  test.each([0, 1, 2, 3, 4])('has no secret in it where a text with it is base64 as a whole, %d in', (at) => {
    const whole = Buffer.from(`${'x'.repeat(at)}user:${TOKEN}@host`).toString('base64');
    const clean = createRedactor([TOKEN]).text(whole);
    expect(clean).toContain('[redacted]');
    const known = Buffer.from(clean.split('[redacted]').join('')).toString();
    // what is left can be decoded to less than one character of the secret on either side
    expect(known.length).toBeLessThanOrEqual(
      whole.length - Math.floor((Buffer.byteLength(TOKEN) * 8) / 6) + 2,
    );
  });

  test('has no secret in it where a backslash and an n in it were taken for a newline', () => {
    expect(createRedactor(['pass\\nword\\r9']).text('a pass\nword\r9 b')).toBe('a [redacted] b');
  });

  test('has no line of a secret of many lines in it, and keeps lines too short to tell', () => {
    expect(createRedactor([KEY]).text('> b3BlbnNzaC1rZXkt\r\n> AAAA\n> ab')).toBe(
      '> [redacted]\r\n> [redacted]\n> ab',
    );
  });

  test('has no secret in it that lost the white space around it', () => {
    expect(createRedactor(['  hunter2 ']).text('a\nhunter2\nb')).toBe('a\n[redacted]\nb');
  });

  test('has no secret in it that a shell took for a text with variables', () => {
    const { text } = createRedactor([`one$two\\\\three\${four}five`]);
    expect(text('<one\\threefive>')).toBe('<[redacted]>');
    expect(text(Buffer.from('one\\threefive').toString('base64'))).toBe('[redacted]');
  });

  test('has no secret in it as Ruby shows a string', () => {
    expect(createRedactor(['a#{b}#$c#@d#e']).text('"a\\#{b}\\#$c\\#@d#e"')).toBe('"[redacted]"');
  });

  test('has no secret in it that is cut by line breaks', () => {
    const long = 'long-secret-'.repeat(20);
    const wrapped = Buffer.from(`${long}\n`).toString('base64').replaceAll(/.{76}/g, '$&\r\n');
    const { text } = createRedactor([long, KEY]);
    expect(text('> long-secret-'.concat('\n', long.slice(12), ' <'))).toBe('> [redacted] <');
    expect(text(`<${wrapped}>`)).toMatch(/^<\[redacted\].{0,4}>$/);
    expect(text(`<${KEY.replaceAll('\n', '\r\n')}>`)).toBe('<[redacted]>');
  });

  test('shows nothing of two secrets that overlap', () => {
    expect(createRedactor(['alphabet', 'betatest']).text('<alphabetatest>')).toBe('<[redacted]>');
  });

  test('keeps text that is no secret, also with no secrets or empty ones', () => {
    expect(createRedactor([]).text('all of it')).toBe('all of it');
    expect(createRedactor(['']).text('all of it')).toBe('all of it');
  });

  test('is not changed where a secret is a regular expression that would match it', () => {
    expect(createRedactor(['.*$(a|b)']).text('b and .*$(a|b)')).toBe('b and [redacted]');
  });
});

describe('a stream', () => {
  test('hands on at once what cannot be part of a secret', () => {
    const stream = createRedactor(['hunter2hunter2']).stream();
    expect(stream.push('progress 10%\rprogress 20%')).toBe('progress 10%\rprogress 20%');
    expect(stream.push(' pass hunt')).toBe(' pass ');
    expect(stream.push('ing')).toBe('hunting');
    expect(stream.push(' hunter2hunter')).toBe(' ');
    expect(stream.push('2!')).toBe('[redacted]!');
    expect(stream.end()).toBe('');
  });

  test('hands on an end that was the beginning of a secret when nothing more comes', () => {
    const stream = createRedactor(['hunter2hunter2']).stream();
    expect(stream.push('hunter2')).toBe('');
    expect(stream.end()).toBe('hunter2');
  });

  // few letters, so that beginnings, repeats and overlaps are common
  const letters = (most: number) =>
    fc
      .array(fc.constantFrom('a', 'b', 'c', '\n'), { minLength: 1, maxLength: most })
      .map((all) => all.join(''));
  const secret = letters(6).filter((value) => value.trim() !== '');
  const values = fc.array(secret, { minLength: 1, maxLength: 3 });
  const chunks = fc.array(letters(5), { maxLength: 12 });

  test('comes out the same wherever it is cut', () => {
    fc.assert(
      fc.property(values, chunks, (secrets, pieces) => {
        expect(piecewise(secrets, pieces)).toBe(createRedactor(secrets).text(pieces.join('')));
      }),
      { numRuns: 2000 },
    );
  });

  test('lets no secret through', () => {
    fc.assert(
      fc.property(values, chunks, (secrets, pieces) => {
        // the mask has an a and a c in it
        const left = piecewise(secrets, pieces).split('[redacted]');
        for (const part of left) for (const secret of secrets) expect(part).not.toContain(secret);
      }),
      { numRuns: 2000 },
    );
  });

  test('keeps every character that is in no secret, in order', () => {
    fc.assert(
      fc.property(letters(6), chunks, (letter, pieces) => {
        const text = pieces.map((piece) => piece.toUpperCase().replaceAll('\n', '.')).join('');
        expect(piecewise([letter.replaceAll('\n', 'a')], [...text])).toBe(text);
      }),
    );
  });
});
