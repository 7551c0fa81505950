/** What must be known to judge a push to a branch by which hosts agree: one commit, and one file of the watched branch. */
import { readAuditKeys } from '../desired/fleet.ts';
import { commitTree } from '../git/commit-tree.ts';
import { openSignedCommits } from '../trust/signed-commits.ts';
import type { Door } from './admit.ts';
import type { AgreementFacts } from './judge-agreement.ts';
import type { RefChange } from './push.ts';
import { isHostName } from './ref-role.ts';

export async function agreementFacts(
  { gitDir, path, present }: Door,
  change: RefChange,
  pusher: string | null,
): Promise<AgreementFacts> {
  const facts = { change, pusher, host: null, problem: null };
  if (change.to === null) return facts;
  const [commit] = await openSignedCommits(gitDir).read([change.to]);
  // every host begins so (git/state-branch.ts); what it signed is its own word
  const host = commit?.message.split(':')[0] ?? '';
  if (commit === undefined || !isHostName(host))
    return { ...facts, problem: 'does not say which host says it' };
  if (present === null) return { ...facts, host, problem: 'is of a fleet that is not there yet' };
  const { auditKey, nextAuditKey, revoked } = await readAuditKeys(commitTree(gitDir, present), path, host);
  const gone = revoked.map(({ key }) => key);
  const now = [auditKey, nextAuditKey].filter((key) => key !== null && !gone.includes(key));
  const { signature } = commit;
  if (signature.kind === 'ssh' && now.includes(signature.key)) return { ...facts, host };
  return { ...facts, host, problem: `is not signed by a key of ${host}` };
}
