/** What `boxreeve rollout status` prints, as JSON. Pure. */
import { iso } from '../clock.ts';
import type { HostSelector, RolloutSpec } from '../desired/spec.ts';
import { decideRollout, failuresOf, membersWith, progressIn, whyNotDone } from '../rollout/decide.ts';
import type { Failure, FleetFacts, GuestProgress, HostWord, Member, Resume } from '../rollout/progress.ts';
import type { HeldLease, ReadLeases } from '../rollout/read-leases.ts';
import { type Wave, wavesOf } from '../rollout/waves.ts';

/** What was read. */
export type RolloutView = {
  /** ms since the epoch. */
  readonly now: number;
  /** The commit that hosts are to follow. */
  readonly commit: string;
  readonly subject: string;
  readonly rollout: RolloutSpec | null;
  readonly facts: FleetFacts;
  readonly words: ReadonlyMap<string, HostWord>;
  readonly resumes: readonly ResumeLine[];
  readonly leases: ReadLeases;
  readonly problems: readonly string[];
  readonly offline: string | null;
};

export type ResumeLine = Resume & {
  readonly commit: string;
  /** Name of the approver; null: nobody had to sign. */
  readonly by: string | null;
  readonly reason: string;
  /** ms since the epoch. */
  readonly at: number;
};

export type RolloutState = 'done' | 'under-way' | 'halted';

export type RolloutDocument = {
  /** When this was read, ISO 8601 UTC. */
  readonly time: string;
  readonly commit: string;
  readonly subject: string;
  /** Whether `fleet.yaml` has a `rollout:`; without it, no host waits for another. */
  readonly rollout: boolean;
  readonly state: RolloutState;
  readonly guests: readonly GuestLine[];
  readonly waves: readonly WaveLine[];
  readonly halts: readonly {
    readonly guest: string;
    readonly change: string;
    readonly failures: readonly Failure[];
    readonly detail: string;
  }[];
  readonly resumes: readonly (Omit<ResumeLine, 'at'> & { readonly time: string })[];
  readonly leases: {
    /** `git`, or the address of a FleetLock server, which does not tell who holds what. */
    readonly of: string;
    /** How many guests may be out of service at a time; null: a server says so, or nobody. */
    readonly most: number | null;
    readonly held: readonly HeldLease[];
    /** Slots that cannot be read, and count as taken. */
    readonly unreadable: readonly number[];
  };
  /** What cannot be read of the desired state. */
  readonly problems: readonly string[];
  readonly offline: string | null;
};

export type GuestLine = {
  readonly guest: string;
  readonly change: string;
  readonly state: RolloutState;
  /** Hosts that have it and have soaked, of those that are to. */
  readonly done: number;
  readonly hosts: number;
  /** The first wave that is not done, counted from 1; null: all are. */
  readonly wave: number | null;
};

export type WaveLine = {
  readonly number: number;
  /** Who is in it, as `fleet.yaml` says it. */
  readonly of: string;
  readonly soakMs: number;
  readonly state: RolloutState | 'waiting' | 'empty';
  /** What is held back here, by guest. */
  readonly waits: readonly { readonly guest: string; readonly halted: boolean; readonly detail: string }[];
  readonly hosts: readonly HostLine[];
};

export type HostLine = {
  readonly host: string;
  /** When its newest record was made, ISO 8601 UTC; null: it has none that is believed. */
  readonly recordedAt: string | null;
  /** Why nothing is known of it; null: it is. */
  readonly silent: string | null;
  readonly guests: readonly HostGuestLine[];
};

export type HostGuestLine = {
  readonly guest: string;
  /** `behind`: it has not followed this commit yet. `unprobed`: it has soaked, and its probes are missing. */
  readonly state: 'silent' | 'behind' | 'pending' | 'failed' | 'unhealthy' | 'soaking' | 'unprobed' | 'done';
  /** ISO 8601 UTC; null: not known. */
  readonly since: string | null;
  readonly healthyMs: number | null;
  readonly probed: boolean;
  /** Why it is not done; null: it is. */
  readonly detail: string | null;
};

/** Where nothing is said of roll-outs, each host changes when it can, and nothing is ever halted. */
const NO_ROLLOUT: RolloutSpec = {
  waves: [],
  maxUnavailable: { percent: 100 },
  haltAfterFailures: Number.POSITIVE_INFINITY,
  requireProbes: false,
  onHalt: 'stay',
  proposeRevert: false,
  fleetLock: null,
};

export function rolloutDocument(view: RolloutView): RolloutDocument {
  const { facts, resumes } = view;
  const rollout = view.rollout ?? NO_ROLLOUT;
  const waves = wavesOf(rollout.waves, facts.members);
  const of = [...rollout.waves.map(({ hosts }) => selectorText(hosts)), lastText(rollout)];
  const asked: Asked = { ...view, rollout, waves };
  const guests = [...facts.changes].flatMap(([guest, change]) => guestLine(asked, guest, change) ?? []);
  const lines = waves.map((wave, index) => waveLine(asked, guests, wave, index, of[index] ?? ''));
  const halted = guests.filter(({ state }) => state === 'halted');
  return {
    time: iso(view.now),
    commit: view.commit,
    subject: view.subject,
    rollout: view.rollout !== null,
    state:
      halted.length > 0 ? 'halted' : guests.every(({ state }) => state === 'done') ? 'done' : 'under-way',
    guests,
    // nobody is in the last one if all hosts are named
    waves: lines.filter(({ state, number }) => state !== 'empty' || number <= rollout.waves.length),
    halts: halted.map(({ guest, change }) => {
      const decision = decide(asked, guest, change, '');
      return {
        ...{ guest, change, failures: failuresOf({ ...asked, guest, change }) },
        detail: decision.may === 'halted' ? decision.detail : '',
      };
    }),
    resumes: resumes.map(({ at, ...resume }) => ({ ...resume, time: iso(at) })),
    leases: leasesOf(view),
    problems: view.problems,
    offline: view.offline,
  };
}

type Asked = Omit<RolloutView, 'rollout'> & {
  readonly rollout: RolloutSpec;
  readonly waves: readonly Wave[];
};

function decide(asked: Asked, guest: string, change: string, host: string) {
  return decideRollout({ ...asked, guest, change, host });
}

/** null: no host has it. */
function guestLine(asked: Asked, guest: string, change: string): GuestLine | null {
  const { waves, rollout } = asked;
  const left = waves.map((wave) =>
    membersWith(wave, guest).filter((member) => whyNotDone({ ...asked, guest }, wave, member) !== null),
  );
  const hosts = waves.reduce((sum, wave) => sum + membersWith(wave, guest).length, 0);
  if (hosts === 0) return null;
  const waiting = left.reduce((sum, { length }) => sum + length, 0);
  const first = left.findIndex(({ length }) => length > 0);
  const halted = failuresOf({ ...asked, guest, change }).length >= rollout.haltAfterFailures;
  return {
    ...{ guest, change, hosts, done: hosts - waiting },
    state: halted ? 'halted' : waiting === 0 ? 'done' : 'under-way',
    wave: first < 0 ? null : first + 1,
  };
}

function waveLine(
  asked: Asked,
  guests: readonly GuestLine[],
  wave: Wave,
  index: number,
  of: string,
): WaveLine {
  const members = wave.members.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const hosts = members.map((member) => hostLine(asked, guests, wave, member));
  const open = guests.filter(({ guest }) => hosts.some((host) => isOpen(host, guest)));
  // all of a wave wait for the same
  const decisions = open.map(({ guest, change }) => {
    return { guest, decision: decide(asked, guest, change, wave.members[0]?.name ?? '') };
  });
  const waits = decisions.flatMap(({ guest, decision }) =>
    decision.may === 'go' ? [] : [{ guest, halted: decision.may === 'halted', detail: decision.detail }],
  );
  const line = { number: index + 1, of, soakMs: wave.soak, waits, hosts };
  if (hosts.length === 0) return { ...line, state: 'empty' };
  const broken = hosts.some(({ guests: of, silent }) => of.length === 0 && silent !== null);
  if (open.length === 0 && !broken) return { ...line, state: 'done' };
  if (waits.length < open.length || open.length === 0) return { ...line, state: 'under-way' };
  return { ...line, state: waits.every(({ halted }) => halted) ? 'halted' : 'waiting' };
}

function isOpen({ guests }: HostLine, guest: string): boolean {
  return guests.some((each) => each.guest === guest && each.state !== 'done');
}

function hostLine(asked: Asked, guests: readonly GuestLine[], wave: Wave, member: Member): HostLine {
  const word = asked.words.get(member.name);
  const told = word?.state === 'told' ? word : null;
  const mine = guests.filter(({ guest }) => member.guests.has(guest));
  return {
    host: member.name,
    recordedAt: told === null ? null : iso(told.at),
    silent: member.broken ?? (word?.state === 'silent' ? word.why : null),
    guests: mine.map(({ guest }) => hostGuestLine(asked, wave, member, guest)),
  };
}

function hostGuestLine(asked: Asked, wave: Wave, member: Member, guest: string): HostGuestLine {
  const why = whyNotDone({ ...asked, guest }, wave, member);
  const word = asked.words.get(member.name);
  const progress = progressIn(word, guest) ?? null;
  const current = progress?.fingerprint === member.guests.get(guest) ? progress : null;
  const state = word?.state === 'told' ? stateOf(current, why === null, wave.soak) : 'silent';
  return {
    guest,
    state,
    since: current?.since ?? null,
    healthyMs: current?.healthyMs ?? null,
    probed: current?.probed ?? false,
    detail: why === null ? null : detailOf(state, word, current, why.slice(member.name.length + 1)),
  };
}

/** @param why as others wait for it, without the host's name */
function detailOf(
  state: HostGuestLine['state'],
  word: HostWord | undefined,
  progress: GuestProgress | null,
  why: string,
): string {
  if (state === 'failed' || state === 'unhealthy') return progress?.detail ?? why;
  const held = state === 'pending' && word?.state === 'told' ? (word.heldBy ?? []) : [];
  return held.length === 0 ? why : held.join('; ');
}

function stateOf(progress: GuestProgress | null, done: boolean, soak: number): HostGuestLine['state'] {
  if (progress === null) return 'behind';
  if (done) return 'done';
  if (progress.state !== 'healthy') return progress.state;
  return (progress.healthyMs ?? 0) < soak ? 'soaking' : 'unprobed';
}

function leasesOf({ rollout, facts, leases }: RolloutView): RolloutDocument['leases'] {
  if (rollout === null) return { of: 'git', most: null, ...leases };
  if (rollout.fleetLock !== null) return { of: rollout.fleetLock.url, most: null, ...leases };
  const { maxUnavailable } = rollout;
  const share = 'count' in maxUnavailable ? null : (maxUnavailable.percent * facts.guestCount) / 100;
  const most = 'count' in maxUnavailable ? maxUnavailable.count : Math.max(1, Math.floor(share ?? 0));
  return { of: 'git', most, ...leases };
}

function selectorText(hosts: HostSelector): string {
  switch (hosts.by) {
    case 'label':
      return `label ${hosts.label}`;
    case 'name':
      return hosts.hosts.join(', ');
    case 'percent':
      return `${hosts.percent}% of the hosts`;
  }
}

function lastText({ waves }: RolloutSpec): string {
  return waves.length === 0 ? 'all hosts' : 'all others';
}
