/** Gathers what there is to see of roll-outs: wherever a host.yaml names the infra repo, without a daemon and without Vagrant. */
import { systemClock } from '../../clock.ts';
import { loadHostConfig } from '../../daemon/load-host-config.ts';
import { openLog } from '../../daemon/open-log.ts';
import { DEFAULT_AUDIT_BRANCH } from '../../desired/fleet-rules.ts';
import { readRolloutRules } from '../../desired/rollout-rules.ts';
import { openMirror } from '../../git/mirror.ts';
import type { RolloutView } from '../../report/rollout-document.ts';
import { openWords } from '../../rollout/open-words.ts';
import { openReadLeases } from '../../rollout/read-leases.ts';
import { openResumes } from '../../rollout/resumes.ts';
import { stateDirLayout } from '../../state-dir.ts';
import type { GlobalOptions } from '../options.ts';

/**
 * Asks the remote each time it is called, for no more than what moved. Throws RemoteUnreachable, InvalidDesiredState if `fleet.yaml`
 * cannot be read, InvalidHostConfig.
 */
export type ReadView = (signal?: AbortSignal) => Promise<RolloutView>;

export async function openView(options: GlobalOptions): Promise<ReadView> {
  const config = await loadHostConfig(options.config);
  const { path, repo: remote, branch, revokedKeys } = config;
  const { mirror: gitDir, words: folder } = stateDirLayout(config.stateDir);
  const log = await openLog(config, { follow: false });
  const mirror = await openMirror({ gitDir, remote, branch, path, log, alone: false });
  let pattern = DEFAULT_AUDIT_BRANCH;
  const words = openWords({ gitDir, folder, mirror, path, pattern: () => pattern });
  const { now } = systemClock;
  const resumes = openResumes({ gitDir, path, mirror, revokedKeys, now });

  const leases = openReadLeases({ gitDir, mirror });

  return async (signal) => {
    const commit = await mirror.fetch(signal);
    const { rollout, auditBranch, guests, problems } = await readRolloutRules(mirror.tree(commit), path);
    pattern = auditBranch;
    const facts = await words.facts(commit, guests);
    const hosts = facts.members.map(({ name }) => name);
    return {
      commit,
      subject: (await mirror.describe(commit)).subject,
      ...{ rollout, facts, problems },
      words: await words.words(facts, hosts, signal),
      resumes: await resumes.given(commit, facts.changes),
      leases: await leases(signal),
      offline: null,
      now: now(),
    };
  };
}
