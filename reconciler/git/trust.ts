/**
 * Which commits a host may follow.
 *
 * 1. The tip is the last commit accepted, or descends from it. A branch that was rewound or rewritten is not followed.
 * 2. Where the fleet says `trust.requireSignedCommits`, every commit between, in the order of its history, must be signed by
 *    someone whom its parents trust: `trust/approvers` as it stood in each of them. Nobody can let himself in.
 * 3. Whether signatures are required is read from the parents too: the commit that switches them off must be signed.
 * 4. At first contact the commit that host.yaml pins stands for the last one accepted; without a pin, the tip is checked against
 *    its own approvers.
 */
import type { DesiredTree } from '../desired/tree.ts';
import { InvalidDesiredState, UntrustedCommit } from '../errors.ts';
import { commitTree } from './commit-tree.ts';
import { git, lines } from './git-command.ts';
import { isAncestor } from './history.ts';
import type { TrustCheck } from './ports.ts';
import { approversAt, signatureOf } from './signatures.ts';

export type TrustOptions = {
  readonly gitDir: string;
  /** Folder of the desired state. */
  readonly path: string;
  /** What host.yaml pins first contact to; null: nothing. */
  readonly firstCommit: string | null;
  /** Whether a revision's fleet asks for signed commits; false if it has no readable fleet. */
  readonly requiresSignatures: (tree: DesiredTree) => Promise<boolean>;
};

export function openTrustCheck(options: TrustOptions): TrustCheck {
  return {
    check: async (tip, applied) => {
      const base = applied ?? options.firstCommit;
      if (base === null) return checkFirst(options, tip);
      if (tip === base) return;
      if (!(await isAncestor(options.gitDir, base, tip)))
        throw applied === null ? notFromPin(tip, base) : rewritten(tip, base);
      for (const { commit, parents } of await commitsBetween(options.gitDir, base, tip)) {
        // a root of its own has no parent to say who may sign it: the commit gone by does
        for (const authority of parents.length > 0 ? parents : [base])
          await checkAgainst(options, commit, await readable(options, authority, base));
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

function notFromPin(tip: string, pin: string): UntrustedCommit {
  return new UntrustedCommit(
    tip,
    `${pin.slice(0, 7)}, which host.yaml names as firstCommit, is not in the history of ${tip.slice(0, 7)}: this is not the infra ` +
      'repo it is about, or its branch was rewound or rewritten. Nothing is followed; look at repo, branch and firstCommit.',
  );
}

async function checkFirst(options: TrustOptions, tip: string): Promise<void> {
  if (await options.requiresSignatures(commitTree(options.gitDir, tip)))
    await checkAgainst(options, tip, tip);
}

/**
 * A commit in between that says nothing readable of trust, or lets nobody sign, was refused for that and has no say: the one
 * this host goes by has. Otherwise no commit could ever mend it.
 */
async function readable(options: TrustOptions, authority: string, applied: string): Promise<string> {
  const tree = commitTree(options.gitDir, authority);
  try {
    const locked =
      (await options.requiresSignatures(tree)) && (await approversAt(tree, options.path)).length === 0;
    return locked ? applied : authority;
  } catch (error) {
    if (error instanceof InvalidDesiredState) return applied;
    throw error;
  }
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
