/**
 * What must be known to judge a push to an audit branch. Asks about the new records alone, by what stands at the old tip: what a
 * push costs does not grow with the account, nor with the fleet.
 */
import type { Finding, FindingKind } from '../audit/finding.ts';
import type { HostKeys } from '../audit/host-keys.ts';
import type { Standing } from '../audit/judge-link.ts';
import { hostKeys, readKeyHistory } from '../audit/key-history.ts';
import { startingPoint, unvouchedFindings, verifyChain } from '../audit/verify-chain.ts';
import { checkWentBy, WentBy } from '../audit/went-by.ts';
import type { AuditKeys } from '../desired/audit-keys.ts';
import { readAuditKeys } from '../desired/fleet.ts';
import { commitTree } from '../git/commit-tree.ts';
import { isAncestor } from '../git/history.ts';
import type { Door } from './admit.ts';
import type { AuditFacts } from './judge-audit.ts';
import type { RefChange } from './push.ts';

export async function auditFacts(
  door: Door,
  change: RefChange,
  host: string,
  pusher: string | null,
): Promise<AuditFacts> {
  const { gitDir, path, present } = door;
  const { from, to } = change;
  const facts = { change, host, pusher, inFleet: true, descends: true, findings: [] };
  if (to === null) return facts;
  if (present === null) return { ...facts, inFleet: false };
  const [keys, descends] = await Promise.all([
    readAuditKeys(commitTree(gitDir, present), path, host),
    from === null ? true : isAncestor(gitDir, from, to),
  ]);
  if (keys.auditKey === null) return { ...facts, inFleet: false };
  if (!descends) return { ...facts, descends };
  const after = from === null ? null : await startingPoint(gitDir, host, from);
  if (from !== null && after === null) {
    const problem = `is where this branch ends, and no record of ${host}: whoever keeps the server must look at it`;
    return { ...facts, findings: [{ commit: from, problem }] };
  }
  const findings = await findingsIn({ gitDir, path, present }, { host, to, after, keys });
  return { ...facts, findings: findings.filter(({ kind }) => !LEFT_TO_VERIFY.has(kind)) };
}

/** What an honest host may come to say: its word is taken, and `audit verify` tells what is odd about it. */
const LEFT_TO_VERIFY: ReadonlySet<FindingKind> = new Set<FindingKind>(['clock', 'unrecorded-change']);

type Repository = { readonly gitDir: string; readonly path: string; readonly present: string };
type News = {
  readonly host: string;
  readonly to: string;
  readonly after: Standing | null;
  /** As the watched branch has them now. */
  readonly keys: AuditKeys;
};

/** What the host's present keys vouch for needs no more looking up: that is nearly every push there is. */
async function findingsIn(repository: Repository, news: News): Promise<readonly Finding[]> {
  const { gitDir, path, present } = repository;
  const now = hostKeys([{ commit: present, ...news.keys }]);
  const found = await judge(repository, news, now, new Map());
  if (!found.some(({ kind }) => ABOUT_KEYS.has(kind))) return found;
  const { hosts } = await readKeyHistory(gitDir, present, path, null);
  const all = Object.entries(hosts).map(([host, said]) => ({ host, ...hostKeys(said) }));
  const owners = new Map(all.flatMap(({ host, keys }) => keys.map(({ key }) => [key, host])));
  return judge(repository, news, all.find(({ host }) => host === news.host) ?? now, owners);
}

/** What may be otherwise by a key that the host had before. */
const ABOUT_KEYS: ReadonlySet<FindingKind> = new Set<FindingKind>(['wrong-key', 'old-key', 'revoked-key']);

async function judge(
  { gitDir, present }: Repository,
  { host, to, after }: News,
  keys: HostKeys,
  owners: ReadonlyMap<string, string>,
): Promise<readonly Finding[]> {
  const wentBy = new WentBy(host);
  const verdict = await verifyChain({ gitDir, host, tip: to, after, keys, owners }, ({ commit, content }) => {
    if (content.ok) wentBy.add(commit, content.record);
  });
  return [
    ...verdict.findings,
    ...unvouchedFindings(host, verdict.unvouched),
    ...(await checkWentBy(gitDir, present, [wentBy])),
  ];
}
