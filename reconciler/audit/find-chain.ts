/**
 * Where the chain of a host is that has none of its own: by its own signature, not by where the fleet says the audit is. Whoever
 * may change `audit.branch` could hide from a host that lost its state what it had followed.
 *
 * 1. A branch that may be it has the host's name in its own, as a word; or it is where the fleet has the audit.
 * 2. It is it if its tip is a record of this host, signed with this host's key.
 * 3. Of several, the one with the highest number: the others are older.
 */
import { AuditDiverged, RemoteUnreachable } from '../errors.ts';
import { git, gitRemote, lines } from '../git/git-command.ts';
import type { RemoteRefs } from '../git/remote-refs.ts';
import { remoteBranches } from '../git/remote-tip.ts';
import { REMOTE } from '../git/repository.ts';
import { openObjectReader } from '../git/stream-git.ts';
import { LARGEST_RECORD } from './parse-record.ts';
import { type Link, readOneLink } from './read-links.ts';

export type FoundChain = {
  readonly tip: string;
  /** Full names of the branches that are at this tip. */
  readonly refs: readonly string[];
};

/**
 * null if the remote has no chain of this host. Throws RemoteUnreachable, and AuditDiverged if the branch of the audit is there and
 * somebody else's.
 *
 * @param publicKey `ssh-ed25519 AAAA…`
 * @param branch where the fleet has this host's audit, such as `audit/builder1`
 */
export async function findChain(
  gitDir: string,
  host: string,
  publicKey: string,
  branch: string,
): Promise<FoundChain | null> {
  const refs = candidates(await remoteBranches(gitDir, REMOTE), host, `refs/heads/${branch}`);
  if (refs.size === 0) return null;
  const found = await fetchTips(gitDir, host, [...refs.keys()]);
  const tips = new Set(found.values());
  let best: { tip: string; sequence: number } | null = null;
  let wrong: string | null = null;
  for (const tip of tips) {
    const link = await linkAt(gitDir, host, tip);
    const why = whyNotOurs(link, publicKey);
    if (why !== null && found.get(`refs/heads/${branch}`) === tip) wrong = `${tip.slice(0, 7)} ${why}`;
    if (why !== null || !link.content.ok) continue;
    const { sequence } = link.content.record;
    if (best === null || sequence > best.sequence) best = { tip, sequence };
  }
  if (wrong !== null)
    throw new AuditDiverged(
      `${branch} exists on the remote, and its last commit ${wrong}: it is not by this host's key. ` +
        'If the host has a new key, have the old branch moved aside by someone who may; if the name is taken, choose another.',
    );
  if (best === null) return null;
  const { tip } = best;
  return { tip, refs: [...found].flatMap(([ref, at]) => (at === tip ? [ref] : [])) };
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
  refs: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const here = (index: number) => `refs/boxreeve/candidates/${host}/${index}`;
  await removeRefs(gitDir, `refs/boxreeve/candidates/${host}`);
  const specs = refs.map((ref, index) => `+${ref}:${here(index)}\n`);
  await gitRemote(
    gitDir,
    // all of a record: the mirror's own filter would have each fetched by itself when it is read
    ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-filter', '--stdin', REMOTE],
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
      return content.ok ? null : content.why;
  }
}
