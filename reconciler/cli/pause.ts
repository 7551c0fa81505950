import { Command } from 'commander';
import { iso, systemClock } from '../clock.ts';
import { parseDuration } from '../duration.ts';
import { InvalidHostConfig } from '../errors.ts';
import { globalOptions, print, printDocument } from './options.ts';
import { askOrDo } from './with-host.ts';

/** `boxreeve pause`: holds disruptive actions on this host or on a guest of it, on the record. */
export function pauseCommand(): Command {
  return new Command('pause')
    .description('hold disruptive actions on this host; recorded')
    .requiredOption('--reason <text>', 'why, for those who wonder')
    .option('--guest <name>', 'of this guest alone, and reboots, which would end it')
    .option('--for <duration>', 'until when, such as 2h or 1d; without it until resumed')
    .addHelpText('after', '\nExample:\n  boxreeve pause --reason "release day" --for 8h')
    .action(async (options: { reason: string; guest?: string; for?: string }, command: Command) => {
      const asked = globalOptions(command);
      const until = untilOf(options.for);
      const reason = options.reason.trim();
      if (reason === '') throw new InvalidHostConfig('--reason is empty: say why, others will read it');
      const request = { reason, until, guest: options.guest ?? null };
      await askOrDo(asked, { command: 'pause', ...request }, (service) => service.pause(request));
      if (asked.json) printDocument({ paused: true, ...request });
      else
        print(
          `paused ${options.guest === undefined ? '' : `${options.guest} `}${until === null ? 'until resumed' : `until ${until}`}: ${reason}`,
        );
    });
}

/** `boxreeve resume`: ends a pause, of the host or of a guest. */
export function resumeCommand(): Command {
  return new Command('resume')
    .description('end a pause; recorded')
    .option('--guest <name>', 'that of this guest; without it, that of the host')
    .addHelpText('after', '\nExample:\n  boxreeve resume')
    .action(async (options: { guest?: string }, command: Command) => {
      const asked = globalOptions(command);
      const guest = options.guest ?? null;
      const answer = await askOrDo(asked, { command: 'resume', ...{ guest } }, async (service) => ({
        resumed: await service.resume(guest),
      }));
      const resumed =
        typeof answer === 'object' && answer !== null && 'resumed' in answer && answer.resumed === true;
      if (asked.json) printDocument({ paused: false, resumed, guest });
      else print(resumed ? 'resumed' : `${guest ?? 'this host'} was not paused`);
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
