/**
 * Where the chain of a host is that has none of its own: by its own signature, not by where the fleet says the audit is. Whoever
 * may change `audit` in fleet.yaml could hide from a host that lost its state what it had followed.
 *
 * 1. It is looked for in the infra repo, in the repository that host.yaml names, and in each that one of its own records names.
 * 2. A branch that may be it has the host's name in its own, as a word; or it is where the fleet has the audit.
 * 3. It is it if its tip is a record of this host, signed with this host's key.
 * 4. Of several, the one with the highest number: the others are older. A chain that moved is left behind where it was.
 * 5. It must be where its own last record says that it goes on, or what came after it was taken away there.
 */
import { auditRepoProblem } from '../desired/audit-repo.ts';
import { AuditDiverged, RemoteUnreachable } from '../errors.ts';
import { git, gitRemote, lines, withoutCredentials } from '../git/git-command.ts';
import type { RemoteRefs } from '../git/remote-refs.ts';
import { remoteBranches } from '../git/remote-tip.ts';
import { REMOTE } from '../git/repository.ts';
import { openObjectReader } from '../git/stream-git.ts';
import { LARGEST_RECORD } from './parse-record.ts';
import type { ChainPlaces } from './push-chain.ts';
import { type Link, readOneLink } from './read-links.ts';

export type FoundChain = {
  readonly tip: string;
  /** Every branch that is of it, by its full name: some may have but the beginning. */
  readonly places: readonly { readonly remote: string; readonly ref: string; readonly tip: string }[];
};

/**
 * null if no repository has a chain of this host. Throws RemoteUnreachable if one does not answer, and AuditDiverged if the branch of
 * the audit is there and somebody else's, or less of it than there was.
 *
 * @param publicKey `ssh-ed25519 AAAA…`
 */
export async function findChain(places: ChainPlaces, publicKey: string): Promise<FoundChain | null> {
  const { host, ownRepo, remote } = places;
  const named = `refs/heads/${places.branch()}`;
  const found: OwnBranch[] = [];
  const asked = new Set<string>();
  let next = new Set([REMOTE, await remote(ownRepo)]);
  while (next.size > 0) {
    for (const each of next) found.push(...(await ownBranches(places, publicKey, each, named)));
    for (const each of next) asked.add(each);
    next = new Set();
    const repo = newestOf(found)?.repo ?? null;
    const home = await remote(repo);
    if (!asked.has(home)) next.add(home);
  }
  const best = newestOf(found);
  if (best === null) return null;
  const home = await remote(best.repo);
  if (found.some((each) => each.remote === home && each.tip === best.tip))
    return { tip: best.tip, places: found };
  throw new AuditDiverged(
    `record ${best.sequence} of ${host} (${best.tip.slice(0, 7)}) says that its account goes on in ` +
      `${best.repo === null ? 'the infra repo' : withoutCredentials(best.repo)}, and it is not there: it was cut short or taken away, and what ` +
      `this host did since cannot be told. Nothing is changed. Bring that branch back there; if nothing came after it, push ${best.tip} to ${named}.`,
  );
}

/** A branch whose tip is a record of this host, by its key. */
type OwnBranch = {
  readonly remote: string;
  readonly ref: string;
  readonly tip: string;
  readonly sequence: number;
  /** Where it goes on; null: in the infra repo. */
  readonly repo: string | null;
};

/** The first of equals. */
function newestOf(found: readonly OwnBranch[]): OwnBranch | null {
  const most = Math.max(...found.map(({ sequence }) => sequence));
  return found.find(({ sequence }) => sequence === most) ?? null;
}

async function ownBranches(
  { gitDir, host }: ChainPlaces,
  publicKey: string,
  remote: string,
  named: string,
): Promise<readonly OwnBranch[]> {
  const refs = candidates(await remoteBranches(gitDir, remote), host, named);
  if (refs.size === 0) return [];
  const own: OwnBranch[] = [];
  for (const [ref, tip] of await fetchTips(gitDir, host, remote, [...refs.keys()])) {
    const link = await linkAt(gitDir, host, tip);
    const why = whyNotOurs(link, publicKey);
    if (why !== null && ref === named) throw notOurs(named, tip, why);
    if (why !== null || !link.content.ok) continue;
    const { sequence, auditRepo } = link.content.record;
    own.push({ remote, ref, tip, sequence, repo: auditRepo ?? null });
  }
  return own;
}

function notOurs(named: string, tip: string, why: string): AuditDiverged {
  return new AuditDiverged(
    `${named.slice('refs/heads/'.length)} exists on the remote, and its last commit ${tip.slice(0, 7)} ${why}: it is not by this host's key. ` +
      'If the host has a new key, have the old branch moved aside by someone who may; if the name is taken, choose another.',
  );
}

/** `builder1` is a word of `audit/builder1` and of `audit-builder1`, and none of `audit/builder10`. */
function candidates(refs: RemoteRefs, host: string, named: string): RemoteRefs {
  const literal = host.replace(/[^a-z0-9]/g, '\\$&');
  const word = new RegExp(`(?<![a-zA-Z0-9])${literal}(?![a-zA-Z0-9])`);
  return new Map([...refs].filter(([ref]) => ref === named || word.test(ref.slice('refs/heads/'.length))));
}

/** Fetches branches, and says where each is now; the names they have here meanwhile are taken away again. */
async function fetchTips(
  gitDir: string,
  host: string,
  remote: string,
  refs: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const here = (index: number) => `refs/boxreeve/candidates/${host}/${index}`;
  await removeRefs(gitDir, `refs/boxreeve/candidates/${host}`);
  const specs = refs.map((ref, index) => `+${ref}:${here(index)}\n`);
  await gitRemote(
    gitDir,
    // all of a record: the mirror's own filter would have each fetched by itself when it is read
    ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-filter', '--stdin', remote],
    { input: specs.join('') },
  );
  const listed = await git(gitDir, [
    'for-each-ref',
    '--format=%(objectname) %(refname)',
    `refs/boxreeve/candidates/${host}/`,
  ]);
  const byName = new Map(
    lines(listed).map((line) => [line.slice(line.indexOf(' ') + 1), line.split(' ')[0] ?? '']),
  );
  await removeRefs(gitDir, `refs/boxreeve/candidates/${host}`);
  const tips = new Map<string, string>();
  for (const [index, ref] of refs.entries()) {
    const tip = byName.get(here(index));
    if (tip === undefined) throw new RemoteUnreachable(`the remote did not give its branch ${ref}`);
    tips.set(ref, tip);
  }
  return tips;
}

async function removeRefs(gitDir: string, below: string): Promise<void> {
  const listed = await git(gitDir, ['for-each-ref', '--format=delete %(refname)', below]);
  if (listed.length > 0) await git(gitDir, ['update-ref', '--stdin'], { input: listed });
}

async function linkAt(gitDir: string, host: string, tip: string): Promise<Link> {
  const objects = openObjectReader(gitDir, LARGEST_RECORD);
  try {
    return await readOneLink(gitDir, objects, host, tip);
  } finally {
    await objects.close();
  }
}

function whyNotOurs({ signature, content }: Link, publicKey: string): string | null {
  switch (signature.kind) {
    case 'none':
      return 'is not signed';
    case 'openpgp':
      return 'has an OpenPGP signature';
    case 'bad':
      return signature.why;
    case 'ssh':
      if (signature.key !== publicKey) return 'is signed by another key';
      if (!content.ok) return content.why;
      return content.record.auditRepo === undefined ? null : auditRepoProblem(content.record.auditRepo);
  }
}
