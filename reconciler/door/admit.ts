/**
 * Whether a push may come in: each ref it moves, judged by what the repository had before.
 *
 * What a push says of hosts, keys and approvers has no say in whether that push is taken.
 */
import { DesiredFiles } from '../desired/desired-files.ts';
import { readAuditPlace } from '../desired/fleet.ts';
import { DEFAULT_AUDIT_BRANCH } from '../desired/fleet-rules.ts';
import { InvalidDesiredState } from '../errors.ts';
import { commitTree } from '../git/commit-tree.ts';
import { judgeAudit } from './judge-audit.ts';
import { judgeWatched } from './judge-watched.ts';
import type { RefChange } from './push.ts';
import type { Reason } from './reason.ts';
import { isHostName, isOpen, type Naming, type RefRole, roleOf } from './ref-role.ts';

export type Door = {
  /** Where all objects can be read, those that are pushed and those that were there. */
  readonly gitDir: string;
  /** The watched branch, without `refs/heads/`. */
  readonly branch: string;
  /** Folder of the desired state. */
  readonly path: string;
  /** Where the watched branch is now; null: there is none yet. */
  readonly present: string | null;
  /** Who pushes, if the server says so. */
  readonly pusher: string | null;
  /** ms since the epoch before which no branch had what is pushed; null: nobody knows. */
  readonly newSince: number | null;
  /** The changes are only proposed: someone is going to merge them. */
  readonly proposed: boolean;
};

export type Admission = {
  readonly refs: readonly (RefChange & { readonly role: RefRole })[];
  /** Empty: the push may come in. */
  readonly reasons: readonly Reason[];
};

export async function admit(door: Door, changes: readonly RefChange[]): Promise<Admission> {
  const naming = await namingOf(door);
  const pusher = await hostThatPushes(door);
  const refs = changes.map((change) => ({ ...change, role: roleOf(change.ref, naming) }));
  const reasons: Reason[] = [];
  for (const { role, ...change } of refs) reasons.push(...(await judge(door, change, role, pusher)));
  return { refs, reasons };
}

/** What only one of the two needs is loaded when it is needed: a host waits for its push. */
async function judge(
  door: Door,
  change: RefChange,
  role: RefRole,
  pusher: string | null,
): Promise<readonly Reason[]> {
  switch (role.role) {
    case 'watched': {
      const { watchedFacts } = await import('./watched-facts.ts');
      return judgeWatched(await watchedFacts(door, change, pusher));
    }
    case 'audit': {
      const { auditFacts } = await import('./audit-facts.ts');
      return judgeAudit(await auditFacts(door, change, role.host, pusher));
    }
    case 'agreement': {
      const [{ agreementFacts }, { judgeAgreement }] = await Promise.all([
        import('./agreement-facts.ts'),
        import('./judge-agreement.ts'),
      ]);
      return judgeAgreement(await agreementFacts(door, change, pusher));
    }
    case 'hiding':
      return change.to === null ? [] : [misnamed(change, role.why)];
    case 'other':
      return [];
  }
}

function misnamed({ ref, to }: RefChange, why: string): Reason {
  const advice = 'Choose another name.';
  return { kind: 'invalid', ref, commit: to, place: null, problem: `this name ${why}`, advice };
}

/** By the commit that is there. One whose `fleet.yaml` cannot be read says nothing, and the usual names count. */
async function namingOf({ gitDir, branch, path, present }: Door): Promise<Naming> {
  const usual = { watched: branch, pattern: DEFAULT_AUDIT_BRANCH, hosts: new Set<string>() };
  if (present === null) return usual;
  const tree = commitTree(gitDir, present);
  try {
    const { auditBranch: pattern } = await readAuditPlace(tree, path);
    const hosts = isOpen(pattern) ? await new DesiredFiles(tree, path).names('hosts') : [];
    return { ...usual, pattern, hosts: new Set(hosts) };
  } catch (error) {
    if (error instanceof InvalidDesiredState) return usual;
    throw error;
  }
}

/** Null for a person, or where nobody says. */
async function hostThatPushes({ gitDir, path, present, pusher }: Door): Promise<string | null> {
  if (pusher === null || present === null || !isHostName(pusher)) return null;
  const entry = await new DesiredFiles(commitTree(gitDir, present), path).entry(`hosts/${pusher}.yaml`);
  return entry === undefined ? null : pusher;
}
