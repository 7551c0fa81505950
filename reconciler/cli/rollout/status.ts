import { Command } from 'commander';
import { SECOND, systemClock } from '../../clock.ts';
import { parseDuration } from '../../duration.ts';
import { ExitCode, InvalidHostConfig, RemoteUnreachable } from '../../errors.ts';
import { type RolloutDocument, type RolloutView, rolloutDocument } from '../../report/rollout-document.ts';
import { showRollout } from '../../report/rollout-text.ts';
import { columns, globalOptions, printDocument, printPainted, wantsColor } from '../options.ts';
import { stopOnSignals } from '../with-host.ts';
import { openView, type ReadView } from './read-view.ts';
import { Screen } from './screen.ts';

/** `boxreeve rollout status`: reads what hosts recorded, and decides as they do. Changes nothing. */
export function statusCommand(): Command {
  return new Command('status')
    .description(
      'each wave, host and guest, how far it is with what the watched branch asks for, and what it waits for',
    )
    .option('--watch [interval]', 'look again and again, every 15 s or so often, until Ctrl-C')
    .addHelpText(
      'after',
      '\nExample:\n  boxreeve rollout status --watch\n\n' +
        'Asks the remote alone: it needs no daemon, and runs wherever a host.yaml names the infra repo. Exits with 0 if that could be read,\n' +
        'whatever it says; `state` of --json tells whether a roll-out is halted.',
    )
    .action(async (options: { watch?: true | string }, command: Command) => {
      const asked = globalOptions(command);
      const every = options.watch === undefined ? null : intervalOf(options.watch);
      const read = await openView(asked);
      if (every !== null) await watch(read, every, asked.json);
      else if (asked.json) printDocument(rolloutDocument(await read()));
      else printPainted(shown(rolloutDocument(await read())));
      process.exitCode = ExitCode.fine;
    });
}

const DEFAULT_INTERVAL = 15 * SECOND;

/** Milliseconds. */
function intervalOf(given: true | string): number {
  if (given === true) return DEFAULT_INTERVAL;
  const interval = parseDuration(given);
  if (interval === undefined || interval < SECOND)
    throw new InvalidHostConfig(`--watch ${given}: give an interval of at least 1s, such as 15s or 1m`);
  return interval;
}

function shown(document: RolloutDocument): string {
  return showRollout(document, { color: wantsColor(), width: columns() });
}

/** On a terminal the picture is drawn anew each time; what goes elsewhere gets one more whenever something is different. */
async function watch(read: ReadView, every: number, json: boolean): Promise<void> {
  const stop = stopOnSignals();
  const screen = process.stdout.isTTY === true && !json ? new Screen(process.stdout, every) : null;
  let before = '';
  try {
    for (let view = await read(stop); !stop.aborted; view = await next(read, every, view, stop)) {
      const document = rolloutDocument(view);
      const standing = standingOf(document);
      if (screen !== null) screen.draw(() => shown(document));
      else if (standing !== before) print(json, document);
      before = standing;
    }
  } catch (error) {
    // whatever was under way then was ended as well
    if (!stop.aborted) throw error;
  } finally {
    screen?.leave();
  }
}

function print(json: boolean, document: RolloutDocument): void {
  printPainted(json ? `${JSON.stringify(document)}\n` : `${shown(document)}\n`);
}

/** The view of then; as long as the remote is away the one before, with why. */
async function next(
  read: ReadView,
  every: number,
  before: RolloutView,
  stop: AbortSignal,
): Promise<RolloutView> {
  await systemClock.sleep(every, stop);
  try {
    return await read(stop);
  } catch (error) {
    if (!(error instanceof RemoteUnreachable)) throw error;
    return { ...before, offline: error.message, now: systemClock.now() };
  }
}

/** All but the minutes that pass. */
function standingOf({ time: _, ...document }: RolloutDocument): string {
  return JSON.stringify(document, (key, value: unknown) => (key === 'detail' ? undefined : value));
}
