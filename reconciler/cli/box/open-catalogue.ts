/** What commands that change the catalogue stand on: the commit this host goes by, and the means to put a change beside it. */
import type { Publisher } from '../../boxes/build/publish.ts';
import { loadHostConfig } from '../../daemon/load-host-config.ts';
import { openLog } from '../../daemon/open-log.ts';
import { acceptCommit, type Desired } from '../../desired/accept.ts';
import { BoxreeveError, ExitCode } from '../../errors.ts';
import type { HostConfig } from '../../host-config.ts';
import type { Host } from '../../host-ports.ts';
import { type StateDir, stateDirLayout } from '../../state-dir.ts';
import { stopOnSignals } from '../with-host.ts';

/** There is no commit that this host may go by. */
class NothingToGoBy extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

export type Opened = {
  readonly config: HostConfig;
  readonly dirs: StateDir;
  readonly host: Host;
  readonly desired: Desired;
  readonly publisher: Publisher;
  /** The commit to lay a change over: the newest that this host may go by. */
  latest(): Promise<string>;
};

/**
 * Beside a daemon, without the host's lock: of what both use, the mirror bears several Gits at once, and the folder of boxes only gets
 * files under names that stand for their content.
 */
export async function openCatalogue(configFile: string | undefined): Promise<Opened> {
  const config = await loadHostConfig(configFile);
  const signal = stopOnSignals();
  const { openHost } = await import('../../host.ts');
  const host = await openHost(config, await openLog(config, { follow: false }), true);
  const dirs = stateDirLayout(config.stateDir, config.boxesDir);
  const desired = await accepted(host);
  const { name, signingKey } = config;
  return {
    config,
    dirs,
    host,
    desired,
    publisher: { gitDir: dirs.mirror, host: name, signingKey, signal },
    latest: async () => (await acceptCommit(host, true)).desired?.commit ?? desired.commit,
  };
}

/** Throws what refused the tip: a recipe of a commit that is refused is not gone by. */
async function accepted(host: Host): Promise<Desired> {
  const { desired, refusal, offline } = await acceptCommit(host, true);
  if (refusal !== null) throw refusal.error;
  if (desired === null) throw new NothingToGoBy(offline ?? 'there is no commit to go by yet');
  return desired;
}
