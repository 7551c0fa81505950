/** The means to ask the fleet: wherever a host.yaml names the infra repo, without a daemon, and without being one of its hosts. */
import { systemClock } from '../../clock.ts';
import { loadHostConfig } from '../../daemon/load-host-config.ts';
import { openLog } from '../../daemon/open-log.ts';
import { DEFAULT_AUDIT_BRANCH } from '../../desired/fleet-rules.ts';
import { type RolloutRules, readRolloutRules } from '../../desired/rollout-rules.ts';
import { type Mirror, openMirror } from '../../git/mirror.ts';
import { openWords } from '../../rollout/open-words.ts';
import { openResumes, type Resumes } from '../../rollout/resumes.ts';
import type { FleetWords } from '../../rollout/words.ts';
import { stateDirLayout } from '../../state-dir.ts';
import type { GlobalOptions } from '../options.ts';

export type OpenedFleet = {
  readonly gitDir: string;
  readonly mirror: Mirror;
  readonly words: FleetWords;
  readonly resumes: Resumes;
  /** The newest commit of the branch that hosts follow, and what it says. Throws RemoteUnreachable or InvalidDesiredState. */
  look(signal?: AbortSignal): Promise<{ readonly commit: string; readonly rules: RolloutRules }>;
};

export async function openFleet(options: GlobalOptions): Promise<OpenedFleet> {
  const config = await loadHostConfig(options.config);
  const { path, repo: remote, branch, revokedKeys } = config;
  const { mirror: gitDir, words: folder } = stateDirLayout(config.stateDir);
  const log = await openLog(config, { follow: false });
  const mirror = await openMirror({ gitDir, remote, branch, path, log, alone: false });
  let pattern = DEFAULT_AUDIT_BRANCH;
  return {
    gitDir,
    mirror,
    words: openWords({ gitDir, folder, mirror, path, pattern: () => pattern }),
    resumes: openResumes({ gitDir, path, mirror, revokedKeys, now: systemClock.now }),
    look: async (signal) => {
      const commit = await mirror.fetch(signal);
      const rules = await readRolloutRules(mirror.tree(commit), path);
      pattern = rules.auditBranch;
      await mirror.useAuditRepo(rules.auditRepo);
      await mirror.listBranches(signal);
      return { commit, rules };
    },
  };
}
