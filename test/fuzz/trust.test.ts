/** Who may sign, and what is signed: the bytes that a commit is believed or refused by. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publicKeyProblem } from '../../reconciler/desired/public-key.ts';
import { isObjectId } from '../../reconciler/git/git-command.ts';
import { allows, parseAllowedSigners } from '../../reconciler/trust/allowed-signers.ts';
import { parseCommitObject } from '../../reconciler/trust/commit-object.ts';
import { readOpenPgpKey } from '../../reconciler/trust/openpgp.ts';
import { verifySshSignature } from '../../reconciler/trust/ssh-signature.ts';
import { wireField } from '../../reconciler/trust/ssh-wire.ts';
import { KEYS } from '../unit/desired/memory-tree.ts';
import { expectOneLine, holds } from './holds.ts';
import { damaged, damagedText } from './mutate.ts';

const MESSAGE = Buffer.from('what was signed\n');
const SIGNED = signedByEd25519(MESSAGE);

describe('allowed_signers', () => {
  const lines = [
    `# people\nada@example.org ${KEYS.approver}\n`,
    `ada@example.org,ada Namespaces="git,file",valid-after="20260131Z",valid-before="202602011230Z" ${KEYS.approver} her key\r\n`,
    `*@example.org cert-authority ${KEYS.builder1}\nbob "x" ${KEYS.builder1}\n!eve ${KEYS.builder1}\n`,
  ];

  it('let sign whom a whole line names, with a key that is one, or are wrong at a line that is there', async () => {
    await holds(damaged(lines), (content) => {
      const { signers, mistakes, warnings } = parseAllowedSigners(content);
      const count = content.toString('utf8').split('\n').length;
      for (const { line, message } of [...mistakes, ...warnings]) {
        expect(line > 0 && line <= count).toBe(true);
        expectOneLine(message);
      }
      for (const signer of signers) {
        expect(signer.line > 0 && signer.line <= count).toBe(true);
        expect(mistakes.some(({ line }) => line === signer.line)).toBe(false);
        expect(publicKeyProblem(signer.key)).toBeUndefined();
        expect(signer.principals.length).toBeGreaterThan(0);
        for (const name of signer.principals) expect(name).toMatch(/^[^\s"!,]+$/);
        for (const at of [signer.validAfter, signer.validBefore])
          if (at !== null) expect(Number.isSafeInteger(at)).toBe(true);
        if (signer.validBefore !== null) expect(allows(signer, 'git', signer.validBefore)).toBe(false);
      }
    });
  });

  it('are read to their end, however many quotes have no other', () => {
    const text = `ada ${'"a'.repeat(200_000)}\nada ${'"'.repeat(200_001)},x ${KEYS.approver}\nbob ${KEYS.approver}\n`;
    expect(parseAllowedSigners(Buffer.from(text)).signers.map(({ principals }) => principals)).toEqual([
      ['bob'],
    ]);
  });
});

describe('a commit as Git stores it', () => {
  const id = 'ab'.repeat(20);
  const head = `tree ${id}\nparent ${id}\nparent ${'cd'.repeat(20)}\nauthor Ada <a@x> 1700000000 +0100\ncommitter Ada <a@x> 1700000001 +0100\n`;
  const signature = `gpgsig ${SIGNED.armor.trim().replaceAll('\n', '\n ')}\n`;
  const samples = [
    `${head}\nsubject\n\nbody\n`,
    `${head}${signature}\nsubject\n`,
    `${head}encoding latin1\n${signature}\ns\xe9\n`,
  ];

  it('is ids, a time and a message, or refused; its payload and its signature make it up', async () => {
    await holds(damaged(samples), (bytes) => {
      const parsed = parseCommitObject(bytes);
      if (!parsed.ok) return expectOneLine(parsed.why);
      const { tree, parents, committedAt, payload, signature: found } = parsed.commit;
      for (const each of [tree, ...parents]) expect(isObjectId(each)).toBe(true);
      expect(new Set(parents).size).toBe(parents.length);
      expect(Number.isNaN(new Date(committedAt).getTime())).toBe(false);
      expect(payload.length).toBeLessThanOrEqual(bytes.length);
      if (found === null) expect(payload.equals(bytes)).toBe(true);
      // what is signed has no signature in it: read again, it is the same commit without one
      const again = parseCommitObject(payload);
      expect(again).toMatchObject({ ok: true, commit: { tree, parents, committedAt, signature: null } });
    });
  });
});

describe('an SSH signature', () => {
  it('as it is made is good', () => {
    expect(verifySshSignature(SIGNED.armor, MESSAGE, 'git')).toEqual({ ok: true, key: SIGNED.key });
  });

  it('is good for what was signed and by the key that signed it alone, or refused with a word', async () => {
    const body = Buffer.from(SIGNED.body);
    const cases = fc.record({
      armor: fc.oneof(
        damagedText([SIGNED.armor]),
        damaged([body]).map((bytes) => armoured(bytes)),
      ),
      message: fc.oneof(
        { weight: 4, arbitrary: fc.constant(MESSAGE) },
        { weight: 1, arbitrary: damaged([MESSAGE]) },
      ),
      namespace: fc.constantFrom('git', 'git', 'git', 'file'),
    });
    await holds(cases, ({ armor, message, namespace }) => {
      const verdict = verifySshSignature(armor, message, namespace);
      if (!verdict.ok) return expectOneLine(verdict.why);
      expect({ key: verdict.key, namespace, same: message.equals(MESSAGE) }).toEqual({
        key: SIGNED.key,
        namespace: 'git',
        same: true,
      });
    });
  });
});

describe('an OpenPGP key', () => {
  const junk = `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${Buffer.from([0x98, 0x33, 4, 0, 0, 0, 0, 22]).toString('base64')}\n-----END PGP PUBLIC KEY BLOCK-----\n`;
  it('that is none is refused in one line', async () => {
    await holds(damaged([junk, 'xjMEaQ==\n']), async (content) => {
      const read = await readOpenPgpKey(content);
      expect(read.ok).toBe(false);
      if (!read.ok) expectOneLine(read.why);
    });
  });
});

/** As ssh-keygen -Y sign does it (PROTOCOL.sshsig); that ours is theirs is a unit test's matter. */
function signedByEd25519(message: Buffer) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const key = Buffer.concat([wireField('ssh-ed25519'), wireField(point)]);
  const common = ['git', '', 'sha512'].map((text) => wireField(text));
  const digest = createHash('sha512').update(message).digest();
  const raw = sign(null, Buffer.concat([Buffer.from('SSHSIG'), ...common, wireField(digest)]), privateKey);
  const signature = Buffer.concat([wireField('ssh-ed25519'), wireField(raw)]);
  const body = Buffer.concat([
    Buffer.from('SSHSIG'),
    Buffer.from([0, 0, 0, 1]),
    wireField(key),
    ...common,
    wireField(signature),
  ]);
  return { key: `ssh-ed25519 ${key.toString('base64')}`, body, armor: armoured(body) };
}

function armoured(body: Buffer): string {
  const text = body.toString('base64').replaceAll(/(.{70})(?=.)/g, '$1\n');
  return `-----BEGIN SSH SIGNATURE-----\n${text}\n-----END SSH SIGNATURE-----\n`;
}
