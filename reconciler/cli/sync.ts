import { Command } from 'commander';
import type { Service } from '../daemon/service.ts';
import { type SyncDocument, showSync } from '../report/sync-document.ts';
import { globalOptions, print, printDocument } from './options.ts';
import { askOrDo } from './with-host.ts';

type Options = { now?: boolean; dryRun?: boolean; retry?: boolean };

/** `boxreeve sync`: one reconcile. */
export function syncCommand(): Command {
  return new Command('sync')
    .description('one reconcile: fetch, plan, change what no gate holds, record')
    .option('--now', 'open the window (never the job gate, never a pause)')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--retry', 'try again what failed, though the desired state has not changed')
    .addHelpText(
      'after',
      '\nExample:\n  boxreeve sync --now\n\nA daemon that runs on this host does it on behalf of the command.',
    )
    .action(async (options: Options, command: Command) => {
      const asked = globalOptions(command);
      const document = await sync(asked, options);
      if (asked.json) printDocument(document);
      else print(showSync(document));
      process.exitCode = document.exitCode;
    });
}

async function sync(asked: ReturnType<typeof globalOptions>, options: Options): Promise<SyncDocument> {
  const request = {
    forceWindow: options.now === true,
    dryRun: options.dryRun === true,
    retryFailed: options.retry === true,
  };
  const alone = (service: Service) => service.sync({ ...request, trigger: 'manual' });
  return toSyncDocument(await askOrDo(asked, { command: 'sync', ...request }, alone));
}

function toSyncDocument(document: unknown): SyncDocument {
  if (isSyncDocument(document)) return document;
  throw new Error('the daemon is of another version: restart it');
}

function isSyncDocument(value: unknown): value is SyncDocument {
  return (
    typeof value === 'object' &&
    value !== null &&
    'exitCode' in value &&
    'pending' in value &&
    'actions' in value
  );
}
