/**
 * How a command gets at a host: through the daemon if one runs, else by taking the host's lock for as long as the command
 * lasts.
 */
import { systemClock } from '../clock.ts';
import { askDaemon } from '../daemon/control-socket.ts';
import { takeHostLock } from '../daemon/host-lock.ts';
import { loadHostConfig } from '../daemon/load-host-config.ts';
import { openLog } from '../daemon/open-log.ts';
import { openService, type Service } from '../daemon/service.ts';
import { BoxreeveError, ExitCode } from '../errors.ts';
import { stateDirLayout } from '../state-dir.ts';
import type { GlobalOptions } from './options.ts';

/** The daemon refused or failed; its own words and exit code. */
class DaemonSaidNo extends BoxreeveError {
  readonly exitCode: ExitCode;
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = Object.values(ExitCode).find((code) => code === exitCode) ?? ExitCode.failed;
  }
}

/** @param request what to ask of a daemon @param alone what to do when none runs */
export async function askOrDo(
  options: GlobalOptions,
  request: { readonly command: string },
  alone: (service: Service) => Promise<unknown>,
): Promise<unknown> {
  const config = await loadHostConfig(options.config);
  const dirs = stateDirLayout(config.stateDir);
  const reply = await askDaemon(dirs.controlSocket, request, 0);
  if (reply?.ok === true) return reply.document;
  if (reply !== undefined) throw new DaemonSaidNo(reply.error, reply.exitCode);
  const lock = takeHostLock(dirs.lock, `boxreeve ${request.command}`);
  const stop = stopOnSignals();
  const { openHost } = await import('../host.ts');
  const host = await openHost(config, await openLog(config, { follow: !options.json }));
  try {
    return await alone(openService(host, dirs, null, stop));
  } finally {
    lock.release();
  }
}

/**
 * Aborted at the first SIGINT or SIGTERM: what is under way ends, and is recorded, before the command does. The second ends it where
 * it stands.
 *
 * The listener stays after the first: a file that is being written atomically has one as well (signal-exit), which ends the process
 * when it finds itself alone.
 */
export function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    const listener = () => {
      if (stop.signal.aborted) {
        process.removeAllListeners(name);
        process.kill(process.pid, name);
      }
      stop.abort(new Error(`ended by ${name} at ${new Date(systemClock.now()).toISOString()}`));
    };
    process.on(name, listener);
  }
  return stop.signal;
}
