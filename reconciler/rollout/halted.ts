/** Which roll-outs of a fleet are halted, by what its hosts say. Pure. */
import type { RolloutSpec } from '../desired/spec.ts';
import { failuresOf } from './decide.ts';
import type { Failure, FleetFacts, HostWord, Resume } from './progress.ts';
import { wavesOf } from './waves.ts';

export type Troubled = {
  readonly guest: string;
  /** See `FleetFacts.changes`. */
  readonly change: string;
  /** Those that nobody forgave, at least one. */
  readonly failures: readonly Failure[];
  readonly halted: boolean;
};

/** Guests whose change has failed somewhere, whether that halts it or not yet. */
export function troubledGuests(
  rollout: RolloutSpec,
  { members, changes }: Pick<FleetFacts, 'members' | 'changes'>,
  words: ReadonlyMap<string, HostWord>,
  resumes: readonly Resume[],
): readonly Troubled[] {
  const waves = wavesOf(rollout.waves, members);
  return [...changes].flatMap(([guest, change]) => {
    const failures = failuresOf({ guest, waves, change, words, resumes });
    if (failures.length === 0) return [];
    return [{ guest, change, failures, halted: failures.length >= rollout.haltAfterFailures }];
  });
}

/**
 * Of the failures that halt a change, those that a host's records carry on: as many as it takes, its own first. A change that fails on
 * many hosts at once would else be told in full by each record of every host.
 */
export function worthQuoting(
  failures: readonly Failure[],
  { haltAfterFailures }: Pick<RolloutSpec, 'haltAfterFailures'>,
  host: string,
): readonly Failure[] {
  const own = failures.filter((failure) => failure.host === host);
  return [...own, ...failures.filter((failure) => failure.host !== host)].slice(0, haltAfterFailures);
}
