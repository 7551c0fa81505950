/**
 * Whether a host may take a change of a guest now. Pure: from the desired state, the newest signed record of each host, and what
 * approvers forgave. No clock decides: a soak is over when a host's own record, dated by its own clock, says so.
 *
 * 1. A change is a guest's fingerprint. A host asks only hosts that have the same guest.
 * 2. A wave is done when the newest record of each of its hosts is signed by that host, is about the fingerprint that the asking
 *    host's commit asks of it, says healthy, and that it once was healthy for the whole soak without interruption.
 * 3. With `requireProbes`, its guest must also have probes, and all have passed.
 * 4. A host goes when all waves before its own are done. Nobody in the waves before: they are done.
 * 5. A change failed on a host whose record says so, unless it had been healthy there for its wave's soak before. What other hosts'
 *    records quote of failures of the same change counts too, so that a halt outlives the record that it came from.
 * 6. At `haltAfterFailures` hosts on which it failed and that no approver forgave, it is halted for every host.
 * 7. A host that cannot be asked is no healthy host.
 */
import type { RolloutSpec } from '../desired/spec.ts';
import { showDuration } from '../duration.ts';
import { nameSome } from '../name-some.ts';
import {
  type Failure,
  failureKey,
  type GuestProgress,
  type HostWord,
  type Member,
  type Resume,
} from './progress.ts';
import { type Wave, waveOf } from './waves.ts';

export type RolloutInput = {
  readonly rollout: RolloutSpec;
  readonly host: string;
  readonly guest: string;
  /** Of the whole fleet (`wavesOf`). */
  readonly waves: readonly Wave[];
  /** Of the guest (`FleetFacts.changes`). */
  readonly change: string;
  /** By host, this one's own included; a host that is not in it has not been asked. */
  readonly words: ReadonlyMap<string, HostWord>;
  readonly resumes: readonly Resume[];
  /** ms since the epoch; for words alone. */
  readonly now: number;
};

export type RolloutDecision =
  /** `wave`: this host's, counted from 1. */
  | { readonly may: 'go'; readonly wave: number }
  | {
      readonly may: 'wait';
      readonly wave: number;
      /** The first wave that is not done, counted from 1. */
      readonly waitsFor: number;
      /** `waiting for wave 1: builder1 healthy 1 h 12 min of 2 h` */
      readonly detail: string;
    }
  | { readonly may: 'halted'; readonly failures: readonly Failure[]; readonly detail: string };

export function decideRollout(input: RolloutInput): RolloutDecision {
  const { rollout, host, guest, waves } = input;
  const failures = failuresOf(input);
  if (failures.length >= rollout.haltAfterFailures)
    return { may: 'halted', failures, detail: haltedText(guest, failures) };
  const own = waveOf(waves, host);
  for (const [index, wave] of waves.slice(0, Math.max(0, own)).entries()) {
    const waiting = membersWith(wave, guest).flatMap((member) => whyNotDone(input, wave, member) ?? []);
    if (waiting.length === 0) continue;
    const detail = `waiting for wave ${index + 1}: ${nameSome(waiting, MOST_LISTED)}`;
    return { may: 'wait', wave: own + 1, waitsFor: index + 1, detail };
  }
  return { may: 'go', wave: own + 1 };
}

/** Rule 5, one for each host, those that are forgiven left out. */
export function failuresOf(
  input: Pick<RolloutInput, 'guest' | 'waves' | 'change' | 'words' | 'resumes'>,
): readonly Failure[] {
  const { guest, change, words, resumes } = input;
  const forgiven = new Set(
    resumes.flatMap((resume) =>
      resume.guest === guest && resume.change === change ? resume.forgiven.map(failureKey) : [],
    ),
  );
  const open = new Map<string, Failure>();
  const note = (failure: Failure) => {
    // most hosts quote the same few
    if (open.get(failure.host)?.since === failure.since) return;
    if (!forgiven.has(failureKey(failure))) open.set(failure.host, failure);
  };
  for (const word of words.values()) quotedIn(word, input).forEach(note);
  // what a host says of itself goes before what others quote
  for (const [host, word] of words) {
    const failure = failureOf(host, word, input);
    if (failure !== null) note(failure);
  }
  return [...open.values()].sort((a, b) => (a.host < b.host ? -1 : 1));
}

function quotedIn(
  word: HostWord,
  { guest, change }: Pick<RolloutInput, 'guest' | 'change'>,
): readonly Failure[] {
  if (word.state === 'silent' || word.halts.length === 0) return [];
  return word.halts.flatMap((halt) => (halt.guest === guest && halt.change === change ? halt.failures : []));
}

function failureOf(
  host: string,
  word: HostWord,
  { guest, waves }: Pick<RolloutInput, 'guest' | 'waves'>,
): Failure | null {
  const progress = progressIn(word, guest);
  // of thousands of hosts few have failed: where they belong is looked up for those alone
  if (progress?.state !== 'failed') return null;
  const wave = waves[waveOf(waves, host)];
  const member = wave?.members.find(({ name }) => name === host);
  if (wave === undefined || progress.fingerprint !== member?.guests.get(guest)) return null;
  if (progress.healthyMs !== null && progress.healthyMs >= wave.soak) return null;
  return { host, since: progress.since, detail: progress.detail };
}

/** What a host's word says of a guest. A guest may be called `constructor`, which every object has something of. */
export function progressIn(word: HostWord | undefined, guest: string): GuestProgress | undefined {
  return word?.state === 'told' && Object.hasOwn(word.progress, guest) ? word.progress[guest] : undefined;
}

/** Hosts of a wave that a guest is asked of; also one of which nobody can tell. */
export function membersWith({ members }: Wave, guest: string): readonly Member[] {
  return members.filter(({ guests, broken }) => broken !== null || guests.has(guest));
}

/** What one host of a wave is waited for with; null: with nothing. Rules 2, 3 and 7. */
export function whyNotDone(
  { rollout, guest, words, now }: Pick<RolloutInput, 'rollout' | 'guest' | 'words' | 'now'>,
  { soak }: Wave,
  { name, guests, broken }: Member,
): string | null {
  if (broken !== null) return broken;
  const word = words.get(name);
  if (word === undefined || word.state === 'silent') return `${name} ${word?.why ?? 'has not been asked'}`;
  const progress = progressIn(word, guest);
  if (progress === undefined || progress.fingerprint !== guests.get(guest))
    return `${name} has not followed this commit yet`;
  switch (progress.state) {
    case 'pending':
      return `${name} has not changed yet`;
    case 'failed':
      return `${name} failed: ${progress.detail}`;
    case 'unhealthy':
      return `${name} is not healthy: ${progress.detail}`;
    case 'healthy': {
      const healthy = progress.healthyMs ?? 0;
      if (healthy < soak) return `${name} ${soaking(progress, soak, now)}`;
      return rollout.requireProbes && !progress.probed ? `${name} has no probes that passed` : null;
    }
  }
}

function soaking({ since }: GuestProgress, soak: number, now: number): string {
  const passed = Math.min(soak, Math.max(0, now - Date.parse(since)));
  const awaited = passed < soak ? '' : '; its record of that is to come';
  return `healthy ${showDuration(passed)} of ${showDuration(soak)}${awaited}`;
}

/** Named in a sentence; of more than these, how many. */
const MOST_LISTED = 3;

function haltedText(guest: string, failures: readonly Failure[]): string {
  const where = nameSome(
    failures.map(({ host, detail }) => `${host}: ${detail}`),
    MOST_LISTED,
  );
  return `the roll-out of ${guest} is halted, since it failed on ${where}; it goes on with a new commit, or by \`boxreeve rollout resume\``;
}
