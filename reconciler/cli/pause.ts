import { Command } from 'commander';
import { iso, systemClock } from '../clock.ts';
import { parseDuration } from '../duration.ts';
import { InvalidHostConfig } from '../errors.ts';
import { globalOptions, print, printDocument } from './options.ts';
import { askOrDo } from './with-host.ts';

/** `boxreeve pause`: holds disruptive actions on this host, on the record. */
export function pauseCommand(): Command {
  return new Command('pause')
    .description('hold disruptive actions on this host; recorded')
    .requiredOption('--reason <text>', 'why, for those who wonder')
    .option('--for <duration>', 'until when, such as 2h or 1d; without it until resumed')
    .addHelpText('after', '\nExample:\n  boxreeve pause --reason "release day" --for 8h')
    .action(async (options: { reason: string; for?: string }, command: Command) => {
      const asked = globalOptions(command);
      const until = untilOf(options.for);
      const reason = options.reason.trim();
      if (reason === '') throw new InvalidHostConfig('--reason is empty: say why, others will read it');
      await askOrDo(asked, { command: 'pause', ...{ reason, until } }, (service) =>
        service.pause(reason, until),
      );
      if (asked.json) printDocument({ paused: true, reason, until });
      else print(`paused ${until === null ? 'until resumed' : `until ${until}`}: ${reason}`);
    });
}

/** `boxreeve resume`: ends a pause. */
export function resumeCommand(): Command {
  return new Command('resume')
    .description('end a pause; recorded')
    .addHelpText('after', '\nExample:\n  boxreeve resume')
    .action(async (_options: unknown, command: Command) => {
      const asked = globalOptions(command);
      const answer = await askOrDo(asked, { command: 'resume' }, async (service) => ({
        resumed: await service.resume(),
      }));
      const resumed =
        typeof answer === 'object' && answer !== null && 'resumed' in answer && answer.resumed === true;
      if (asked.json) printDocument({ paused: false, resumed });
      else print(resumed ? 'resumed' : 'this host was not paused');
    });
}

function untilOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) {
    throw new InvalidHostConfig(
      `--for ${JSON.stringify(text)} is no duration: write it like 30m, 2h or 1d12h`,
    );
  }
  return iso(systemClock.now() + ms);
}
