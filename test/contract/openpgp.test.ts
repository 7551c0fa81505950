/** Commits signed by GnuPG, as Git has it done, judged by the library that a host has instead. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOpenPgpKey } from '../../reconciler/trust/openpgp.ts';
import { openProofs } from '../../reconciler/trust/proofs.ts';
import { openTrustScene, type Person, type TrustScene } from '../lab/trust-scene.ts';

let scene: TrustScene;
let ada: Person;

beforeEach(async () => {
  scene = await openTrustScene(['ada']);
  ada = await scene.person('ada');
});
afterEach(() => scene.dispose());

describe('an OpenPGP key', () => {
  let home: string;
  let program: string;
  beforeEach(async () => {
    home = join(scene.root, 'gnupg');
    await execa('mkdir', ['-m', '700', home]);
    program = join(scene.root, 'gpg');
    writeFileSync(program, `#!/bin/sh\nexec gpg --homedir '${home}' "$@"\n`, { mode: 0o700 });
  });
  afterEach(async () => {
    await execa('gpgconf', ['--homedir', home, '--kill', 'all']);
  });

  async function newPgpKey(name: string, expires = 'never', algorithm = 'ed25519'): Promise<string> {
    const args = [
      '--batch',
      '--quiet',
      '--passphrase',
      '',
      '--quick-generate-key',
      name,
      algorithm,
      'sign',
      expires,
    ];
    await execa(program, args);
    return (await execa(program, ['--armor', '--export', name])).stdout;
  }

  async function commitBy(name: string, message: string): Promise<string> {
    await scene.git('add', '--all');
    await scene.git(
      ...['-c', 'gpg.format=openpgp', '-c', `gpg.program=${program}`, '-c', `user.signingkey=${name}`],
      ...['commit', '--quiet', '--allow-empty', '-S', '-m', message],
    );
    return scene.git('rev-parse', 'HEAD');
  }

  async function letIn(name: string, armor: string): Promise<string> {
    scene.repo.write(`desired-state/trust/openpgp/${name}.asc`, armor);
    return scene.commit(`Let ${name} in`, ada);
  }

  it.each(['ed25519', 'rsa3072', 'nistp256'])(
    'of kind %s in trust/openpgp signs commits, and the record names its owner',
    async (kind) => {
      const base = await letIn('cy@example.org', await newPgpKey('cy@example.org', 'never', kind));
      const tip = await commitBy('cy@example.org', 'By Cy');
      await scene.push();
      await scene.judge(base);
      expect(await scene.mirror.describe(tip)).toMatchObject({ signedBy: 'cy@example.org' });
    },
  );

  it('that is not listed there signs nothing, nor does one that lets itself in', async () => {
    await newPgpKey('cy@example.org');
    const armor = await newPgpKey('dee@example.org');
    const base = await letIn('dee@example.org', armor);
    await commitBy('cy@example.org', 'By a stranger');
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/no approver has/);
    scene.repo.write(
      'desired-state/trust/openpgp/cy@example.org.asc',
      (await execa(program, ['--armor', '--export', 'cy@example.org'])).stdout,
    );
    await scene.git('reset', '--quiet', '--mixed', base);
    await commitBy('cy@example.org', 'Lets himself in');
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/no approver has/);
  });

  it('signs only what it signed: a text changed since is refused', async () => {
    const base = await letIn('cy@example.org', await newPgpKey('cy@example.org'));
    await commitBy('cy@example.org', 'Change');
    const forged = join(scene.root, 'forged');
    writeFileSync(
      forged,
      `${(await scene.git('cat-file', 'commit', 'HEAD')).replace(/Change$/, 'Chance')}\n`,
    );
    const commit = await scene.git('hash-object', '-t', 'commit', '-w', forged);
    await scene.git('reset', '--quiet', '--hard', commit);
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/bad OpenPGP signature/);
  });

  it('is looked at again when its owner has got a new subkey, which signed', async () => {
    const before = await readOpenPgpKey(Buffer.from(await newPgpKey('cy@example.org')));
    const listed = (await execa(program, ['--with-colons', '--list-keys', 'cy@example.org'])).stdout;
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listed)?.[1] ?? '';
    await execa(program, ['--batch', '--passphrase', '', '--quick-add-key', fingerprint, 'ed25519', 'sign']);
    const after = await readOpenPgpKey(
      Buffer.from((await execa(program, ['--armor', '--export', 'cy@example.org'])).stdout),
    );
    if (!before.ok || !after.ok) throw new Error('a key cannot be read');
    // GnuPG signs by the newest subkey
    const commit = await commitBy('cy@example.org', 'By the subkey');
    const proofs = openProofs(join(scene.repo.folder, '.git'));
    const [stranger] = await proofs.of([commit], [before.key]);
    const [known] = await proofs.of([commit], [after.key]);
    expect([stranger?.proof.state, known?.proof]).toEqual(['bad', { state: 'signed', key: before.key.id }]);
  });

  it('is held to rules and revocation by its name and fingerprint', async () => {
    const armor = await newPgpKey('cy@example.org');
    scene.repo.write(
      'desired-state/trust/rules.yaml',
      'rules: [{ paths: ["hosts/"], approvers: [ada@example.org] }]\n',
    );
    const base = await letIn('cy@example.org', armor);
    const listed = (await execa(program, ['--with-colons', '--list-keys', 'cy@example.org'])).stdout;
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listed)?.[1] ?? '';
    const change = await commitBy('cy@example.org', 'By Cy');
    await scene.push();
    await scene.judge(base);
    const revokedKeys = [`openpgp:${fingerprint}`];
    await expect(scene.judge(change, { revokedKeys })).rejects.toThrow(/nothing of it is followed/);
    scene.repo.write('desired-state/hosts/one.yaml', 'x\n');
    await commitBy('cy@example.org', 'A host');
    await scene.push();
    await expect(scene.judge(base)).rejects.toThrow(/which only ada@example.org may/);
  });
});
