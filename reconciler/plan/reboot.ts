/**
 * Whether the host itself is to be rebooted. Pure.
 *
 * 1. For its age: at the host's own minute of its window, as a guest is recycled, counted from its last boot, whoever caused that.
 * 2. For a named change: once for each name, in its window.
 * 3. Not again in the window in which one was asked for and did not happen; without a window, not for a day.
 * 4. Never while anything here could not be observed, or while a machine that nobody declared is here: a reboot would end it.
 */
import { DAY } from '../clock.ts';
import type { HostSpec } from '../desired/spec.ts';
import { showDuration } from '../duration.ts';
import { windowState } from '../gate/window.ts';
import type { HostObservation, ObservedBoot } from '../observed/observation.ts';
import { type Draft, Rank } from './order.ts';
import type { Action, Held } from './plan.ts';
import { recycleDue } from './recycle.ts';
import { leftAlone } from './targets.ts';

export type RebootPlan = { readonly drafts: readonly Draft[]; readonly held: readonly Held[] };

const NOTHING: RebootPlan = { drafts: [], held: [] };

export function planReboot(spec: HostSpec, observation: HostObservation, now: number): RebootPlan {
  const { boot } = observation;
  if (spec.reboot === null) return NOTHING;
  if (boot === null) return held('this system does not say when it was booted');
  const reason = whyReboot(spec, boot, now);
  if (reason === null || failedLately(spec, boot, now)) return NOTHING;
  const obstacle = obstacleOf(observation);
  if (obstacle !== null) return held(obstacle);
  const before = `up for ${showDuration(now - boot.at)}`;
  const action = rebootAction({ bootId: boot.id, named: spec.reboot.after, reason, before });
  return { drafts: [{ rank: Rank.reboot, action }], held: [] };
}

type Reboot = Action & { readonly kind: 'reboot-host' };

/** The same before and after it, but for what was there before. */
export function rebootAction(of: Pick<Reboot, 'bootId' | 'named' | 'reason' | 'before'>): Reboot {
  return { kind: 'reboot-host', id: 'reboot-host', after: 'booted anew', disruptive: true, needs: [], ...of };
}

function held(why: string): RebootPlan {
  return { drafts: [], held: [leftAlone(null, `it is to be rebooted, and ${why}`)] };
}

function whyReboot({ reboot, place, window }: HostSpec, boot: ObservedBoot, now: number): string | null {
  if (reboot === null) return null;
  if (reboot.after !== null && reboot.after !== boot.after) return `reboot after ${reboot.after}`;
  if (!recycleDue({ place, window, every: reboot.every, builtAt: boot.at, now })) return null;
  return `reboot: last booted ${showDuration(now - boot.at)} ago`;
}

function failedLately({ window }: HostSpec, { failedAt }: ObservedBoot, now: number): boolean {
  if (failedAt === null) return false;
  if (window === null) return now - failedAt < DAY;
  const state = windowState(window, now);
  return state.open ? failedAt >= state.opensAtMs : now - failedAt < DAY;
}

function obstacleOf({ unknown, strangers }: HostObservation): string | null {
  const [doubt] = unknown;
  if (doubt !== undefined) return `${doubt.guest ?? 'it'} cannot be observed: ${doubt.why}`;
  const [stranger] = strangers;
  if (stranger === undefined) return null;
  return `${stranger.name} in ${stranger.folder}, which is not declared, would be ended by that`;
}
