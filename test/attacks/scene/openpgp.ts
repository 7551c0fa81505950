/** An approver who signs by OpenPGP. */
import { createMessage, generateKey, readPrivateKey, sign } from 'openpgp';

export type OpenPgpPerson = {
  /** Armoured. */
  readonly publicKey: string;
  /** A detached signature over the text, armoured. */
  sign(text: string): Promise<string>;
};

export async function newOpenPgpKey(email: string): Promise<OpenPgpPerson> {
  const made = await generateKey({ curve: 'ed25519Legacy', userIDs: [{ email }], format: 'armored' });
  const signingKeys = await readPrivateKey({ armoredKey: made.privateKey });
  return {
    publicKey: made.publicKey,
    sign: async (text) => {
      const message = await createMessage({ binary: new TextEncoder().encode(text) });
      return sign({ message, signingKeys, detached: true, format: 'armored' });
    },
  };
}
