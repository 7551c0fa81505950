import { Command } from 'commander';
import type { Service } from '../../daemon/service.ts';
import { type FetchDocument, showFetch } from '../../report/box-documents.ts';
import { globalOptions, print, printDocument } from '../options.ts';
import { askOrDo } from '../with-host.ts';

/** `boxreeve box fetch`: the file of a box of the catalogue, before any guest needs it. */
export function fetchCommand(): Command {
  return new Command('fetch')
    .description('fetch the file of a box of the catalogue to this host, before any guest needs it')
    .argument('<name>', 'name of the box')
    .argument('<version>', 'its version')
    .option('--provider <name>', 'of the providers that the catalogue has the version for')
    .addHelpText(
      'after',
      '\nExample:\n  boxreeve box fetch azure-ci-node 2022.2.24\n\nThe file stays for 30 days. A daemon that runs on this host fetches it, and reconciles when it is done.',
    )
    .action(async (name: string, version: string, options: { provider?: string }, command: Command) => {
      const asked = globalOptions(command);
      const wanted = { name, version, provider: options.provider ?? null };
      const alone = (service: Service) => service.tendBoxes({ do: 'fetch', wanted });
      const document = await askOrDo(asked, { command: 'box-fetch', ...wanted }, alone);
      if (!isFetchDocument(document)) throw new Error('the daemon is of another version: restart it');
      if (asked.json) printDocument(document);
      else print(showFetch(document));
      process.exitCode = document.exitCode;
    });
}

function isFetchDocument(value: unknown): value is FetchDocument {
  return (
    typeof value === 'object' &&
    value !== null &&
    'result' in value &&
    'detail' in value &&
    'exitCode' in value
  );
}
