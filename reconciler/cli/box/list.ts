import { Command } from 'commander';
import { boxesHere } from '../../audit/boxes-here.ts';
import { boxesTold } from '../../audit/boxes-told.ts';
import { iso } from '../../clock.ts';
import { openLog } from '../../daemon/open-log.ts';
import { ExitCode } from '../../errors.ts';
import type { HostConfig } from '../../host-config.ts';
import { boxListDocument, type HostBoxes, showBoxList } from '../../report/box-list.ts';
import { openAccount } from '../open-account.ts';
import { globalOptions, print, printDocument, printError } from '../options.ts';

/** `boxreeve box list`: which host has which box. Changes nothing. */
export function listCommand(): Command {
  return new Command('list')
    .description(
      'which host has which box, and uses it: this host as it is now, the others by their own records',
    )
    .option('--host <name>', 'of one host only')
    .addHelpText('after', '\nExample:\n  boxreeve box list --json')
    .action(async (options: { host?: string }, command: Command) => {
      const asked = globalOptions(command);
      const { config, account, gitDir } = await openAccount(asked);
      const wanted = account.hosts.filter(({ host }) => options.host === undefined || host === options.host);
      const told = await Promise.all(wanted.map((host) => boxesTold(gitDir, host)));
      const here = told.some(({ host }) => host === config.name) ? await lookHere(config) : null;
      const hosts = told.map((one): HostBoxes => {
        if (one.host === config.name && here !== null) return here;
        return { ...one, source: one.commit === null ? 'none' : 'record' };
      });
      const document = boxListDocument(hosts, account.offline);
      if (asked.json) printDocument(document);
      else print(showBoxList(document));
      process.exitCode = ExitCode.fine;
    });
}

/** This host as it is now; null where it goes by no commit yet, or cannot be looked at: then its record tells. */
async function lookHere(config: HostConfig): Promise<HostBoxes | null> {
  const { openHost } = await import('../../host.ts');
  try {
    const host = await openHost(config, await openLog(config, { follow: false }), true);
    const commit = host.memory.read().applied?.commit;
    if (commit === undefined) return null;
    const spec = await host.resolve(commit);
    const boxes = boxesHere(spec, await host.observe(spec, commit));
    const time = iso(host.clock.now());
    return {
      ...{ host: config.name, source: 'live', commit: null, time, verified: true },
      detail: 'as it is now',
      boxes,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    printError(`this host could not be looked at, and is told of by its record: ${why}`);
    return null;
  }
}
