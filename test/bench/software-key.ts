/** An SSH key that signs in this process, as `ssh-keygen -Y sign -n git` does: thousands of commits are made in seconds. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { wireField } from '../../reconciler/trust/ssh-wire.ts';

export type SoftwareKey = {
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string;
  /** The armour of a signature. */
  sign(payload: string): string;
};

export function softwareKey(): SoftwareKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const key = Buffer.concat([wireField('ssh-ed25519'), wireField(Buffer.from(x, 'base64url'))]);
  const purpose = [wireField('git'), wireField(''), wireField('sha512')];
  return {
    publicKey: `ssh-ed25519 ${key.toString('base64')}`,
    sign: (payload) => {
      const digest = wireField(createHash('sha512').update(payload).digest());
      const made = sign(null, Buffer.concat([Buffer.from('SSHSIG'), ...purpose, digest]), privateKey);
      const signature = wireField(Buffer.concat([wireField('ssh-ed25519'), wireField(made)]));
      const body = Buffer.concat([Buffer.from('SSHSIG\0\0\0\x01'), wireField(key), ...purpose, signature]);
      const text = body.toString('base64').replaceAll(/.{70}/g, '$&\n').trimEnd();
      return `-----BEGIN SSH SIGNATURE-----\n${text}\n-----END SSH SIGNATURE-----`;
    },
  };
}

/** A commit with its signature in place. @param headers all up to the empty line, without one at the end */
export function signCommit(headers: string, message: string, key: SoftwareKey): string {
  const armor = key.sign(`${headers}\n\n${message}`).replaceAll('\n', '\n ');
  return `${headers}\ngpgsig ${armor}\n\n${message}`;
}
