/**
 * Which hosts to ask for a box, and in which order. Pure.
 *
 * 1. Those that say they hold the file.
 * 2. Of these, and of the others: those that share a label of `peers.near` with this host.
 * 3. Else by their place in the fleet after this host's own, round and round: so each host begins with another one, and no host is
 *    asked first by all.
 *
 * What a host says of itself decides whom to ask, never what is believed: each chunk is held against the signed catalogue.
 */
import type { KnownPeer } from './peer.ts';

export type Asker = {
  /** Name of this host. */
  readonly name: string;
  readonly labels: readonly string[];
};

export type PeerRules = {
  /** Labels that say where a host is. */
  readonly near: readonly string[];
  /** How many are asked at one time. */
  readonly most: number;
};

export type ChosenPeers = {
  readonly now: readonly KnownPeer[];
  /** In whose place one of these comes when it fails, in this order. */
  readonly later: readonly KnownPeer[];
};

/** @param holders names of hosts that say they hold the file */
export function choosePeers(
  peers: readonly KnownPeer[],
  asker: Asker,
  rules: PeerRules,
  holders: ReadonlySet<string>,
): ChosenPeers {
  const here = rules.near.filter((label) => asker.labels.includes(label));
  const isNear = (peer: KnownPeer) => here.some((label) => peer.labels.includes(label));
  const rank = (peer: KnownPeer) => (holders.has(peer.name) ? 0 : 2) + (isNear(peer) ? 0 : 1);
  const byName = new Map(peers.map((peer) => [peer.name, peer]));
  // the sort is stable: within a rank the round stays as it is
  const order = roundFrom([...byName.keys()], asker.name)
    .flatMap((name) => byName.get(name) ?? [])
    .toSorted((one, other) => rank(one) - rank(other));
  return { now: order.slice(0, rules.most), later: order.slice(rules.most) };
}

/** Names in their order, beginning after one's own and going on from the start; one's own left out. */
export function roundFrom(names: readonly string[], own: string): readonly string[] {
  const sorted = names.filter((name) => name !== own).toSorted(byCodeUnits);
  const after = sorted.findIndex((name) => name > own);
  return after < 0 ? sorted : [...sorted.slice(after), ...sorted.slice(0, after)];
}

/** Fleets up to this size are known whole; of larger ones, about as many hosts. */
const KNOWN_WHOLE = 300;
const NEIGHBOURS = 192;
const SPREAD = 64;

/**
 * The hosts of which a host knows anything: reading all files of a fleet of 10 000 would cost more than it brings. These are the next
 * ones in the round, and some spread evenly over the rest: what one host has is then a few steps from everyone, wherever it began.
 *
 * @param names of all hosts of the fleet
 */
export function windowOf(names: readonly string[], own: string): readonly string[] {
  const round = roundFrom([...new Set(names)], own);
  if (round.length <= KNOWN_WHOLE) return round;
  const rest = round.slice(NEIGHBOURS);
  const spread = Array.from({ length: SPREAD }, (_, at) => rest[Math.floor((at * rest.length) / SPREAD)]);
  return [...round.slice(0, NEIGHBOURS), ...spread.filter((name) => name !== undefined)];
}

function byCodeUnits(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
