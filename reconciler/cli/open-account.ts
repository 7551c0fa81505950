/** The account of the whole fleet, for commands that read it: on a host, or wherever a host.yaml names the infra repo. */
import { type Checkpoint, readCheckpoint } from '../audit/checkpoint.ts';
import { type FleetAccount, openFleetAccount } from '../audit/fleet-account.ts';
import { loadHostConfig } from '../daemon/load-host-config.ts';
import { openLog } from '../daemon/open-log.ts';
import { openMirror } from '../git/mirror.ts';
import type { HostConfig } from '../host-config.ts';
import { stateDirLayout } from '../state-dir.ts';
import { type GlobalOptions, printError } from './options.ts';

export type OpenedAccount = {
  readonly config: HostConfig;
  readonly account: FleetAccount;
  readonly gitDir: string;
  /** Name of the Git remote that hosts push to. */
  readonly remote: string;
  readonly checkpoint: Checkpoint | null;
  readonly checkpointFile: string;
};

/** @param adopted a commit of the archive to go by whoever signed it */
export async function openAccount(options: GlobalOptions, adopted?: string): Promise<OpenedAccount> {
  const config = await loadHostConfig(options.config);
  const { mirror: gitDir, auditCheckpoint: checkpointFile } = stateDirLayout(config.stateDir);
  const log = await openLog(config, { follow: false });
  const mirror = await openMirror({
    gitDir,
    remote: config.repo,
    branch: config.branch,
    path: config.path,
    log,
    alone: false,
  });
  const { checkpoint, note } = await readCheckpoint(checkpointFile);
  if (note !== null) printError(note);
  const history = checkpoint?.history ?? null;
  const account = await openFleetAccount(gitDir, mirror, config.path, config.name, history, {
    revokedKeys: config.revokedKeys,
    now: Date.now(),
    adopted,
  });
  if (account.offline !== null) printError(`offline, as last seen: ${account.offline}`);
  return { config, account, gitDir, remote: mirror.auditRemote(), checkpoint, checkpointFile };
}
