/**
 * What a seed says of a fleet: its hosts, its roll-out rules, what is merged and when, and what befalls whom. The last commit is a good
 * one, and from then on all is calm.
 */
import { DAY, HOUR, MINUTE } from '../../../reconciler/clock.ts';
import type { GuestSpec, HostSpec, RolloutSpec, WaveSpec } from '../../../reconciler/desired/spec.ts';
import { SKEW } from '../../../reconciler/rollout/lease/slot.ts';
import type { FleetFacts } from '../../../reconciler/rollout/progress.ts';
import { file, guest, host as hostSpec, NOW, rolloutOf } from '../../unit/plan/builders.ts';
import type { Random } from '../random.ts';
import { type Span, spans } from '../schedule.ts';

export const GUEST = 'azure-agent';

export type Release = {
  readonly at: number;
  readonly commit: string;
  readonly guest: GuestSpec;
  /** Where it does not work. */
  readonly isBad: (host: string) => boolean;
  readonly isBadEverywhere: boolean;
  /** What it says of the whole fleet. */
  readonly facts: FleetFacts;
  readonly specs: ReadonlyMap<string, HostSpec>;
};

export type Fate = {
  readonly name: string;
  readonly labels: readonly string[];
  /** Its clock is so much ahead, in milliseconds. */
  readonly skew: number;
  /** How long a build takes, from and to, in milliseconds. */
  readonly build: readonly [number, number];
  readonly cutOff: readonly Span[];
  /** It is switched off for good; null: it is not. */
  readonly diesAt: number | null;
};

export type Story = {
  readonly begin: number;
  readonly calm: number;
  readonly end: number;
  readonly rollout: RolloutSpec;
  readonly slots: number;
  /** Time between two polls, from and to. */
  readonly poll: readonly [number, number];
  /** How often an agent that could take a job gets one, each time that somebody looks. */
  readonly jobs: number;
  readonly hosts: readonly Fate[];
  /** The first is what runs at the beginning. */
  readonly releases: readonly [Release, ...Release[]];
};

export type FleetSize = {
  readonly hosts: number;
  /** Commits besides the first, and the last. */
  readonly changes: readonly [number, number];
  readonly poll: readonly [number, number];
  readonly jobs: number;
};

export function storyOf({ hosts: count, changes, poll, jobs }: FleetSize, random: Random): Story {
  const begin = NOW;
  const gaps = Array.from({ length: random.between(...changes) }, () => random.between(HOUR, 9 * HOUR));
  const calm = begin + gaps.reduce((total, gap) => total + gap, 2 * HOUR);
  const labelled = random.between(1, Math.max(2, Math.ceil(count / 8)));
  const hosts = Array.from({ length: count }, (_, index) =>
    fateOf(index, index < labelled, { begin, calm }, random.fork(index)),
  );
  const { rollout, slots } = rulesOf(hosts, random.fork(-1));
  const fleet = { hosts, rollout };
  let at = begin;
  const between = gaps.map((gap, index) => {
    at += gap;
    return release(index + 1, at, badOn(hosts, random), fleet, (host) => isThere(host, at));
  });
  const first = release(0, begin - DAY, [], fleet, () => true);
  const last = release(gaps.length + 1, calm, [], fleet, ({ diesAt }) => diesAt === null);
  const rounds = Math.ceil(count / slots) + rollout.waves.length + 2;
  const soaks = rollout.waves.reduce((total, { soak }) => total + soak, 0);
  return {
    begin,
    calm,
    // a build, the poll at which one has its turn, and leases of hosts that died with one
    end: calm + 2 * soaks + rounds * (2 * HOUR + 3 * poll[1]) + DAY,
    rollout,
    slots,
    poll,
    jobs,
    hosts,
    releases: [first, ...between, last],
  };
}

/** One good change, and nothing goes wrong: a canary of a hundredth, then all, a tenth at a time. */
export function goodStory(count: number, poll: Story['poll']): Story {
  const canaries = Math.ceil(count / 100);
  const hosts = Array.from(
    { length: count },
    (_, index): Fate => ({
      name: `host${index + 1}`,
      labels: index < canaries ? ['canary'] : [],
      skew: 0,
      build: [8 * MINUTE, 12 * MINUTE],
      cutOff: [],
      diesAt: null,
    }),
  );
  const rollout = rolloutOf({
    waves: [{ hosts: { by: 'label', label: 'canary' }, soak: 2 * HOUR }],
    maxUnavailable: { percent: 10 },
  });
  const at = NOW + 2 * poll[1];
  const fleet = { hosts, rollout };
  const releases: Story['releases'] = [
    release(0, NOW - DAY, [], fleet, () => true),
    release(1, at, [], fleet, () => true),
  ];
  const slots = Math.max(1, Math.floor(count / 10));
  return { begin: NOW, calm: at, end: at + 30 * DAY, rollout, slots, poll, jobs: 0, hosts, releases };
}

/** A commit takes out of the fleet who has been gone for so long. */
function isThere({ diesAt }: Fate, at: number): boolean {
  return diesAt === null || at < diesAt + 4 * HOUR;
}

function fateOf(
  index: number,
  isCanary: boolean,
  { begin, calm }: Pick<Story, 'begin' | 'calm'>,
  random: Random,
): Fate {
  const isSlow = random.chance(0.1);
  const cuts = random.chance(0.4) ? spans({ begin, calm }, random, 8 * HOUR, HOUR) : [];
  return {
    name: `host${index + 1}`,
    labels: isCanary ? ['canary'] : [],
    // of two clocks
    skew: random.between(-SKEW / 2, SKEW / 2),
    build: isSlow ? [25 * MINUTE, 30 * MINUTE] : [3 * MINUTE, 20 * MINUTE],
    cutOff: cuts,
    diesAt: random.chance(0.04) ? random.between(begin, calm) : null,
  };
}

function rulesOf(hosts: readonly Fate[], random: Random): Pick<Story, 'rollout' | 'slots'> {
  const soak = () => random.pick([0, 10 * MINUTE, 30 * MINUTE, 2 * HOUR]);
  const some = hosts.slice(1, 1 + random.between(1, 3)).map(({ name }) => name);
  const waves: WaveSpec[] = [
    { hosts: { by: 'label', label: 'canary' }, soak: soak() },
    ...(random.chance(0.3) ? [{ hosts: { by: 'name' as const, hosts: some }, soak: soak() }] : []),
    ...(random.chance(0.2) ? [{ hosts: { by: 'label' as const, label: 'nobody' }, soak: soak() }] : []),
    ...(random.chance(0.5) ? [{ hosts: { by: 'percent' as const, percent: 30 }, soak: soak() }] : []),
  ];
  const percent = random.pick([10, 20, 34]);
  const isShare = hosts.length > 8 || random.chance(0.3);
  const count = random.between(1, 4);
  const slots = isShare ? Math.max(1, Math.floor((hosts.length * percent) / 100)) : count;
  const rollout = rolloutOf({
    waves,
    maxUnavailable: isShare ? { percent } : { count },
    haltAfterFailures: random.pick([1, 1, 2, 3]),
    requireProbes: random.chance(0.3),
    onHalt: random.pick(['stay', 'rollback']),
  });
  return { rollout, slots };
}

/** Hosts on which a change does not work. */
function badOn(hosts: readonly Fate[], random: Random): readonly Fate[] {
  const kind = random.next();
  if (kind < 0.35) return hosts;
  if (kind < 0.6) return [];
  const share = random.pick([0.05, 0.3, 0.7]);
  return hosts.filter(() => random.chance(share));
}

function release(
  index: number,
  at: number,
  bad: readonly Fate[],
  { hosts, rollout }: Pick<Story, 'hosts' | 'rollout'>,
  isMember: (host: Fate) => boolean,
): Release {
  const asked = guest({
    window: null,
    agent: { system: 'command', drain: ['drain'], idle: ['idle'], undrain: ['undrain'] },
    files: [file('Vagrantfile', 'v1'), file('init.sh', `v${index}`)],
    probes: [{ name: 'agent up', run: 'true', expect: null }],
    fingerprint: `v${index}`,
  });
  const members = hosts.filter(isMember);
  const names = new Set(bad.map(({ name }) => name));
  const about = { window: null, rollout, fleetSize: members.length };
  return {
    at,
    commit: index.toString(16).padStart(40, '0'),
    guest: asked,
    isBad: (host) => names.has(host),
    isBadEverywhere: names.size === hosts.length,
    facts: {
      members: members.map(({ name, labels }) => ({
        name,
        labels,
        guests: new Map([[GUEST, asked.fingerprint]]),
        broken: null,
      })),
      changes: new Map([[GUEST, asked.fingerprint]]),
      guestCount: members.length,
      keys: new Map(),
    },
    specs: new Map(
      members.map(({ name, labels }) => [name, hostSpec([asked], { host: name, labels, ...about })]),
    ),
  };
}
