/**
 * OpenPGP, by the `openpgp` library, which is loaded when the first such key or signature is met: no GnuPG is needed on a host.
 * The library refuses SHA-1, MD5 and short RSA keys by itself.
 */
import type { Key } from 'openpgp';
import { openPgpKeyId } from './key-id.ts';

export type OpenPgpKey = {
  /** `openpgp:` and the fingerprint of the primary key. */
  readonly id: string;
  /** ms since the epoch; null: it never expires. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly armor: string;
};

export type OpenPgpKeyRead =
  | { readonly ok: true; readonly key: OpenPgpKey }
  | { readonly ok: false /** Goes on after the file's name. */; readonly why: string };

/** Parsed once: a history has many signatures by few keys. */
const parsed = new Map<string, Promise<Key>>();
const MOST_PARSED = 256;

/** No key needs more, photographs and a thousand signatures included. Bytes. */
const LARGEST = 256 * 1024;

/** Reads an armoured public key. Never throws. */
export async function readOpenPgpKey(content: Buffer): Promise<OpenPgpKeyRead> {
  if (content.length > LARGEST)
    return { ok: false, why: `is larger than ${LARGEST} bytes: export a minimal key` };
  const armor = content.toString('utf8');
  if (/PRIVATE KEY/.test(armor))
    return { ok: false, why: 'is a private key: never commit one; revoke this key, and make another' };
  const { readKeys } = await import('openpgp');
  try {
    const [key, ...more] = await readKeys({ armoredKeys: armor });
    if (key === undefined) return { ok: false, why: 'holds no key' };
    if (more.length > 0) return { ok: false, why: 'holds more than one key: a file for each' };
    if (await key.isRevoked()) return { ok: false, why: 'holds a key that its owner revoked' };
    const expires = await key.getExpirationTime();
    return {
      ok: true,
      key: {
        id: openPgpKeyId(key.getFingerprint()),
        createdAt: key.getCreationTime().getTime(),
        expiresAt: expires instanceof Date ? expires.getTime() : null,
        armor,
      },
    };
  } catch (error) {
    return { ok: false, why: `is no OpenPGP public key (${messageOf(error)})` };
  }
}

export type OpenPgpVerdict =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false /** Goes on after `commit 1234567`. */; readonly why: string };

/** Which of the keys made the signature. Whether it may, and when, is another matter. Never throws. */
export async function verifyOpenPgp(
  armor: string,
  payload: Buffer,
  keys: readonly OpenPgpKey[],
): Promise<OpenPgpVerdict> {
  const { createMessage, readSignature, verify } = await import('openpgp');
  try {
    const verificationKeys = await Promise.all(keys.map(parse));
    const signature = await readSignature({ armoredSignature: armor });
    if (signature.packets.length !== 1)
      return { ok: false, why: 'has an OpenPGP signature that cannot be read' };
    const signers = signature.getSigningKeyIDs();
    const signer = verificationKeys.find((key) => signers.some((id) => key.getKeys(id).length > 0));
    if (signer === undefined) return { ok: false, why: 'is signed by a key that no approver has' };
    const message = await createMessage({ binary: new Uint8Array(payload) });
    const { signatures } = await verify({ message, signature, verificationKeys: [signer], format: 'binary' });
    // rejects if it is not good
    await signatures[0]?.verified;
    if (signatures.length !== 1) return { ok: false, why: 'has an OpenPGP signature that cannot be read' };
    return { ok: true, id: openPgpKeyId(signer.getFingerprint()) };
  } catch (error) {
    return { ok: false, why: `has a bad OpenPGP signature (${messageOf(error)})` };
  }
}

async function parse({ armor }: OpenPgpKey): Promise<Key> {
  const known = parsed.get(armor);
  if (known !== undefined) return known;
  const { readKey } = await import('openpgp');
  const key = readKey({ armoredKey: armor });
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(armor, key);
  return key;
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
