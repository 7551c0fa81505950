/**
 * How far the fleet is with what one commit changed. Pure: from the roll-out as the newest records of all hosts tell it.
 *
 * 1. A commit is about the guests that are another change in it than in the commit before it.
 * 2. Where the commit that hosts follow now asks for yet another change of such a guest, the commit is overtaken there: no host goes
 *    to it any more.
 * 3. It is done when every host that is to have those guests has them and has soaked.
 */
import { createHash } from 'node:crypto';
import type { HostLine, RolloutDocument, WaveLine } from '../report/rollout-document.ts';

/** What a commit changed. */
export type CommitNews = {
  readonly commit: string;
  readonly subject: string;
  /** The change (`FleetFacts.changes`) that it makes of each guest that it changed. */
  readonly touched: ReadonlyMap<string, string>;
};

export type FailedThere = {
  readonly host: string;
  readonly guest: string;
  /** As the host's progress has it, ISO 8601 UTC: tells one failure from the next. */
  readonly since: string;
  /** In one line. */
  readonly detail: string;
};

export type Standing = {
  readonly commit: string;
  readonly subject: string;
  /** `nothing`: no host's guest is another one by this commit. */
  readonly state: 'nothing' | 'under-way' | 'halted' | 'done' | 'overtaken';
  /** The commit that hosts follow instead; null: it is not overtaken. */
  readonly overtakenBy: string | null;
  readonly guests: readonly string[];
  /** Hosts that have all that the commit changed, and have soaked; of those that are to. */
  readonly done: number;
  readonly hosts: number;
  readonly waves: readonly StandingWave[];
  readonly failures: readonly FailedThere[];
};

export type StandingWave = {
  readonly number: number;
  readonly of: string;
  readonly done: number;
  readonly hosts: number;
  /** Why it does not go on, in sentences. */
  readonly waits: readonly string[];
};

/** @param document the roll-out of the commit that hosts follow now */
export function standingOf(news: CommitNews, document: RolloutDocument): Standing {
  const asked = new Map(document.guests.map(({ guest, change }) => [guest, change]));
  const touched = [...news.touched].filter(([guest]) => asked.has(guest));
  const current = new Set(touched.flatMap(([guest, change]) => (asked.get(guest) === change ? guest : [])));
  const overtaken = current.size < touched.length;
  const waves = document.waves.flatMap((wave) => waveOf(wave, current));
  const [done, hosts] = [sum(waves.map((wave) => wave.done)), sum(waves.map((wave) => wave.hosts))];
  const common = {
    commit: news.commit,
    subject: news.subject,
    overtakenBy: overtaken ? document.commit : null,
    guests: touched.map(([guest]) => guest),
    ...{ done, hosts, waves, failures: failuresIn(document, current) },
  };
  if (touched.length === 0) return { ...common, state: 'nothing' };
  if (document.guests.some(({ guest, state }) => current.has(guest) && state === 'halted'))
    return { ...common, state: 'halted' };
  if (done < hosts) return { ...common, state: 'under-way' };
  return { ...common, state: overtaken ? 'overtaken' : 'done' };
}

/** Whether nothing more is to come of it: it is told once, and then no more. */
export function isFinal({ state }: Standing): boolean {
  return state === 'nothing' || state === 'done' || state === 'overtaken';
}

/**
 * Tells a standing from the one before it, for whom it is shown to; minutes that pass are no news. In a large fleet not every host is
 * worth a message: each hundredth part is.
 */
export function digestOfStanding(standing: Standing): string {
  const { state, overtakenBy, done, hosts, waves, failures } = standing;
  const share = hosts > MOST_STEPS ? Math.floor((done * MOST_STEPS) / hosts) : done;
  return digest([
    ...[state, overtakenBy, share, hosts],
    waves.map((wave) => wave.done === wave.hosts),
    failures.map(({ host, guest, since }) => [host, guest, since]),
  ]);
}

const MOST_STEPS = 100;

/** The same for whom only turns are worth a message: it began, it halted, it goes on, it is done. */
export function digestOfState({ state, overtakenBy }: Standing): string {
  return digest([state, overtakenBy]);
}

function digest(value: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

function waveOf(wave: WaveLine, current: ReadonlySet<string>): StandingWave[] {
  const hosts = wave.hosts.filter((host) => isConcerned(host, current));
  if (hosts.length === 0) return [];
  const done = hosts.filter((host) => isDone(host, current)).length;
  const waits = wave.waits.flatMap(({ guest, detail }) => (current.has(guest) ? detail : []));
  return [{ number: wave.number, of: wave.of, done, hosts: hosts.length, waits: [...new Set(waits)] }];
}

/** Also a host of which nobody can tell: its file cannot be read. */
function isConcerned(host: HostLine, current: ReadonlySet<string>): boolean {
  if (isBroken(host)) return current.size > 0;
  return host.guests.some(({ guest }) => current.has(guest));
}

function isDone(host: HostLine, current: ReadonlySet<string>): boolean {
  return !isBroken(host) && host.guests.every(({ guest, state }) => !current.has(guest) || state === 'done');
}

function isBroken({ guests, silent }: HostLine): boolean {
  return guests.length === 0 && silent !== null;
}

/** Those that hosts say of themselves, and those that a halt is about. */
function failuresIn({ waves, halts }: RolloutDocument, current: ReadonlySet<string>): readonly FailedThere[] {
  const live = waves.flatMap(({ hosts }) =>
    hosts.flatMap(({ host, guests }) =>
      guests.flatMap(({ guest, state, since, detail }): FailedThere[] =>
        state === 'failed' ? [{ host, guest, since: since ?? '', detail: detail ?? '' }] : [],
      ),
    ),
  );
  const quoted = halts.flatMap(({ guest, failures }) => failures.map((failure) => ({ ...failure, guest })));
  const all = [...quoted, ...live].filter(({ guest }) => current.has(guest));
  const each = new Map(all.map((failure) => [`${failure.host} ${failure.guest}`, failure]));
  return [...each.values()].sort((one, other) => (one.host < other.host ? -1 : 1));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
