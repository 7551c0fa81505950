/**
 * Public SSH keys as Node's crypto takes them, and how each kind signs (RFC 8709, RFC 8332, RFC 5656, OpenSSH's PROTOCOL.u2f).
 * Nothing else is taken: no DSA, no RSA with SHA-1 or of less than 2048 bits, no certificates.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { WireReader } from './ssh-wire.ts';

const CURVES: Readonly<
  Record<string, { readonly jwk: string; readonly bytes: number; readonly hash: string }>
> = {
  nistp256: { jwk: 'P-256', bytes: 32, hash: 'sha256' },
  nistp384: { jwk: 'P-384', bytes: 48, hash: 'sha384' },
  nistp521: { jwk: 'P-521', bytes: 66, hash: 'sha512' },
};
const RSA_HASHES: Readonly<Record<string, string>> = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' };
const LEAST_RSA_BITS = 2048;
/** A security key was touched (PROTOCOL.u2f): a signature that no person was there for does not count. */
const USER_PRESENT = 0x01;

/** Whether `signature`, in SSH's form, is by `publicKey` over `data`; null if it is, else why not. Never throws. */
export function sshVerdict(publicKey: Buffer, signature: Buffer, data: Buffer): string | null {
  try {
    return judge(publicKey, signature, data);
  } catch {
    // Node refuses keys that are on no curve, and the like
    return 'has a key that is none';
  }
}

function judge(publicKey: Buffer, signature: Buffer, data: Buffer): string | null {
  const key = new WireReader(publicKey);
  const type = key.field()?.toString('latin1') ?? '';
  const signed = new WireReader(signature);
  const algorithm = signed.field()?.toString('latin1') ?? '';
  const value = signed.field();
  if (value === null) return 'has a signature that is cut short';
  const bad = 'has a bad signature';
  switch (type) {
    case 'ssh-ed25519': {
      const made = ed25519(key.field());
      if (made === null || !key.done || algorithm !== type || !signed.done) return bad;
      return verify(null, data, made, value) ? null : bad;
    }
    case 'ssh-rsa': {
      const hash = RSA_HASHES[algorithm];
      if (hash === undefined) return 'is signed in a way that is not safe any more (RSA with SHA-1)';
      const made = rsa(key.field(), key.field());
      if (made === null || !key.done || !signed.done) return bad;
      if ((made.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_RSA_BITS)
        return `is signed by an RSA key of less than ${LEAST_RSA_BITS} bits`;
      return verify(hash, data, made, value) ? null : bad;
    }
    case 'ecdsa-sha2-nistp256':
    case 'ecdsa-sha2-nistp384':
    case 'ecdsa-sha2-nistp521': {
      const made = ecdsa(key.field(), key.field());
      if (made === null || !key.done || algorithm !== type || !signed.done) return bad;
      return ecdsaVerifies(made, data, value) ? null : bad;
    }
    case 'sk-ssh-ed25519@openssh.com': {
      const made = ed25519(key.field());
      return securityKeyVerdict(key.field(), key, algorithm === type, signed, data, (message) =>
        made === null ? false : verify(null, message, made, value),
      );
    }
    case 'sk-ecdsa-sha2-nistp256@openssh.com': {
      const made = ecdsa(key.field(), key.field());
      return securityKeyVerdict(key.field(), key, algorithm === type, signed, data, (message) =>
        made === null ? false : ecdsaVerifies(made, message, value),
      );
    }
    default:
      return `is signed by a key of a kind that is not taken here (${type.replace(/[^\w@.-]/g, '?').slice(0, 40)})`;
  }
}

/** What a security key signs is the application, its flags, its counter and the digest of the data. */
function securityKeyVerdict(
  application: Buffer | null,
  key: WireReader,
  rightAlgorithm: boolean,
  signed: WireReader,
  data: Buffer,
  verifies: (message: Buffer) => boolean,
): string | null {
  const flags = signed.raw(1);
  const counter = signed.raw(4);
  if (application === null || flags === null || counter === null) return 'has a bad signature';
  if (!key.done || !signed.done || !rightAlgorithm) return 'has a bad signature';
  const message = Buffer.concat([sha256(application), flags, counter, sha256(data)]);
  if (!verifies(message)) return 'has a bad signature';
  return ((flags[0] ?? 0) & USER_PRESENT) === 0 ? 'is signed by a security key that nobody touched' : null;
}

function ed25519(point: Buffer | null): KeyObject | null {
  if (point?.length !== 32) return null;
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') },
    format: 'jwk',
  });
}

function rsa(exponent: Buffer | null, modulus: Buffer | null): KeyObject | null {
  if (exponent === null || modulus === null) return null;
  const key = {
    kty: 'RSA',
    e: positive(exponent).toString('base64url'),
    n: positive(modulus).toString('base64url'),
  };
  return createPublicKey({ key, format: 'jwk' });
}

/** With the hash that belongs to its curve. */
type EcKey = { readonly key: KeyObject; readonly hash: string; readonly bytes: number };

function ecdsa(name: Buffer | null, point: Buffer | null): EcKey | null {
  const curve = CURVES[name?.toString('latin1') ?? ''];
  // 4: not compressed (SEC 1, 2.3.3)
  if (curve === undefined || point === null || point[0] !== 4 || point.length !== 1 + 2 * curve.bytes)
    return null;
  const x = point.subarray(1, 1 + curve.bytes).toString('base64url');
  const y = point.subarray(1 + curve.bytes).toString('base64url');
  const key = createPublicKey({ key: { kty: 'EC', crv: curve.jwk, x, y }, format: 'jwk' });
  return { key, hash: curve.hash, bytes: curve.bytes };
}

function ecdsaVerifies({ key, hash, bytes }: EcKey, data: Buffer, value: Buffer): boolean {
  const numbers = new WireReader(value);
  const [r, s] = [numbers.field(), numbers.field()].map((field) => field && padded(positive(field), bytes));
  if (!r || !s || !numbers.done) return false;
  return verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, Buffer.concat([r, s]));
}

/** A number in SSH's form, without the zeros that keep it positive. */
function positive(number: Buffer): Buffer {
  let at = 0;
  while (at < number.length - 1 && number[at] === 0) at += 1;
  return number.subarray(at);
}

function padded(number: Buffer, length: number): Buffer | null {
  if (number.length > length) return null;
  return Buffer.concat([Buffer.alloc(length - number.length), number]);
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
