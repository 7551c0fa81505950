/** Whether a commit is signed, and by whom, as Git itself judges. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git } from './git-command.ts';

type Verdict =
  | { readonly good: true; readonly signer: string }
  | { readonly good: false; readonly why: string };

/** Judged by Git's own `%G?`: `U` reads "good" in Git's prose, and means that nobody knows the key. */
export async function signatureOf(gitDir: string, commit: string, approvers: Buffer): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'boxreeve-approvers-'));
  try {
    const file = join(folder, 'approvers');
    await writeFile(file, approvers, { mode: 0o600 });
    const output = await git(gitDir, [
      '-c',
      `gpg.ssh.allowedSignersFile=${file}`,
      '-c',
      'gpg.ssh.program=ssh-keygen',
      'log',
      '-1',
      '--format=%G?%x00%GS',
      commit,
    ]);
    const [letter = 'N', signer = ''] = output.toString('utf8').replace(/\n$/, '').split('\0');
    if (letter === 'G' && signer !== '') return { good: true, signer };
    return { good: false, why: VERDICTS[letter] ?? `has a signature that Git judges as ${letter}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Git's letters (git-log(1), `%G?`). */
const VERDICTS: Readonly<Record<string, string>> = {
  N: 'is not signed',
  U: 'is signed by a key that no approver has',
  B: 'has a bad signature',
  E: 'has a signature that cannot be checked',
  X: 'has a signature that has expired',
  Y: 'is signed by a key that has expired',
  R: 'is signed by a key that was revoked',
};
