/**
 * Which commits a host may follow.
 *
 * 1. The tip is the last commit accepted, or descends from it. A branch that was rewound or rewritten is not followed.
 * 2. Where the fleet says `trust.requireSignedCommits`, every commit between, in the order of its history, must be signed by
 *    someone whom its parents trust: `trust/approvers` as it stood in each of them. Nobody can let himself in.
 * 3. Whether signatures are required is read from the parents too: the commit that switches them off must be signed.
 * 4. At first contact there is no commit to go by: the tip is checked against its own approvers.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DesiredTree } from '../desired/tree.ts';
import { UntrustedCommit } from '../errors.ts';
import { commitTree } from './commit-tree.ts';
import { git, lines } from './git-command.ts';
import { isAncestor } from './mirror.ts';
import type { TrustCheck } from './ports.ts';

export type TrustOptions = {
  readonly gitDir: string;
  /** Folder of the desired state. */
  readonly path: string;
  /** Whether a revision's fleet asks for signed commits; false if it has no readable fleet. */
  readonly requiresSignatures: (tree: DesiredTree) => Promise<boolean>;
};

export function openTrustCheck(options: TrustOptions): TrustCheck {
  return {
    check: async (tip, applied) => {
      if (applied === null) return checkFirst(options, tip);
      if (tip === applied) return;
      if (!(await isAncestor(options.gitDir, applied, tip))) throw rewritten(tip, applied);
      for (const { commit, parents } of await commitsBetween(options.gitDir, applied, tip)) {
        // a root of its own has no parent to say who may sign it: the commit gone by does
        for (const authority of parents.length > 0 ? parents : [applied])
          await checkAgainst(options, commit, authority);
      }
    },
  };
}

function rewritten(tip: string, applied: string): UntrustedCommit {
  return new UntrustedCommit(
    tip,
    `the branch was rewound or rewritten: ${applied.slice(0, 7)}, which this host goes by, is not in the history of ` +
      `${tip.slice(0, 7)}. The host stays where it is until the branch contains ${applied.slice(0, 7)} again.`,
  );
}

async function checkFirst(options: TrustOptions, tip: string): Promise<void> {
  if (await options.requiresSignatures(commitTree(options.gitDir, tip)))
    await checkAgainst(options, tip, tip);
}

/** @param authority the commit whose approvers count */
async function checkAgainst(options: TrustOptions, commit: string, authority: string): Promise<void> {
  const tree = commitTree(options.gitDir, authority);
  if (!(await options.requiresSignatures(tree))) return;
  const approvers = await approversAt(tree, options.path);
  const verdict = await signatureOf(options.gitDir, commit, approvers);
  if (verdict.good) return;
  throw new UntrustedCommit(
    commit,
    `commit ${commit.slice(0, 7)} ${verdict.why}; ${options.path}/trust/approvers at ${authority.slice(0, 7)} says who may sign. ` +
      'Have it signed by one of them (a signed merge is enough only if every commit it brings is signed).',
  );
}

/** Content of `trust/approvers`; empty if there is none, so that nobody is trusted. */
export async function approversAt(tree: DesiredTree, path: string): Promise<Buffer> {
  const entry = await tree.entry(`${path}/trust/approvers`);
  return entry?.kind === 'file' ? tree.read(entry) : Buffer.alloc(0);
}

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

/** Commits of `tip` that are not in `applied`, parents before children. */
async function commitsBetween(
  gitDir: string,
  applied: string,
  tip: string,
): Promise<{ commit: string; parents: string[] }[]> {
  const output = await git(gitDir, [
    'rev-list',
    '--reverse',
    '--topo-order',
    '--parents',
    tip,
    `^${applied}`,
  ]);
  return lines(output).map((line) => {
    const [commit = '', ...parents] = line.split(' ');
    return { commit, parents };
  });
}
