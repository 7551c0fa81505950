/** What the other hosts of the fleet say of themselves, as far as a roll-out goes: behind a port, as it is read from the remote. */
import type { FleetFacts, HostWord } from './progress.ts';

export interface FleetWords {
  /**
   * What a commit says of the whole fleet; kept for as long as the desired state is the same. Throws RolloutBlocked.
   *
   * @param guests whose changes are asked about
   */
  facts(commit: string, guests: readonly string[]): Promise<FleetFacts>;
  /**
   * The newest records of hosts, where the mirror's last fetch saw them; what did not move is not read again. One entry for each host
   * asked for. Whoever asks knows his own word better, and leaves himself out. Throws RemoteUnreachable or GitFailed.
   */
  words(
    facts: Pick<FleetFacts, 'keys'>,
    hosts: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, HostWord>>;
  /** The same as it was read last by this process, however long ago: for when the remote is away. */
  lastWords(facts: Pick<FleetFacts, 'keys'>, hosts: readonly string[]): ReadonlyMap<string, HostWord>;
}
