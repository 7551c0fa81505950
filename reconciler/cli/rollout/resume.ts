import { Command } from 'commander';
import { systemClock } from '../../clock.ts';
import { BoxreeveError, ExitCode, InvalidHostConfig } from '../../errors.ts';
import type { Resumed } from '../../report/resumed-text.ts';
import type { Troubled } from '../../rollout/halted.ts';
import { globalOptions, print, printDocument, printError } from '../options.ts';
import { stopOnSignals } from '../with-host.ts';
import type { OpenedFleet } from './open-fleet.ts';

type Options = { readonly guest?: string; readonly reason: string; readonly key?: string };

/** There is nothing that a word could let go on. */
class NothingHalted extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** `boxreeve rollout resume`: an approver lets a halted roll-out go on. */
export function resumeCommand(): Command {
  return new Command('resume')
    .description('let a halted roll-out go on in spite of what failed so far, by the word of an approver')
    .requiredOption('--reason <text>', 'why, for those who wonder')
    .option('--guest <name>', 'of this guest alone; without it, of each that is halted')
    .option('--key <file>', "the approver's SSH key; without it, that of git config user.signingkey")
    .addHelpText(
      'after',
      '\nHosts take it at their next poll. What fails from now on counts anew.\n\n' +
        'Example:\n  boxreeve rollout resume --guest azure-agent --reason "the mirror was down, and is up again"',
    )
    .action(async (options: Options, command: Command) => {
      const asked = globalOptions(command);
      const reason = options.reason.trim();
      if (reason === '') throw new InvalidHostConfig('--reason is empty: say why, others will read it');
      const signal = stopOnSignals();
      const { openFleet } = await import('./open-fleet.ts');
      const resumed = await resume(await openFleet(asked), { ...options, reason }, signal);
      const { resumeDocument, showResumed } = await import('../../report/resumed-text.ts');
      if (asked.json) printDocument(resumeDocument(resumed));
      else print(showResumed(resumed));
      if (resumed.some(({ by }) => by === null)) printError(ANYBODY);
      process.exitCode = ExitCode.fine;
    });
}

const ANYBODY =
  'WARNING: this fleet asks for no signatures (trust.requireSignedCommits of fleet.yaml), so hosts believe whoever can push to the repository';

async function resume(
  fleet: OpenedFleet,
  options: Options,
  signal: AbortSignal,
): Promise<readonly Resumed[]> {
  const [{ giveResume }, { whoTypes }] = await Promise.all([
    import('../../rollout/give-resume.ts'),
    import('./person.ts'),
  ]);
  const halted = await haltedNow(fleet, options.guest, signal);
  const person = await whoTypes(options.key);
  const gave: Resumed[] = [];
  for (const { guest, change, failures } of halted) {
    const wanted = { guest, change, failures, reason: options.reason };
    const word = await giveResume({ ...fleet, person, now: systemClock.now, signal }, wanted);
    gave.push({ ...wanted, ...word });
  }
  return gave;
}

/** Throws if there are none. */
async function haltedNow(
  { look, words, resumes }: OpenedFleet,
  only: string | undefined,
  signal: AbortSignal,
): Promise<readonly Troubled[]> {
  const { troubledGuests } = await import('../../rollout/halted.ts');
  const { commit, rules } = await look(signal);
  const { rollout, guests } = rules;
  if (rollout === null)
    throw new InvalidHostConfig(
      `fleet.yaml at ${commit.slice(0, 7)} says nothing of a \`rollout\`: hosts wait for no other, and nothing is ever halted`,
    );
  if (only !== undefined && !guests.includes(only))
    throw new InvalidHostConfig(
      `the fleet has no guest ${JSON.stringify(only)} (it has ${guests.join(', ')})`,
    );
  const facts = await words.facts(commit, only === undefined ? guests : [only]);
  const hosts = facts.members.map(({ name }) => name);
  const told = await words.words(facts, hosts, signal);
  const given = await resumes.given(commit, facts.changes);
  const troubled = troubledGuests(rollout, facts, told, given);
  const halted = troubled.filter((each) => each.halted);
  if (halted.length > 0) return halted;
  const failed = troubled.map(({ guest, failures }) => `${guest} failed on ${failures.length}`);
  const soFar = failed.length === 0 ? '' : ` (${failed.join(', ')}, of ${rollout.haltAfterFailures})`;
  throw new NothingHalted(`no roll-out ${only === undefined ? '' : `of ${only} `}is halted${soFar}`);
}
