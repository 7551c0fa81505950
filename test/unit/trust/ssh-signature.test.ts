import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifySshSignature } from '../../../reconciler/trust/ssh-signature.ts';
import { wireField } from '../../../reconciler/trust/ssh-wire.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-sshsig-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const MESSAGE = Buffer.from('what was signed\n');

/** Made by OpenSSH. */
async function signed(
  name: string,
  keyArgs: readonly string[],
  signArgs: readonly string[] = [],
  namespace = 'git',
) {
  const key = join(root, name);
  await execa('ssh-keygen', ['-q', '-N', '', '-C', '', '-f', key, ...keyArgs]);
  writeFileSync(`${key}.text`, MESSAGE);
  await execa('ssh-keygen', ['-q', '-Y', 'sign', '-n', namespace, '-f', key, ...signArgs, `${key}.text`]);
  return {
    armor: readFileSync(`${key}.text.sig`, 'utf8'),
    key: readFileSync(`${key}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' '),
  };
}

/** What OpenSSH says to the same. */
async function openssh(armor: string, key: string, message: Buffer): Promise<boolean> {
  const at = join(root, crypto.randomUUID());
  writeFileSync(`${at}.sig`, armor);
  writeFileSync(`${at}.signers`, `me ${key}\n`);
  const args = ['-Y', 'verify', '-f', `${at}.signers`, '-I', 'me', '-n', 'git', '-s', `${at}.sig`];
  const run = await execa('ssh-keygen', args, { input: message, reject: false });
  return run.exitCode === 0;
}

const KINDS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['ed25519', ['-t', 'ed25519'], []],
  ['ecdsa-256', ['-t', 'ecdsa', '-b', '256'], []],
  ['ecdsa-384', ['-t', 'ecdsa', '-b', '384'], []],
  ['ecdsa-521', ['-t', 'ecdsa', '-b', '521'], []],
  ['rsa-2048', ['-t', 'rsa', '-b', '2048'], []],
  ['rsa-4096', ['-t', 'rsa', '-b', '4096'], ['-O', 'hashalg=sha256']],
];

describe.each(KINDS)('a signature by OpenSSH with %s', (name, keyArgs, signArgs) => {
  it('is good, and names the key', async () => {
    const { armor, key } = await signed(name, keyArgs, signArgs);
    expect(verifySshSignature(armor, MESSAGE, 'git')).toEqual({ ok: true, key });
  });

  it('is not good for anything else, as OpenSSH says too', async () => {
    const { armor, key } = await signed(`${name}-else`, keyArgs, signArgs);
    const other = Buffer.from('something else\n');
    expect(verifySshSignature(armor, other, 'git')).toEqual({ ok: false, why: 'has a bad signature' });
    expect(await openssh(armor, key, other)).toBe(false);
  });

  it('with any one byte changed is refused, or was not changed in what counts, and OpenSSH agrees', async () => {
    const { armor, key } = await signed(`${name}-flip`, keyArgs, signArgs);
    const body = Buffer.from(armor.split('\n').slice(1, -2).join(''), 'base64');
    for (let at = 0; at < body.length; at += Math.max(1, Math.floor(body.length / 24))) {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] ?? 0) ^ 0x20;
      const text = armored(changed);
      const ours = verifySshSignature(text, MESSAGE, 'git');
      expect([at, ours.ok && ours.key === key]).toEqual([at, await openssh(text, key, MESSAGE)]);
    }
  });
});

describe('a signature', () => {
  it('made for another purpose counts for none', async () => {
    const { armor } = await signed('file', ['-t', 'ed25519'], [], 'file');
    expect(verifySshSignature(armor, MESSAGE, 'git')).toMatchObject({ ok: false, why: /another purpose/ });
  });

  it('with SHA-1 by RSA is refused, though it is right', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { e = '', n = '' } = publicKey.export({ format: 'jwk' });
    const blob = Buffer.concat([wireField('ssh-rsa'), wireField(Buffer.from(e, 'base64url')), number(n)]);
    const value = (hash: string, data: Buffer) => sign(hash, data, privateKey);
    expect(
      verifySshSignature(
        made(blob, (data) => value('sha512', data), 'rsa-sha2-512'),
        MESSAGE,
        'git',
      ).ok,
    ).toBe(true);
    expect(
      verifySshSignature(
        made(blob, (data) => value('sha1', data), 'ssh-rsa'),
        MESSAGE,
        'git',
      ),
    ).toMatchObject({
      why: /not safe any more/,
    });
  });

  it('by an RSA key of 1024 bits is refused', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const { e = '', n = '' } = publicKey.export({ format: 'jwk' });
    const blob = Buffer.concat([wireField('ssh-rsa'), wireField(Buffer.from(e, 'base64url')), number(n)]);
    const armor = made(blob, (data) => sign('sha512', data, privateKey), 'rsa-sha2-512');
    expect(verifySshSignature(armor, MESSAGE, 'git')).toMatchObject({ why: /less than 2048 bits/ });
  });

  it('by a security key counts, as for OpenSSH, if somebody touched it', async () => {
    for (const [flags, good] of [
      [1, true],
      [0, false],
    ] as const) {
      const { armor, key } = securityKey(flags);
      expect(verifySshSignature(armor, MESSAGE, 'git')).toMatchObject(
        good ? { ok: true, key } : { why: /nobody touched/ },
      );
      if (good) expect(await openssh(armor, key, MESSAGE)).toBe(true);
    }
  });

  it('that is none, is cut short or goes on too long is refused', async () => {
    const { armor } = await signed('cut', ['-t', 'ed25519']);
    const body = Buffer.from(armor.split('\n').slice(1, -2).join(''), 'base64');
    const wrong = [
      '',
      'x',
      armored(body.subarray(0, -1)),
      armored(Buffer.concat([body, Buffer.from('x')])),
      `x${armor}`,
    ];
    for (const text of wrong)
      expect(verifySshSignature(text, MESSAGE, 'git')).toMatchObject({ ok: false, why: /cannot be read/ });
  });
});

function armored(body: Buffer): string {
  return `-----BEGIN SSH SIGNATURE-----\n${body.toString('base64').replaceAll(/.{70}/g, '$&\n')}\n-----END SSH SIGNATURE-----\n`;
}

function number(base64url: string): Buffer {
  return wireField(Buffer.concat([Buffer.alloc(1), Buffer.from(base64url, 'base64url')]));
}

/** As `ssh-keygen -Y sign` would make it. */
function made(
  key: Buffer,
  signer: (data: Buffer) => Buffer,
  algorithm: string,
  tail = Buffer.alloc(0),
): string {
  const fields = [wireField('git'), wireField(''), wireField('sha512')];
  const data = Buffer.concat([Buffer.from('SSHSIG'), ...fields, wireField(hash('sha512', MESSAGE))]);
  const signature = Buffer.concat([wireField(algorithm), wireField(signer(data)), tail]);
  const version = Buffer.from([0, 0, 0, 1]);
  return armored(
    Buffer.concat([Buffer.from('SSHSIG'), version, wireField(key), ...fields, wireField(signature)]),
  );
}

/** A key of the kind that lives in hardware, with a private half that does not. */
function securityKey(flags: number): { armor: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const type = 'sk-ssh-ed25519@openssh.com';
  const blob = Buffer.concat([wireField(type), wireField(Buffer.from(x, 'base64url')), wireField('ssh:')]);
  const tail = Buffer.from([flags, 0, 0, 0, 7]);
  const signer = (data: Buffer) =>
    sign(null, Buffer.concat([hash('sha256', Buffer.from('ssh:')), tail, hash('sha256', data)]), privateKey);
  return { armor: made(blob, signer, type, tail), key: `${type} ${blob.toString('base64')}` };
}

function hash(algorithm: string, data: Buffer): Buffer {
  return createHash(algorithm).update(data).digest();
}
