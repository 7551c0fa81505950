/**
 * How far a guest is with what is asked of it, for the host's own record. Pure.
 *
 * 1. `failed`: this very fingerprint was tried and did not work; or it runs here, and a probe of it fails.
 * 2. `healthy`: the machine that we proven from this fingerprint runs, and nobody gets in whom the desired state keeps out.
 * 3. `unhealthy`: it was healthy, or is that machine, and is not healthy now. Of one that cannot be observed nobody can say more.
 * 4. `pending`: otherwise. It is something else yet.
 * 5. Probes that are not run now are what they were the last time; a build ends with them, so one that was proven since has passed.
 * 6. `since` begins anew with the state. A guest that is found not to be healthy is so noted before it is put right; a recycle finds it
 *    healthy, and leaves it so, which is no interruption.
 * 7. The time that it was healthy grows only where all the probes that it has have passed now, so that time nobody looked at counts for
 *    nothing until someone has looked. The longest counts, and stays when it breaks.
 */
import { iso } from '../clock.ts';
import type { GuestSpec } from '../desired/spec.ts';
import { refusals } from '../exposure/exposure.ts';
import type { GuestMemory, Memory } from '../observed/memory.ts';
import type { BuiltFrom, HostObservation, ObservedGuest } from '../observed/observation.ts';
import { oneLine } from '../one-line.ts';
import { provenBuild } from '../plan/guests.ts';
import { isAllowedNow } from '../plan/targets.ts';
import type { GuestProgress } from './progress.ts';

export type StandingInput = {
  /** As the commit asks for it. */
  readonly spec: GuestSpec;
  /** Of this guest; undefined: nothing is remembered. `progress` is what this led to the last time. */
  readonly memory: Pick<GuestMemory, 'progress' | 'failed' | 'exposure'> | undefined;
  readonly observation: Pick<HostObservation, 'guests' | 'unknown'>;
  /** Of this guest as it is now; null: none were run. Those that it was built with are its probes. */
  readonly probes: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[] | null;
  /** ms since the epoch. */
  readonly now: number;
};

export function progressOf(input: StandingInput): GuestProgress {
  const { spec, memory, now } = input;
  const stored = memory?.progress?.fingerprint === spec.fingerprint ? memory.progress : null;
  const { state, detail, at, probed, grows = false } = judge(input, stored);
  const started = at !== undefined && Number.isFinite(at) ? at : sinceWhen(stored, state, now);
  const longest = Math.max(stored?.healthyMs ?? 0, grows && stored?.state === 'healthy' ? now - started : 0);
  return {
    fingerprint: spec.fingerprint,
    state,
    since: iso(started),
    healthyMs: state === 'healthy' || typeof stored?.healthyMs === 'number' ? longest : null,
    probed,
    detail: shortened(detail),
  };
}

/**
 * What was last found of each declared guest, for a record that nobody looks at the host for; null: nothing was. A failure is known
 * before anybody looks again.
 */
export function rememberedProgress({ guests }: Pick<Memory, 'guests'>): Record<string, GuestProgress> | null {
  const found = Object.entries(guests).flatMap(([guest, { progress, failed }]) =>
    progress ? [[guest, withFailure(progress, failed)] as const] : [],
  );
  return found.length === 0 ? null : Object.fromEntries(found);
}

function withFailure(progress: GuestProgress, failed: GuestMemory['failed']): GuestProgress {
  // one that failed for its exposure alone may be allowed by now
  const unsure = progress.state === 'failed' || failed?.refused !== undefined;
  if (failed?.fingerprint !== progress.fingerprint || unsure) return progress;
  return { ...progress, state: 'failed', since: failed.at, detail: shortened(failed.error) };
}

type Judged = Pick<GuestProgress, 'state' | 'detail' | 'probed'> & {
  /** When it failed, ms since the epoch, where that is known by itself. */
  readonly at?: number;
  /** Rule 7. */
  readonly grows?: boolean;
};

function judge(input: StandingInput, stored: GuestProgress | null): Judged {
  const { spec, memory, observation } = input;
  const observed = observation.guests.find(({ name }) => name === spec.name);
  const unknown = observation.unknown.find(({ guest }) => guest === null || guest === spec.name);
  const failed = observed === undefined ? memory?.failed : observed.failed;
  if (failed?.fingerprint === spec.fingerprint && !isAllowedNow(failed, spec))
    return { state: 'failed', detail: failed.error, at: Date.parse(failed.at), probed: false };
  const was = stored !== null && stored.healthyMs !== null;
  const probed = stored?.probed ?? false;
  if (observed === undefined || unknown !== undefined) {
    const detail = `it cannot be observed: ${unknown?.why ?? 'it was not looked at'}`;
    return { state: was ? 'unhealthy' : 'pending', detail, probed };
  }
  const built = provenNow(observed);
  if (built === null) {
    const detail =
      observed.machine.state === 'absent' ? 'it does not exist' : 'its machine is not a proven one';
    return { state: was ? 'unhealthy' : 'pending', detail, probed };
  }
  if (built.spec.fingerprint !== spec.fingerprint)
    return { state: 'pending', detail: `it is as of ${built.commit.slice(0, 7)}`, probed };
  return judgeMachine(input, observed, built, stored);
}

/** Of the right machine. */
function judgeMachine(
  { spec, memory, probes }: StandingInput,
  { machine }: ObservedGuest,
  built: BuiltFrom,
  stored: GuestProgress | null,
): Judged {
  const last = lastProbes(built, stored);
  const ran = probes !== null && probes.length > 0;
  const wrong = (probes ?? []).filter(({ ok }) => !ok);
  const probed = ran ? wrong.length === 0 : last.probed;
  if (machine.state !== 'present' || machine.power !== 'running') {
    const detail = machine.state === 'present' ? `it is ${inWords(machine.power)}` : 'Vagrant has lost it';
    return { state: 'unhealthy', detail, probed };
  }
  if (wrong.length > 0) {
    const detail = wrong.map(({ name, detail: what }) => `probe ${name} ${what}`).join('; ');
    return { state: 'failed', detail, probed };
  }
  if (!ran && last.wrong !== null) return { ...last.wrong, probed };
  const exposures = new Map(memory?.exposure ? [[spec.name, memory.exposure]] : []);
  const [open] = refusals(exposures, new Map([[spec.name, spec]]));
  return open === undefined
    ? { state: 'healthy', detail: '', probed, grows: ran || built.spec.probes.length === 0 }
    : { state: 'unhealthy', detail: open, probed };
}

/** Rule 5. Probes that failed, and then could not be run for a while, have not passed since. */
function lastProbes(
  built: BuiltFrom,
  stored: GuestProgress | null,
): { readonly probed: boolean; readonly wrong: Pick<GuestProgress, 'state' | 'detail'> | null } {
  if (built.spec.probes.length === 0) return { probed: false, wrong: null };
  if (stored === null || Date.parse(built.at) >= Date.parse(stored.since))
    return { probed: true, wrong: null };
  const { state, detail, probed } = stored;
  if (state === 'failed') return { probed, wrong: { state, detail } };
  const unasked = { state: 'unhealthy' as const, detail: 'its probes have not passed since it came back' };
  return { probed, wrong: state === 'healthy' || probed ? null : unasked };
}

/** Rule 6. A clock that was put back leaves no state that begins in the future. */
function sinceWhen(stored: GuestProgress | null, state: GuestProgress['state'], now: number): number {
  const since = stored?.state === state ? Date.parse(stored.since) : now;
  return Number.isNaN(since) ? now : Math.min(since, now);
}

/** What the machine that is there was proven from; null: it was not, or is not there. */
function provenNow(observed: ObservedGuest): BuiltFrom | null {
  return observed.machine.state === 'vanished' ? null : provenBuild(observed);
}

function inWords(power: 'running' | 'stopped' | 'unknown'): string {
  return power === 'unknown' ? 'not known to be running' : power;
}

/** Characters: every record of the host carries it, and other hosts read it. */
const LONGEST_DETAIL = 300;

function shortened(text: string): string {
  const characters = [...oneLine(text).trim()];
  return characters.length > LONGEST_DETAIL
    ? `${characters.slice(0, LONGEST_DETAIL - 1).join('')}…`
    : characters.join('');
}
