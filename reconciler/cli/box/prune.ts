import { Command } from 'commander';
import type { Service } from '../../daemon/service.ts';
import { type PruneDocument, showPrune } from '../../report/box-documents.ts';
import { globalOptions, print, printDocument } from '../options.ts';
import { askOrDo } from '../with-host.ts';

/** `boxreeve box prune`: what the plan removes of boxes and files, now. */
export function pruneCommand(): Command {
  return new Command('prune')
    .description('remove the boxes and box files of this host that nothing needs, and say what that frees')
    .option('--dry-run', 'say what would be removed, and do nothing')
    .addHelpText(
      'after',
      '\nExample:\n  boxreeve box prune --dry-run\n\nNever removes what a machine stands on, what a guest would go back to, or what keep.older keeps.',
    )
    .action(async (options: { dryRun?: boolean }, command: Command) => {
      const asked = globalOptions(command);
      const dryRun = options.dryRun === true;
      const request = { command: 'box-prune', dryRun };
      const alone = (service: Service) => service.tendBoxes({ do: 'prune', dryRun });
      const document = await askOrDo(asked, request, alone);
      if (!isPruneDocument(document)) throw new Error('the daemon is of another version: restart it');
      if (asked.json) printDocument(document);
      else print(showPrune(document));
      process.exitCode = document.exitCode;
    });
}

function isPruneDocument(value: unknown): value is PruneDocument {
  return typeof value === 'object' && value !== null && 'removals' in value && 'exitCode' in value;
}
