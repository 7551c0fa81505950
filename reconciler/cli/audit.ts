import { Command } from 'commander';
import { writeCheckpoint } from '../audit/checkpoint.ts';
import { type AccountEntry, type FleetAccount, readRecords } from '../audit/fleet-account.ts';
import { judgeKey } from '../audit/host-keys.ts';
import type { AuditRecord } from '../audit/record.ts';
import { verifyAudit } from '../audit/verify.ts';
import { BoxreeveError, ExitCode } from '../errors.ts';
import { showLog, showRecord, showVerdict } from '../report/audit-text.ts';
import { openSignedCommits } from '../trust/signed-commits.ts';
import { archiveCommand } from './audit/archive.ts';
import { openAccount } from './open-account.ts';
import { globalOptions, print, printDocument, printError } from './options.ts';

/** No record goes by that name. */
class NoSuchRecord extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** A record by itself: what stands before it is `audit verify`'s to look at. */
const NONE_BEFORE = -1;
/** More than anyone's eyes take; the branches hold all of it. */
const MOST_RECORDS = 100_000;

/** `boxreeve audit`: reads and checks the account of the whole fleet. */
export function auditCommand(): Command {
  return new Command('audit')
    .description("the fleet's account: its records, and whether they can be believed")
    .addCommand(logCommand())
    .addCommand(showCommand())
    .addCommand(verifyCommand())
    .addCommand(archiveCommand())
    .addHelpText('after', '\nExample:\n  boxreeve audit verify');
}

function logCommand(): Command {
  return new Command('log')
    .description('records of all hosts, newest first')
    .option('--host <name>', 'of one host only')
    .option('--limit <count>', 'how many', '50')
    .addHelpText('after', '\nExample:\n  boxreeve audit log --host builder3 --limit 10')
    .action(async (options: { host?: string; limit: string }, command: Command) => {
      const { account, gitDir } = await openAccount(globalOptions(command));
      const limit = /^[1-9]\d{0,6}$/.test(options.limit) ? Number(options.limit) : 50;
      const entries = await recordsOf(gitDir, account, options.host, limit);
      const shown = entries.slice(0, limit);
      if (globalOptions(command).json)
        printDocument({
          records: shown.map(({ commit, record }) => ({ commit, ...record })),
          offline: account.offline,
        });
      else print(showLog(shown));
      process.exitCode = ExitCode.fine;
    });
}

function showCommand(): Command {
  return new Command('show')
    .description('one record in full, with the state of its signature')
    .argument('<record>', 'its id, its commit, or the beginning of either')
    .addHelpText('after', '\nExample:\n  boxreeve audit show 4f2c1a9')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { account, gitDir } = await openAccount(globalOptions(command));
      const { commit, record } = await findRecord(gitDir, account, name);
      const keys = account.hosts.find(({ host }) => host === record.host)?.keys ?? { keys: [] };
      const [read] = await openSignedCommits(gitDir).read([commit]);
      const verdict = judgeKey(read?.signature ?? { kind: 'none' }, keys, NONE_BEFORE, new Map());
      const good = verdict.state === 'good';
      const detail = good ? `good, by ${record.host}` : verdict.why;
      if (globalOptions(command).json) printDocument({ commit, signature: { good, detail }, record });
      else print(showRecord(commit, detail, record));
      process.exitCode = ExitCode.fine;
    });
}

function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'check every signature, number, digest and witness; trusts the host keys of the watched branch and nothing else',
    )
    .option('--host <name>', 'report on one host only')
    .option('--full', 'check every record again, not only those since the last time')
    .addHelpText('after', '\nExample:\n  boxreeve audit verify --json\n\nExits with 1 if anything is found.')
    .action(async (options: { host?: string; full?: boolean }, command: Command) => {
      const { account, gitDir, checkpoint, checkpointFile } = await openAccount(globalOptions(command));
      const verified = await verifyAudit({
        gitDir,
        watched: account.watched,
        hosts: account.hosts,
        history: account.history,
        archive: account.archive,
        checkpoint,
        full: options.full === true,
        now: Date.now(),
      });
      await writeCheckpoint(checkpointFile, verified.checkpoint).catch((error: unknown) => {
        printError(`what was found good could not be kept for the next time: ${String(error)}`);
      });
      const hosts = verified.hosts.filter(({ host }) => options.host === undefined || host === options.host);
      const findings = hosts.flatMap((host) => host.findings);
      const document = { ok: findings.length === 0, hosts, findings, offline: account.offline };
      if (globalOptions(command).json) printDocument(document);
      else print(showVerdict(hosts, account.offline));
      process.exitCode = document.ok ? ExitCode.fine : ExitCode.failed;
    });
}

/** Merged by time, newest first. */
async function recordsOf(
  gitDir: string,
  account: FleetAccount,
  only: string | undefined,
  most: number,
): Promise<AccountEntry[]> {
  const tips = account.hosts.flatMap(({ host, tip }) =>
    tip === null || (only !== undefined && host !== only) ? [] : [tip],
  );
  const records = await Promise.all(tips.map((tip) => readRecords(gitDir, tip, most)));
  return records.flat().sort((one, other) => byTime(other.record, one.record));
}

function byTime(one: AuditRecord, other: AuditRecord): number {
  return one.time < other.time ? -1 : one.time > other.time ? 1 : one.sequence - other.sequence;
}

async function findRecord(gitDir: string, account: FleetAccount, name: string): Promise<AccountEntry> {
  const entries = await recordsOf(gitDir, account, undefined, MOST_RECORDS);
  const found = entries.filter(({ commit, record }) => commit.startsWith(name) || record.id.startsWith(name));
  const [first] = found;
  if (first === undefined || name.length < 4)
    throw new NoSuchRecord(`there is no record ${name}: boxreeve audit log shows what there is`);
  if (found.length > 1) throw new NoSuchRecord(`${found.length} records begin with ${name}: give more of it`);
  return first;
}
