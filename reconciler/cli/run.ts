import { Command } from 'commander';
import { globalOptions } from './options.ts';

/** `boxreeve run`: the daemon, in the foreground; launchd and systemd put it in the background. */
export function runCommand(): Command {
  return new Command('run')
    .description('the daemon: keeps this host right until it is stopped')
    .addHelpText('after', '\nExample:\n  boxreeve run --config /etc/boxreeve/host.yaml')
    .action(async (_options: unknown, command: Command) => {
      const { config } = globalOptions(command);
      const [{ runDaemon }, { openLog }, { loadHostConfig }, { stopOnSignals }] = await Promise.all([
        import('../daemon/run.ts'),
        import('../daemon/open-log.ts'),
        import('../daemon/load-host-config.ts'),
        import('./with-host.ts'),
      ]);
      const log = await openLog(await loadHostConfig(config), { follow: true });
      await runDaemon(config, log, stopOnSignals());
    });
}
