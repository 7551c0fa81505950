/**
 * Leases from a server that speaks the FleetLock protocol (https://coreos.github.io/zincati/development/fleetlock/protocol/): a lock
 * for the whole host, which the server gives to so many at a time. It has no end by itself and no number.
 */
import { SECOND } from '../../clock.ts';
import { RemoteUnreachable } from '../../errors.ts';
import { oneLine } from '../../one-line.ts';
import type { LeaseAnswer, Leases } from './leases.ts';

export type FleetLockParts = {
  /** Base address, without a slash at its end. */
  readonly url: string;
  readonly group: string;
  /** What the server knows this host by. */
  readonly host: string;
  readonly remembered: () => boolean;
  readonly remember: (held: boolean) => Promise<void>;
};

const LIMIT = 30 * SECOND;
/** Characters of an answer that are worth telling. */
const MOST_TOLD = 300;

export function fleetLock(parts: FleetLockParts): Leases {
  const lease = { of: parts.url, slots: [] };
  return {
    hold: async () => {
      // before it is asked for: a lock that nobody knows of would be kept for ever
      if (!parts.remembered()) await parts.remember(true);
      return refusedOr(await ask(parts, 'v1/pre-reboot'), { state: 'held', lease });
    },
    // the protocol has no question that changes nothing
    peek: async () => ({ state: 'held', lease }),
    release: async () => {
      if (!parts.remembered()) return;
      const problem = await ask(parts, 'v1/steady-state');
      if (problem !== null) throw new RemoteUnreachable(problem);
      await parts.remember(false);
    },
  };
}

function refusedOr(problem: string | null, held: LeaseAnswer): LeaseAnswer {
  return problem === null ? held : { state: 'refused', why: `no lease: ${problem}` };
}

/** null: it did. Otherwise what it said. */
async function ask({ url, group, host }: FleetLockParts, path: string): Promise<string | null> {
  try {
    const response = await fetch(`${url}/${path}`, {
      method: 'POST',
      headers: { 'fleet-lock-protocol': 'true', 'content-type': 'application/json' },
      body: JSON.stringify({ client_params: { id: host, group } }),
      redirect: 'error',
      signal: AbortSignal.timeout(LIMIT),
    });
    const text = oneLine((await response.text()).slice(0, MOST_TOLD)).trim();
    return response.ok ? null : `${url} says ${response.status}${text === '' ? '' : ` ${reason(text)}`}`;
  } catch (error) {
    return `${url} cannot be asked: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The protocol's errors are `{ "kind": …, "value": … }`. */
function reason(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    const told = typeof value === 'object' && value !== null && 'value' in value ? value.value : null;
    return typeof told === 'string' ? told : text;
  } catch {
    return text;
  }
}
