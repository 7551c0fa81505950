import { Command } from 'commander';
import { monthBegins } from '../../audit/archive/archive-form.ts';
import type { ArchiveMade } from '../../audit/archive/make-archive.ts';
import { verifyAudit } from '../../audit/verify.ts';
import { ExitCode, InvalidHostConfig, RemoteUnreachable } from '../../errors.ts';
import { isObjectId } from '../../git/git-command.ts';
import { showVerdict } from '../../report/audit-text.ts';
import { type OpenedAccount, openAccount } from '../open-account.ts';
import { globalOptions, print, printDocument, printError } from '../options.ts';

type Options = { readonly before: string; readonly key?: string; readonly adopt?: string };

/** `boxreeve audit archive`: folds old months, and the accounts of hosts that left, into one branch. */
export function archiveCommand(): Command {
  return new Command('archive')
    .description(
      "fold old records into the branch boxreeve/archive; nothing of the hosts' branches is changed",
    )
    .requiredOption('--before <month>', 'records from before this month (UTC), such as 2026-10')
    .option('--key <file>', "an approver's SSH key; without it, that of git config user.signingkey")
    .option(
      '--adopt <commit>',
      'go on from this commit of the archive though its signature counts no more, and sign for it',
    )
    .addHelpText(
      'after',
      '\nAll that is there is verified first; if anything is found, nothing is archived, and this exits with 1.\n' +
        'Afterwards the branches of hosts that left the fleet may be deleted.\n\n' +
        'Example:\n  boxreeve audit archive --before 2026-10 --key ~/.ssh/id_ed25519',
    )
    .action(async (options: Options, command: Command) => {
      const asked = globalOptions(command);
      const begins = checkOptions(options);
      const opened = await openAccount(asked, options.adopt);
      if (!(await isWhole(opened))) {
        printError('nothing is archived: what is found must be looked at first');
        process.exitCode = ExitCode.failed;
        return;
      }
      const made = await archive(opened, options, begins);
      const { archiveDocument, showArchive } = await import('../../report/archive-text.ts');
      if (asked.json) printDocument(archiveDocument(made));
      else print(showArchive(made));
      process.exitCode = ExitCode.fine;
    });
}

/** When the month begins, ms since the epoch. Throws InvalidHostConfig. */
function checkOptions({ before, adopt }: Options): number {
  if (adopt !== undefined && !isObjectId(adopt))
    throw new InvalidHostConfig('--adopt must be a whole commit id, as `audit verify --json` prints it');
  const begins = monthBegins(before);
  if (begins === null || begins > Date.now())
    throw new InvalidHostConfig(
      `--before ${JSON.stringify(before)} must be a month that has begun, such as 2026-10`,
    );
  return begins;
}

/** Says what is found. Throws RemoteUnreachable if all that is known is old. */
async function isWhole({ account, gitDir, checkpoint }: OpenedAccount): Promise<boolean> {
  const { offline } = account;
  if (offline !== null) throw new RemoteUnreachable(`nothing is archived: ${offline}`);
  const { hosts } = await verifyAudit({ ...account, gitDir, checkpoint, full: false, now: Date.now() });
  if (hosts.every(({ findings }) => findings.length === 0)) return true;
  printError(showVerdict(hosts, offline));
  return false;
}

async function archive(
  { config, account, gitDir, remote }: OpenedAccount,
  { before: month, key, adopt: adopted }: Options,
  begins: number,
): Promise<ArchiveMade> {
  const [{ makeArchive }, { whoTypes }] = await Promise.all([
    import('../../audit/archive/make-archive.ts'),
    import('../rollout/person.ts'),
  ]);
  const { watched, hosts, history, archive: before } = account;
  const about = { gitDir, path: history.root, watched, remote };
  const parts = { ...about, revokedKeys: config.revokedKeys, now: Date.now(), adopted };
  return makeArchive(parts, { month, begins, hosts, before, person: await whoTypes(key) });
}
