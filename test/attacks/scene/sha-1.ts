/** Signatures as OpenSSH made them long ago, and makes no more: RSA over SHA-1. */
import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wireField } from '../../../reconciler/trust/ssh-wire.ts';
import type { Key } from './scene.ts';

type RsaKey = Key & { readonly blob: Buffer; readonly pem: string };

export function rsaKey(root: string): RsaKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const key = join(root, 'rsa');
  writeFileSync(key, pem, { mode: 0o600 });
  const { e = '', n = '' } = createPublicKey(pem).export({ format: 'jwk' });
  const blob = Buffer.concat([field('ssh-rsa'), number(e), number(n)]);
  return { key, pem, blob, publicKey: `ssh-rsa ${blob.toString('base64')}` };
}

/** In the form of `ssh-keygen -Y sign -n git` (PROTOCOL.sshsig). */
export function sha1Signature({ pem, blob }: RsaKey, text: string): string {
  const digest = createHash('sha512').update(text).digest();
  const about = [field('git'), field(''), field('sha512')];
  const signed = Buffer.concat([Buffer.from('SSHSIG'), ...about, wireField(digest)]);
  const signature = Buffer.concat([field('ssh-rsa'), wireField(sign('sha1', signed, pem))]);
  const version = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    Buffer.from('SSHSIG'),
    version,
    wireField(blob),
    ...about,
    wireField(signature),
  ]);
  const lines = whole.toString('base64').replaceAll(/.{70}/g, '$&\n').trim();
  return `-----BEGIN SSH SIGNATURE-----\n${lines}\n-----END SSH SIGNATURE-----`;
}

function field(text: string): Buffer {
  return wireField(Buffer.from(text));
}

/** Positive: one whose first bit is set has a zero before it. */
function number(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url');
  return wireField((bytes[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}
