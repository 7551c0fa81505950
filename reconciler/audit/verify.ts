/**
 * Checks the whole account, trusting nothing but the host keys that the watched branch has, or had.
 *
 * 1. Every commit of an audit branch is signed with a key of that very host.
 * 2. Its history is one line, from a first commit without parents.
 * 3. Each commit adds one record, in the host's own folder, and changes and removes nothing.
 * 4. Each record is valid, names the host, counts on from the one before and carries its digest.
 * 5. The commit it went by is, or was, on the watched branch; a refused one need not be.
 * 6. Its time is not before the previous one's.
 * 7. What other hosts witnessed of a branch is still in it: otherwise it was cut short or rewritten.
 */
import { git, gitAnswer, lines } from '../git/git-command.ts';
import { isAncestor } from '../git/history.ts';
import { signatureOf } from '../git/signatures.ts';
import { parseRecord, recordDigest } from './parse-record.ts';
import { recordPath } from './paths.ts';
import type { AuditRecord } from './record.ts';

export type Finding = {
  readonly host: string;
  /** The commit it is about; null for a branch as a whole. */
  readonly commit: string | null;
  readonly problem: string;
};

export type HostAccount = {
  readonly host: string;
  readonly tip: string | null;
  readonly records: number;
  readonly findings: readonly Finding[];
};

export type VerifyInput = {
  readonly gitDir: string;
  /** Tip of the watched branch. */
  readonly watched: string;
  /** Each host with the tip of its audit branch (null if it has none) and every key it has or had, `ssh-ed25519 AAAA…`. */
  readonly hosts: readonly {
    readonly host: string;
    readonly tip: string | null;
    readonly keys: readonly string[];
  }[];
};

export async function verifyAudit(input: VerifyInput): Promise<readonly HostAccount[]> {
  const chains = await Promise.all(input.hosts.map((host) => verifyChain(input, host)));
  const tips = new Map(input.hosts.map(({ host, tip }) => [host, tip]));
  const witnessed = await Promise.all(
    chains.map((chain) => checkWitnesses(input.gitDir, chain.records, chain.host, tips)),
  );
  const accused = witnessed.flat();
  return chains.map(({ host, tip, records, findings }) => ({
    host,
    tip,
    records: records.length,
    findings: [...findings, ...accused.filter((finding) => finding.host === host)],
  }));
}

type Chain = { host: string; tip: string | null; records: readonly Link[]; findings: readonly Finding[] };
type Link = { readonly commit: string; readonly record: AuditRecord };
type HostInput = VerifyInput['hosts'][number];

async function verifyChain(input: VerifyInput, { host, tip, keys }: HostInput): Promise<Chain> {
  if (tip === null) return { host, tip, records: [], findings: [] };
  const findings: Finding[] = [];
  const say = (commit: string | null, problem: string) => findings.push({ host, commit, problem });
  if (keys.length === 0) say(null, 'the watched branch has no auditKey for this host, now or ever');
  const signers = Buffer.from(keys.map((key) => `${host} ${key}\n`).join(''));
  const records: Link[] = [];
  let previous: { record: AuditRecord; digest: string } | null = null;
  for (const { commit, parents } of await history(input.gitDir, tip)) {
    const verdict = await signatureOf(input.gitDir, commit, signers);
    if (!verdict.good) say(commit, verdict.why);
    else if (verdict.signer !== host) say(commit, `is signed by ${verdict.signer}`);
    if (parents.length > 1 || (parents.length === 0) !== (previous === null && records.length === 0)) {
      say(commit, 'does not follow on the record before it: the history of an audit branch is one line');
    }
    const read = await readLink(input.gitDir, commit, host);
    if (!read.ok) {
      say(commit, read.why);
      continue;
    }
    for (const problem of chainProblems(read.record, previous, host)) say(commit, problem);
    const unknown = await unknownCommit(input, read.record);
    if (unknown !== null) say(commit, unknown);
    records.push({ commit, record: read.record });
    previous = { record: read.record, digest: read.digest };
  }
  return { host, tip, records, findings };
}

/** Commits from the first to the tip. */
async function history(gitDir: string, tip: string): Promise<{ commit: string; parents: string[] }[]> {
  const output = await git(gitDir, ['rev-list', '--reverse', '--topo-order', '--parents', tip]);
  return lines(output).map((line) => {
    const [commit = '', ...parents] = line.split(' ');
    return { commit, parents };
  });
}

type Read =
  | { readonly ok: true; readonly record: AuditRecord; readonly digest: string }
  | { readonly ok: false; readonly why: string };

/** Rules 3 and, in part, 4. */
async function readLink(gitDir: string, commit: string, host: string): Promise<Read> {
  const changes = await git(gitDir, [
    'diff-tree',
    '--root',
    '--no-commit-id',
    '-r',
    '-z',
    '--no-renames',
    commit,
  ]);
  const fields = changes
    .toString('utf8')
    .split('\0')
    .filter((field) => field !== '');
  const [change = '', path = ''] = fields;
  if (fields.length !== 2) return { ok: false, why: `changes ${fields.length / 2} files: a record adds one` };
  const [, mode, , blob = '', status] = change.split(' ');
  if (status !== 'A') return { ok: false, why: `changes or removes ${path}: a record once written stays` };
  if (mode !== '100644') return { ok: false, why: `adds ${path}, which is no plain file` };
  const bytes = await git(gitDir, ['cat-file', 'blob', blob]);
  const parsed = await parseRecord(bytes);
  if (!parsed.ok) return { ok: false, why: `${path} ${parsed.why}` };
  const { record } = parsed;
  const right = recordPath(host, record.time, record.id);
  if (path !== right) return { ok: false, why: `adds ${path}; this record belongs at ${right}` };
  return { ok: true, record, digest: recordDigest(bytes) };
}

/** Rules 4 and 6. Pure. */
function chainProblems(
  record: AuditRecord,
  before: { record: AuditRecord; digest: string } | null,
  host: string,
): string[] {
  const expected = (before?.record.sequence ?? 0) + 1;
  return [
    ...(record.host === host ? [] : [`is a record of ${record.host}`]),
    ...(record.sequence === expected ? [] : [`has number ${record.sequence} where ${expected} is due`]),
    ...(record.previous === (before?.digest ?? null)
      ? []
      : ['does not carry the digest of the record before it']),
    ...(before !== null && record.time < before.record.time
      ? [`is dated ${record.time}, before the record it follows (${before.record.time})`]
      : []),
  ];
}

/** Rule 5. A commit that was refused may have been thrown away since. */
async function unknownCommit({ gitDir, watched }: VerifyInput, record: AuditRecord): Promise<string | null> {
  if (record.desired === null || record.kind === 'refused') return null;
  const { commit } = record.desired;
  return (await isAncestor(gitDir, commit, watched))
    ? null
    : `went by commit ${commit.slice(0, 12)}, which is not on the watched branch`;
}

/** Rule 7. The findings are about the witnessed hosts, not about the witness. */
async function checkWitnesses(
  gitDir: string,
  records: readonly Link[],
  witness: string,
  tips: ReadonlyMap<string, string | null>,
): Promise<Finding[]> {
  const latest = new Map<string, { seen: string; by: string }>();
  const findings: Finding[] = [];
  for (const { commit, record } of records) {
    for (const [host, seen] of Object.entries(record.witness)) {
      if (latest.get(host)?.seen === seen || host === witness) continue;
      latest.set(host, { seen, by: commit });
      const problem = await missingWitness(gitDir, seen, tips.get(host));
      if (problem !== null)
        findings.push({
          host,
          commit: seen,
          problem: `${problem}, though ${witness} saw it there (${commit.slice(0, 12)})`,
        });
    }
  }
  return findings;
}

async function missingWitness(
  gitDir: string,
  seen: string,
  tip: string | null | undefined,
): Promise<string | null> {
  if (tip === undefined || tip === null) return 'its audit branch is gone';
  const { exitCode } = await gitAnswer(gitDir, ['cat-file', '-e', `${seen}^{commit}`], { allow: [1, 128] });
  if (exitCode === 0 && (await isAncestor(gitDir, seen, tip))) return null;
  return `commit ${seen.slice(0, 12)} is not in its audit branch any more: it was cut short or rewritten`;
}
