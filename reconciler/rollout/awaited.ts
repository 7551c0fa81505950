/**
 * Whether other hosts wait for what this one has to say, so that it checks in before its time.
 *
 * 1. A guest is in another state, or about another fingerprint, than its newest record says.
 * 2. The soak of its wave is over, which counts once a record says so. One check-in is tried: its probes may fail, or not be run.
 */
import type { AuditRecord } from '../audit/record.ts';
import type { Desired } from '../desired/accept.ts';
import type { HostSpec, RolloutSpec } from '../desired/spec.ts';
import { RolloutBlocked } from '../errors.ts';
import type { Host } from '../host-ports.ts';
import type { Seen } from '../reconcile.ts';
import type { GuestProgress } from './progress.ts';
import { waveOf, wavesOf } from './waves.ts';

export async function isAwaited(
  host: Host,
  { commit, spec }: Desired,
  { observation, progress }: Seen,
  last: Pick<AuditRecord, 'kind' | 'time' | 'progress'>,
): Promise<boolean> {
  if (spec.rollout === null) return false;
  const blind = new Set(observation.unknown.map(({ guest }) => guest));
  const seen = [...progress].filter(([guest]) => !blind.has(guest) && !blind.has(null));
  const said = new Map(Object.entries(last.progress ?? {}));
  const same = ([guest, found]: [string, GuestProgress]) =>
    said.get(guest)?.fingerprint === found.fingerprint && said.get(guest)?.state === found.state;
  if (!seen.every(same)) return true;
  const soaking = seen.map(([guest, { state, since }]) => ({
    state,
    since: Date.parse(since),
    said: said.get(guest)?.healthyMs ?? 0,
  }));
  const now = host.clock.now();
  const recorded = Date.parse(last.time);
  const isOver = (soak: number) =>
    soaking.some(
      (guest) =>
        guest.state === 'healthy' &&
        guest.said < soak &&
        now - guest.since >= soak &&
        (last.kind !== 'check-in' || recorded - guest.since < soak),
    );
  if (!spec.rollout.waves.some(({ soak }) => isOver(soak))) return false;
  return isOver(await ownSoak(host, commit, spec, spec.rollout));
}

/** Of this host's wave, in milliseconds. */
async function ownSoak(host: Host, commit: string, spec: HostSpec, { waves }: RolloutSpec): Promise<number> {
  try {
    const facts = await host.words.facts(
      commit,
      spec.guests.map(({ name }) => name),
    );
    const all = wavesOf(waves, facts.members);
    return all[waveOf(all, host.name)]?.soak ?? 0;
  } catch (error) {
    if (error instanceof RolloutBlocked) return 0;
    throw error;
  }
}
