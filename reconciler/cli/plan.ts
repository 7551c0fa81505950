import { Command } from 'commander';
import { loadHostConfig } from '../daemon/load-host-config.ts';
import { openLog } from '../daemon/open-log.ts';
import type { WindowSpec } from '../desired/spec.ts';
import { ExitCode } from '../errors.ts';
import { planDocument, showPlan } from '../plan/show-plan.ts';
import type { Report } from '../reconcile.ts';
import {
  columns,
  type GlobalOptions,
  globalOptions,
  print,
  printDocument,
  printError,
  printPainted,
  wantsColor,
} from './options.ts';

type Options = { now?: boolean; detailedExitcode?: boolean };

/** `boxreeve plan`: what this host would do now. Changes nothing, so it needs no lock and runs beside a daemon. */
export function planCommand(): Command {
  return new Command('plan')
    .description('what this host would do now, each action with its reason and what holds it')
    .option('--now', 'as if the window were open')
    .option('--detailed-exitcode', 'exit 2 when there are changes')
    .addHelpText('after', '\nExample:\n  boxreeve plan --detailed-exitcode')
    .action(async (options: Options, command: Command) => {
      const asked = globalOptions(command);
      const { report, host, now } = await lookOnly(asked, options.now === true);
      const { refusal, offline } = report.accepted;
      if (refusal !== null)
        printError(`REFUSED commit ${refusal.commit.slice(0, 7)}:\n${refusal.error.message}`);
      if (offline !== null) printError(`offline: ${offline}`);
      show(report, host, now, asked.json);
      process.exitCode = exitCode(report, options.detailedExitcode === true);
    });
}

async function lookOnly(
  asked: GlobalOptions,
  forceWindow: boolean,
): Promise<{ report: Report; host: string; now: number }> {
  const config = await loadHostConfig(asked.config);
  const [{ openHost }, { preview }] = await Promise.all([import('../host.ts'), import('../reconcile.ts')]);
  const host = await openHost(config, await openLog(config, { follow: false }), true);
  try {
    const signal = new AbortController().signal;
    const report = await preview(host, { trigger: 'manual', forceWindow, holdDrain: false, signal });
    return { report, host: host.name, now: host.clock.now() };
  } finally {
  }
}

function show(report: Report, host: string, now: number, json: boolean): void {
  if (report.seen === null) {
    if (json)
      printDocument({
        host,
        commit: null,
        actions: [],
        held: [],
        notes: ['there is no commit to go by yet'],
        frees: 0,
      });
    else print('there is no commit to go by yet');
    return;
  }
  if (json) printDocument(planDocument(report.seen.plan, report.seen.gated));
  else
    printPainted(
      showPlan(report.seen.plan, report.seen.gated, {
        now,
        color: wantsColor(),
        width: columns(),
        windows: windowsOf(report),
      }),
    );
}

function windowsOf({ accepted }: Report): readonly WindowSpec[] {
  const spec = accepted.desired?.spec;
  const windows = spec === undefined ? [] : [spec.window, ...spec.guests.map(({ window }) => window)];
  return windows.filter((window) => window !== null);
}

function exitCode(report: Report, detailed: boolean): ExitCode {
  const { refusal } = report.accepted;
  if (refusal !== null) return refusal.error.exitCode;
  if (report.seen === null) return ExitCode.failed;
  return detailed && report.pending.length > 0 ? ExitCode.changesPending : ExitCode.fine;
}
