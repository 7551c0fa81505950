/**
 * Folds old records into the archive: one more commit on `boxreeve/archive`, whose parents are the one before and the last old record of
 * each host. Nothing of the hosts' branches is changed. A host's records stay as they were signed, and those of hosts that left are
 * kept by the archive alone from then on, if someone deletes their branches.
 */
import { BoxreeveError, ExitCode, RemoteUnreachable } from '../../errors.ts';
import { git, gitRemote, lines } from '../../git/git-command.ts';
import { isAncestor } from '../../git/history.ts';
import { remoteTip } from '../../git/remote-tip.ts';
import { writeSignedCommit } from '../../git/signed-commit.ts';
import { recordAt } from '../record-at.ts';
import { outsideOf } from '../sightings.ts';
import type { HostInput } from '../verify.ts';
import { ARCHIVE_BRANCH, ARCHIVE_FILE, type ArchivedHost, archiveBytes } from './archive-form.ts';
import { type ArchiveParts, type ArchiveRead, judgeArchive, rememberArchive } from './read-archive.ts';

/** Nobody would go by it. */
class NotBelieved extends BoxreeveError {
  readonly exitCode = ExitCode.untrusted;
}

export type ArchiveWanted = {
  /** `2026-10` */
  readonly month: string;
  /** When that month begins, ms since the epoch. */
  readonly begins: number;
  /** Whose branches were found good. */
  readonly hosts: readonly HostInput[];
  /** The archive as it is; null: there is none. */
  readonly before: ArchiveRead | null;
  /** Who makes it, and his SSH key; a null key: none. */
  readonly person: { readonly name: string; readonly email: string; readonly key: string | null };
};

export type ArchiveMade = {
  /** null: nothing had to be added, and nothing is there. */
  readonly commit: string | null;
  /** Whether it was made now. */
  readonly added: boolean;
  readonly hosts: readonly (ArchivedHost & {
    readonly host: string;
    /** The fleet does not have it any more: its branch may be deleted. */
    readonly left: boolean;
  })[];
};

/** Throws RemoteUnreachable, GitFailed, or one of its own if nobody would go by what this person signs. */
export async function makeArchive(parts: ArchiveParts, wanted: ArchiveWanted): Promise<ArchiveMade> {
  const { before, person, month } = wanted;
  const old = before?.table?.hosts ?? {};
  const next = new Map(Object.entries(old));
  const left = new Set<string>();
  for (const input of wanted.hosts) {
    if (!isInFleet(input)) left.add(input.host);
    const found = await lastOldRecord(parts.gitDir, input, wanted.begins);
    if (found !== null && !(await isIn(parts.gitDir, found.tip, next.get(input.host))))
      next.set(input.host, found);
  }
  const hosts = [...next].map(([host, archived]) => ({ host, ...archived, left: left.has(host) }));
  const table = { version: 1, before: month, hosts: Object.fromEntries(next) } as const;
  // an adopted one needs a signature that counts, also where there is nothing to add
  const isAdopted = before !== null && before.commit === parts.adopted;
  if (!isAdopted && hosts.every(({ host, tip }) => Object.hasOwn(old, host) && old[host]?.tip === tip))
    return { commit: before?.commit ?? null, added: false, hosts };
  const parent = before?.commit ?? null;
  const tips = hosts.map(({ tip }) => tip);
  const fresh = parent === null ? tips : [...(await outsideOf(parts.gitDir, tips, [parent])).keys()];
  const commit = await writeSignedCommit(parts.gitDir, {
    ...{ parent, others: [...new Set(fresh)], alone: true },
    files: new Map([[ARCHIVE_FILE, archiveBytes(table)]]),
    message: messageOf(month, hosts.length, fresh.length),
    ...{ host: person.name, email: person.email, signingKey: person.key, at: parts.now },
  });
  const [why] = (await judgeArchive(parts, commit)).problems;
  if (why !== undefined)
    throw new NotBelieved(
      `nobody would go by this archive: it ${why}. Nothing was pushed. Sign with the key of an approver (--key)`,
    );
  await pushArchive(parts, commit);
  return { commit, added: true, hosts };
}

/** Whether the watched branch names a key of it. */
export function isInFleet({ keys }: Pick<HostInput, 'keys'>): boolean {
  return keys.keys.some(({ named }) => named);
}

/** Of a host that left, its last record of all. null: it has none. */
async function lastOldRecord(gitDir: string, input: HostInput, begins: number): Promise<ArchivedHost | null> {
  const { host, tip } = input;
  if (tip === null) return null;
  // a commit is dated as its record is, in whole seconds
  const until = `--until=${new Date(begins - 1000).toISOString()}`;
  const [found] = isInFleet(input)
    ? lines(await git(gitDir, ['rev-list', '--first-parent', '--max-count=1', until, tip]))
    : [tip];
  if (found === undefined) return null;
  const { sequence, time } = (await recordAt(gitDir, host, found)).record;
  return { tip: found, records: sequence, time };
}

async function isIn(gitDir: string, tip: string, archived: ArchivedHost | undefined): Promise<boolean> {
  return archived !== undefined && (await isAncestor(gitDir, tip, archived.tip));
}

function messageOf(month: string, all: number, fresh: number): string {
  return `Archive records from before ${month}\n\nThe accounts of ${all} hosts, ${fresh} of them with more than before.\n`;
}

/** Never forced: who made one meanwhile was first. */
async function pushArchive({ gitDir, remote }: ArchiveParts, commit: string): Promise<void> {
  const ref = `refs/heads/${ARCHIVE_BRANCH}`;
  try {
    await gitRemote(gitDir, ['push', '--quiet', '--no-verify', '--no-signed', remote, `${commit}:${ref}`]);
  } catch (error) {
    if ((await remoteTip(gitDir, remote, ref)) !== commit)
      throw error instanceof RemoteUnreachable
        ? new RemoteUnreachable(
            `${error.message} (if somebody else made an archive meanwhile, run this again)`,
          )
        : error;
  }
  await git(gitDir, ['update-ref', `refs/boxreeve/archives/${remote}/archive`, commit]);
  await rememberArchive(gitDir, remote, commit);
}
