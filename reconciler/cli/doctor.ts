import { Command } from 'commander';
import type { Finding } from '../doctor/finding.ts';
import { ExitCode } from '../errors.ts';
import { globalOptions, print, printDocument } from './options.ts';

/** `boxreeve doctor`: whether this host is as the docs ask, and what to do where it is not. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check whether this host is set up as it should be: each finding with what mends it')
    .addHelpText(
      'after',
      '\nExample:\n  sudo boxreeve doctor\n\nChanges nothing. Comes in by SSH as another host does, where others fetch boxes from this one. Exits with 1 if something is bad.',
    )
    .action(async (_options: unknown, command: Command) => {
      const { config: file, json } = globalOptions(command);
      const [{ loadHostConfig }, { stateDirLayout }, { ownPeer }, { examineHost }] = await Promise.all([
        import('../daemon/load-host-config.ts'),
        import('../state-dir.ts'),
        import('../boxes/peers/own-peer.ts'),
        import('../doctor/checks.ts'),
      ]);
      const config = await loadHostConfig(file);
      const dirs = stateDirLayout(config.stateDir, config.boxesDir);
      const own = await ownPeer(config, dirs);
      const findings = await examineHost({ config, dirs, own, sshd: ['/usr/sbin/sshd'] });
      const healthy = findings.every(({ state }) => state !== 'bad');
      // schema: report/schema/doctor.json
      if (json) printDocument({ host: config.name, healthy, findings });
      else print(findings.map(inWords).join('\n'));
      process.exitCode = healthy ? ExitCode.fine : ExitCode.failed;
    });
}

const SIGNS: Readonly<Record<Finding['state'], string>> = { good: 'ok  ', bad: 'BAD ', unknown: '?   ' };

function inWords({ check, state, says, means, mend }: Finding): string {
  return [
    `${SIGNS[state]} ${check.padEnd(13)} ${says}`,
    ...(means === null ? [] : [`${' '.repeat(19)}which means: ${means}`]),
    ...(mend === null ? [] : [`${' '.repeat(19)}mend: ${mend}`]),
  ].join('\n');
}
