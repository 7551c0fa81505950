/** Gathers what there is to see of roll-outs: wherever a host.yaml names the infra repo, without a daemon and without Vagrant. */
import { systemClock } from '../../clock.ts';
import type { RolloutView } from '../../report/rollout-document.ts';
import { openReadLeases } from '../../rollout/read-leases.ts';
import type { GlobalOptions } from '../options.ts';
import { openFleet } from './open-fleet.ts';

/**
 * Asks the remote each time it is called, for no more than what moved. Throws RemoteUnreachable, InvalidDesiredState if `fleet.yaml`
 * cannot be read, InvalidHostConfig.
 */
export type ReadView = (signal?: AbortSignal) => Promise<RolloutView>;

export async function openView(options: GlobalOptions): Promise<ReadView> {
  const { gitDir, mirror, words, resumes, look } = await openFleet(options);
  const leases = openReadLeases({ gitDir, mirror });
  return async (signal) => {
    const { commit, rules } = await look(signal);
    const { rollout, guests, problems } = rules;
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
      now: systemClock.now(),
    };
  };
}
