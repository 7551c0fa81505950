/**
 * Checks the whole account, trusting nothing but the host keys that the watched branch has, or had.
 *
 * 1. Every commit of an audit branch is signed with a key of that very host (`host-keys.ts` has the rules).
 * 2. Its history is one line, from a first commit without parents.
 * 3. Each commit adds one record, in the host's own folder, and changes and removes nothing.
 * 4. Each record is valid, names the host, counts on from the one before and carries its digest.
 * 5. The commit it went by is, or was, on the watched branch; a refused one need not be.
 * 6. Its time can be: not before the previous one's, nor before the commit it went by was authored, nor long after others saw it.
 * 7. A guest is what the record before says, unless an action is recorded that changed it.
 * 8. What was seen of a branch before, by other hosts or by this machine, is still in it; of a host that left, in the archive.
 */
import { isAncestor } from '../git/history.ts';
import { ARCHIVE_BRANCH } from './archive/archive-form.ts';
import type { ArchiveRead } from './archive/read-archive.ts';
import { type Checkpoint, type HostCheckpoint, keysDigest, revocationsDigest } from './checkpoint.ts';
import type { Finding } from './finding.ts';
import type { HostKeys } from './host-keys.ts';
import type { KeyHistory } from './key-history.ts';
import { type HostReading, readHost } from './read-host.ts';
import { checkSightings, outsideOf, Sightings } from './sightings.ts';
import { unvouchedFindings } from './verify-chain.ts';
import { checkWentBy } from './went-by.ts';
import { WitnessBounds } from './witness-bounds.ts';

export type HostAccount = {
  /** `boxreeve/archive`: it is the archive, and what it has are the accounts of hosts. */
  readonly host: string;
  readonly tip: string | null;
  /** How many records the branch has. */
  readonly records: number;
  /** How many of them were looked at now. */
  readonly checked: number;
  readonly findings: readonly Finding[];
};

export type HostInput = {
  readonly host: string;
  /** Of its audit branch; null if it has none. */
  readonly tip: string | null;
  readonly keys: HostKeys;
  /** What this machine knows to have been on the branch, besides checkpoints. */
  readonly known: readonly { readonly commit: string /** As a sentence goes on. */; readonly why: string }[];
};

export type VerifyInput = {
  readonly gitDir: string;
  /** Tip of the watched branch. */
  readonly watched: string;
  readonly hosts: readonly HostInput[];
  readonly history: KeyHistory;
  /** null: there is none. */
  readonly archive?: ArchiveRead | null;
  /** What was found good before; null: nothing was. */
  readonly checkpoint: Checkpoint | null;
  /** Looks at everything again; the checkpoint is a witness still. */
  readonly full: boolean;
  /** ms since the epoch. */
  readonly now: number;
};

export type Verified = {
  readonly hosts: readonly HostAccount[];
  /** What to go by the next time. */
  readonly checkpoint: Checkpoint;
};

export async function verifyAudit(input: VerifyInput): Promise<Verified> {
  const { gitDir, watched, hosts } = input;
  const sightings = new Sightings();
  const bounds = await WitnessBounds.open(gitDir, watched, hosts);
  const owners = new Map(hosts.flatMap(({ host, keys }) => keys.keys.map(({ key }) => [key, host])));
  const starts = await startingPoints(input);
  const readings: HostReading[] = [];
  // one after the other: each keeps a processor busy, and holds some memory
  for (const host of hosts)
    readings.push(
      await readHost(gitDir, host, starts.get(host.host) ?? null, owners, (link, vouched, latest) => {
        sightings.add(host.host, link, latest);
        bounds.add(host.host, link, vouched);
      }),
    );
  // a key that was stolen: how far it goes is told by what others saw, from the beginning
  if (!input.full && readings.some(({ after, unvouched }) => after !== null && unvouched.length > 0))
    return verifyAudit({ ...input, full: true });
  addOlderSightings(input, readings, sightings);
  const whole = readings.every(({ findings }) => findings.length === 0);
  const accusations = await checkSightings(gitDir, readings, sightings, whole);
  const strays = await checkWentBy(
    gitDir,
    watched,
    readings.map(({ wentBy }) => wentBy),
  );
  const accounts = readings.map((reading): HostAccount => {
    const { host, tip, after, checked, findings, unvouched, places } = reading;
    const left = bounds.remaining(host, unvouched, (commit) => places.get(commit)?.place);
    return {
      host,
      tip,
      records: (after?.records ?? 0) + checked,
      checked,
      findings: [
        ...findings,
        ...unvouchedFindings(host, left),
        ...strays.filter((finding) => finding.host === host),
        ...accusations.flatMap(({ finding }) => (finding.host === host ? [finding] : [])),
      ],
    };
  });
  const accusers = new Set(accusations.flatMap(({ witness }) => witness ?? []));
  const shown = accounts.filter(
    ({ tip, findings }, index) =>
      tip !== null || findings.length > 0 || readings[index]?.keys.keys.some(({ named }) => named),
  );
  const archive = input.archive ? [archiveAccount(input.archive)] : [];
  return { hosts: [...shown, ...archive], checkpoint: nextCheckpoint(input, readings, accounts, accusers) };
}

/** The archive, as one more branch. */
function archiveAccount({ commit, table, problems }: ArchiveRead): HostAccount {
  const records = Object.keys(table?.hosts ?? {}).length;
  const findings = problems.map(
    (problem): Finding => ({ kind: 'bad-archive', host: ARCHIVE_BRANCH, commit, problem }),
  );
  return { host: ARCHIVE_BRANCH, tip: commit, records, checked: records, findings };
}

/** Where each host's new part begins; a host that is not here is looked at from its first record. */
async function startingPoints(input: VerifyInput): Promise<ReadonlyMap<string, HostCheckpoint>> {
  const { gitDir, watched, hosts, checkpoint, full } = input;
  const starts = new Map<string, HostCheckpoint>();
  if (full || checkpoint === null) return starts;
  if (checkpoint.revocations !== revocationsDigest(hosts)) return starts;
  // a watched branch that was rewound may not have what records went by any more
  if (!(await isAncestor(gitDir, checkpoint.history.watched, watched))) return starts;
  for (const { host, tip, keys } of hosts) {
    const before = Object.hasOwn(checkpoint.hosts, host) ? checkpoint.hosts[host] : undefined;
    if (before !== undefined && tip !== null && before.keys === keysDigest(keys)) starts.set(host, before);
  }
  // that it is on this very branch is seen when what follows on it is read
  const tips = hosts.flatMap(({ tip }) => tip ?? []);
  const commits = [...starts.values()].map(({ standing }) => standing.commit);
  const outside = await outsideOf(gitDir, commits, tips);
  for (const [host, { standing }] of starts) if (outside.has(standing.commit)) starts.delete(host);
  return starts;
}

/** What was seen before this time of the branches that are looked at from the beginning. */
function addOlderSightings(
  { hosts, checkpoint }: VerifyInput,
  readings: readonly HostReading[],
  sightings: Sightings,
): void {
  for (const { host, known } of hosts)
    for (const { commit, why } of known) sightings.addOwn(host, commit, { why, at: null });
  const whole = new Set(readings.flatMap(({ host, after }) => (after === null ? [host] : [])));
  for (const [host, { standing, at, witnessed }] of Object.entries(checkpoint?.hosts ?? {})) {
    if (whole.has(host)) {
      const why = `audit verify saw it there on ${new Date(at).toISOString()}`;
      sightings.addOwn(host, standing.commit, { why, at });
      continue;
    }
    for (const [other, commit] of Object.entries(witnessed))
      if (whole.has(other))
        sightings.addLater(other, commit, {
          by: standing.commit,
          witness: host,
          at: Date.parse(standing.time),
        });
  }
}

/** Of a host with findings, or that saw what is not there any more, what was found good before stands. */
function nextCheckpoint(
  { hosts, history, checkpoint, now }: VerifyInput,
  readings: readonly HostReading[],
  accounts: readonly HostAccount[],
  accusers: ReadonlySet<string>,
): Checkpoint {
  const next = new Map(Object.entries(checkpoint?.hosts ?? {}));
  for (const [index, { host, keys, standing, latest }] of readings.entries()) {
    const account = accounts[index];
    if (account === undefined || account.findings.length > 0 || accusers.has(host) || standing === null)
      continue;
    next.set(host, {
      standing,
      records: account.records,
      at: now,
      keys: keysDigest(keys),
      witnessed: Object.fromEntries(latest),
    });
  }
  return { version: 1, revocations: revocationsDigest(hosts), history, hosts: Object.fromEntries(next) };
}
