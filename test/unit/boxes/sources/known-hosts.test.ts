import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyType, knownKeys } from '../../../../reconciler/boxes/sources/known-hosts.ts';

let root: string;
/** `ssh-ed25519 AAAA…` */
let key: string;
let rsa: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-known-'));
  for (const [type, name] of [
    ['ed25519', 'key'],
    ['rsa', 'rsa'],
  ] as const) {
    await execa('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', join(root, name)]);
  }
  key = readFileSync(join(root, 'key.pub'), 'utf8').trim();
  rsa = readFileSync(join(root, 'rsa.pub'), 'utf8').trim();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const bytesOf = (line: string) => Buffer.from(line.split(' ')[1] ?? '', 'base64');
const found = (text: string, host: string, port = 22) => knownKeys(text, host, port).keys.map(keyType);

describe('known_hosts', () => {
  it.each([
    ['builder1', 'builder1', 22, true],
    ['builder1,192.0.2.7', '192.0.2.7', 22, true],
    ['Builder1', 'bUILDER1', 22, true],
    ['builder1', 'builder2', 22, false],
    ['builder1', 'builder1', 2222, false],
    ['[builder1]:2222', 'builder1', 2222, true],
    ['[builder1]:2222', 'builder1', 22, false],
    ['*.example.org', 'a.b.example.org', 22, true],
    ['*.example.org', 'example.org', 22, false],
    ['builder?', 'builder7', 22, true],
    ['builder?', 'builder', 22, false],
    ['*,!builder3', 'builder3', 22, false],
    ['!builder3,*', 'builder3', 22, false],
    ['*,!builder3', 'builder4', 22, true],
    ['a*b*c', 'axxbyyc', 22, true],
    ['a*b*c', 'axxbyy', 22, false],
  ])('%s is about %s at port %i: %s', (names, host, port, is) => {
    expect(found(`${names} ${key}\n`, host, port)).toEqual(is ? ['ssh-ed25519'] : []);
  });

  it('is read as ssh-keygen hashes it', async () => {
    const file = join(root, 'hashed');
    writeFileSync(file, `builder1 ${key}\n[builder2]:2222 ${rsa}\n`);
    await execa('ssh-keygen', ['-q', '-H', '-f', file]);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('builder');
    expect(found(text, 'builder1')).toEqual(['ssh-ed25519']);
    expect(found(text, 'builder2', 2222)).toEqual(['ssh-rsa']);
    expect(found(text, 'builder2')).toEqual([]);
  });

  it('knows several keys of a server, and those that are revoked', () => {
    const known = knownKeys(`builder1 ${key}\nbuilder1 ${rsa}\n@revoked * ${rsa}\n`, 'builder1', 22);
    expect(known.keys).toEqual([bytesOf(key), bytesOf(rsa)]);
    expect(known.revoked).toEqual([bytesOf(rsa)]);
  });

  it('takes an authority for no key of the server itself', () => {
    expect(knownKeys(`@cert-authority *.org ${key}\n`, 'a.org', 22)).toEqual({
      keys: [],
      revoked: [],
      byAuthority: true,
    });
  });

  it.each([
    ['a comment', '# builder1 ssh-ed25519 AAAA'],
    ['a line that is cut short', 'builder1 ssh-ed25519'],
    [
      'a key of another type than it says',
      'builder1 ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIGdpF4mXsz3wRD0T33J7nq6E2vUB8EoBWmXfp1Pjw4NY',
    ],
    [
      'an unknown mark',
      '@trusted builder1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdpF4mXsz3wRD0T33J7nq6E2vUB8EoBWmXfp1Pjw4NY',
    ],
    [
      'an unknown hash',
      '|2|aaaa|bbbb ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdpF4mXsz3wRD0T33J7nq6E2vUB8EoBWmXfp1Pjw4NY',
    ],
  ])('makes nothing of %s', (_what, line) => {
    expect(found(`${line}\n`, 'builder1')).toEqual([]);
  });
});
