/**
 * Signatures as `ssh-keygen -Y sign` makes them (OpenSSH, PROTOCOL.sshsig), judged in this process: `ssh-keygen` costs some
 * milliseconds a signature, and an account has a hundred thousand. A contract test holds the two against each other.
 */
import { createHash } from 'node:crypto';
import { sshVerdict } from './ssh-key.ts';
import { WireReader, wireField } from './ssh-wire.ts';

/** The key is good for the signature; whether anyone trusts it is another matter. */
export type SshVerdict =
  | { readonly ok: true /** `ssh-ed25519 AAAA…` */; readonly key: string }
  | { readonly ok: false /** Goes on after `commit 1234567`. */; readonly why: string };

const MAGIC = 'SSHSIG';
const VERSION = 1;
const HASHES: ReadonlySet<string> = new Set(['sha256', 'sha512']);
const ARMOR = /^-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)\n-----END SSH SIGNATURE-----\n?$/;
/** RSA with 16 384 bits is far below. Characters. */
const LONGEST = 32 * 1024;

/** @param namespace what it must have been made for, such as `git`: a signature for one purpose is none for another */
export function verifySshSignature(armor: string, message: Buffer, namespace: string): SshVerdict {
  const body = armor.length > LONGEST ? undefined : ARMOR.exec(armor.replaceAll('\r\n', '\n'))?.[1];
  if (body === undefined) return { ok: false, why: 'has an SSH signature that cannot be read' };
  const parts = readParts(Buffer.from(body, 'base64'));
  if (parts === null) return { ok: false, why: 'has an SSH signature that cannot be read' };
  if (parts.namespace !== namespace)
    return { ok: false, why: `has a signature for another purpose than ${namespace}` };
  if (!HASHES.has(parts.hash))
    return { ok: false, why: 'has a signature over a digest that is not known here' };
  const digest = createHash(parts.hash).update(message).digest();
  const signed = Buffer.concat([
    Buffer.from(MAGIC),
    wireField(parts.namespace),
    wireField(parts.reserved),
    wireField(parts.hash),
    wireField(digest),
  ]);
  const why = sshVerdict(parts.key, parts.signature, signed);
  if (why !== null) return { ok: false, why };
  const type = new WireReader(parts.key).field()?.toString('latin1') ?? '';
  return { ok: true, key: `${type} ${parts.key.toString('base64')}` };
}

type Parts = {
  readonly key: Buffer;
  readonly namespace: string;
  readonly reserved: Buffer;
  readonly hash: string;
  readonly signature: Buffer;
};

function readParts(bytes: Buffer): Parts | null {
  const reader = new WireReader(bytes);
  if (reader.raw(MAGIC.length)?.toString('latin1') !== MAGIC || reader.uint32() !== VERSION) return null;
  const key = reader.field();
  const namespace = reader.field()?.toString('latin1');
  const reserved = reader.field();
  const hash = reader.field()?.toString('latin1');
  const signature = reader.field();
  if (key === null || namespace === undefined || reserved === null) return null;
  if (hash === undefined || signature === null || !reader.done) return null;
  return { key, namespace, reserved, hash, signature };
}
