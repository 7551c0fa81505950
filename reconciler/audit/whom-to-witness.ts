/**
 * Which hosts a record is witness to. All of them, up to so many; in a larger fleet some, who are others in the next record: each host
 * is seen by as many as it sees, and a record stays small however many hosts there are. Pure.
 */
import { createHash } from 'node:crypto';

/** A tip is some 60 bytes in each record, and hardly compresses: 10 000 of them in each would be gigabytes a day. */
const MOST = 64;

/**
 * @param tips of the audit branches of all hosts, by host
 * @param host who writes the record
 * @param sequence number of the record in the host's chain
 */
export function whomToWitness(
  tips: Readonly<Record<string, string>>,
  host: string,
  sequence: number,
): Readonly<Record<string, string>> {
  const { [host]: _own, ...others } = tips;
  const seen = Object.entries(others);
  if (seen.length <= MOST) return others;
  const start = (startOf(host) + sequence * MOST) % seen.length;
  return Object.fromEntries([...seen, ...seen].slice(start, start + MOST));
}

/** Hosts that record in one moment are not to be witnesses to the same few. */
function startOf(host: string): number {
  return createHash('sha256').update(host).digest().readUInt32BE(0);
}
