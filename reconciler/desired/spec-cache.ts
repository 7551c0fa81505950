/**
 * What commits ask of this host, resolved once for each desired state: polls ask for the same one again and again, and commits
 * that leave that folder as it was ask for nothing new.
 */
import type { GitMirror } from '../git/ports.ts';
import { type AuditPlace, readAuditPlace } from './fleet.ts';
import { DEFAULT_AUDIT_BRANCH } from './fleet-rules.ts';
import { resolveHost } from './resolve.ts';
import type { HostSpec } from './spec.ts';

/** The desired state of now, of before, and a few refused ones. */
const MOST_KEPT = 16;

export function specCache(mirror: Pick<GitMirror, 'tree' | 'desiredTreeId'>, root: string, host: string) {
  const byCommit = new Map<string, HostSpec>();
  const byTree = new Map<string, HostSpec>();
  let auditPattern = DEFAULT_AUDIT_BRANCH;
  /** undefined: no commit was resolved yet. */
  let auditRepo: AuditPlace['auditRepo'] | undefined;

  async function resolve(commit: string): Promise<HostSpec> {
    const known = byCommit.get(commit);
    if (known !== undefined) return remember(known);
    const tree = await mirror.desiredTreeId(commit);
    const spec =
      (tree === null ? undefined : byTree.get(tree)) ?? (await resolveHost(mirror.tree(commit), root, host));
    if (byCommit.size >= MOST_KEPT) {
      byCommit.clear();
      byTree.clear();
    }
    byCommit.set(commit, spec);
    if (tree !== null) byTree.set(tree, spec);
    return remember(spec);
  }

  function remember(spec: HostSpec): HostSpec {
    auditPattern = patternOf(spec.auditBranch, host);
    auditRepo = spec.auditRepo;
    return spec;
  }

  return {
    resolve,
    /** Before any commit was resolved: where this one has the records. Throws InvalidDesiredState. */
    learnAuditPattern: async (commit: string) => {
      ({ auditBranch: auditPattern } = await readAuditPlace(mirror.tree(commit), root));
    },
    /** Before any commit was resolved: where the one that was gone by last has the records. */
    placeBy: async (commit: string) => {
      if (auditRepo !== undefined || (await mirror.desiredTreeId(commit)) === null) return;
      ({ auditRepo, auditBranch: auditPattern } = await readAuditPlace(mirror.tree(commit), root));
    },
    /** Where hosts push to, as the last commit resolved has it, and never one that nobody judged; null: the infra repo. */
    auditRepo: () => auditRepo,
    /** `audit/{host}`, as the last commit resolved has it. */
    auditPattern: () => auditPattern,
  };
}

/** The branch of this host, with the host's name taken out again. */
function patternOf(branch: string, host: string): string {
  const at = branch.lastIndexOf(host);
  return at < 0 ? branch : `${branch.slice(0, at)}{host}${branch.slice(at + host.length)}`;
}
