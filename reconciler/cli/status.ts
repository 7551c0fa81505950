import { Command } from 'commander';
import { globalOptions } from './options.ts';
import { quickStatus } from './quick-status.ts';

/** `boxreeve status`: the same as the quick path, with help and checks of its options. */
export function statusCommand(): Command {
  return new Command('status')
    .description('what this host should have, what it has, what holds it, and its last record')
    .addHelpText(
      'after',
      '\nExample:\n  boxreeve status --json\n\nAnswers from the daemon if one runs, else from disk.',
    )
    .action(async (_options: unknown, command: Command) => {
      const { config, json } = globalOptions(command);
      process.exitCode = await quickStatus([
        'status',
        ...(config === undefined ? [] : ['--config', config]),
        ...(json ? ['--json'] : []),
      ]);
    });
}
