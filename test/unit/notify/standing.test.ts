import { describe, expect, it } from 'vitest';
import { HOUR, iso, MINUTE } from '../../../reconciler/clock.ts';
import {
  digestOfStanding,
  digestOfState,
  isFinal,
  type Standing,
  standingOf,
} from '../../../reconciler/notify/standing.ts';
import { rolloutDocument } from '../../../reconciler/report/rollout-document.ts';
import type { GuestProgress, HostWord, Member } from '../../../reconciler/rollout/progress.ts';
import { rolloutOf } from '../plan/builders.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const [TIP, BEFORE] = ['b'.repeat(40), 'a'.repeat(40)];
const GUESTS = ['agent', 'builder'];

/** Three hosts with both guests, the first in a wave of its own. */
const MEMBERS: readonly Member[] = ['h1', 'h2', 'h3'].map((name) => ({
  name,
  labels: name === 'h1' ? ['canary'] : [],
  guests: new Map(GUESTS.map((guest) => [guest, `${guest} new`])),
  broken: null,
}));

type States = Readonly<Record<string, GuestProgress['state']>>;

function word(states: States, minutes = 0): HostWord {
  const of = (guest: string, state: GuestProgress['state']): GuestProgress => ({
    ...{ fingerprint: `${guest} new`, state, since: iso(NOW - HOUR - minutes), probed: true },
    ...{ healthyMs: state === 'healthy' ? HOUR : null, detail: state === 'healthy' ? '' : 'init failed' },
  });
  const progress = Object.fromEntries(
    Object.entries(states).map(([guest, state]) => [guest, of(guest, state)]),
  );
  return { state: 'told', at: NOW, progress, halts: [] };
}

const all = (state: GuestProgress['state']): States => ({ agent: state, builder: state });

type Asked = {
  readonly touched?: readonly string[];
  readonly commit?: string;
  readonly changes?: Readonly<Record<string, string>>;
  readonly limit?: number;
  readonly members?: readonly Member[];
  readonly now?: number;
};

function of(words: Readonly<Record<string, HostWord>>, asked: Asked = {}): Standing {
  const { touched = ['agent'], commit = TIP, changes = {}, limit = 1, members = MEMBERS, now = NOW } = asked;
  const document = rolloutDocument({
    ...{ now, commit: TIP, subject: 'the newest', problems: [], offline: null, resumes: [] },
    rollout: rolloutOf({
      waves: [{ hosts: { by: 'label', label: 'canary' }, soak: HOUR }],
      haltAfterFailures: limit,
    }),
    facts: {
      members,
      changes: new Map(GUESTS.map((guest) => [guest, `${guest} change`])),
      guestCount: 6,
      keys: new Map(),
    },
    words: new Map(Object.entries(words)),
    leases: { held: [], unreadable: [] },
  });
  const news = new Map(touched.map((guest) => [guest, changes[guest] ?? `${guest} change`]));
  return standingOf({ commit, subject: 'Bump', touched: news }, document);
}

const HEALTHY = word(all('healthy'));
const PENDING = word(all('pending'));

describe('how far the fleet is with a commit', () => {
  it('is the number of hosts that have what it changed, and have soaked, by wave', () => {
    expect(of({ h1: HEALTHY, h2: HEALTHY, h3: PENDING })).toMatchObject({
      ...{ state: 'under-way', done: 2, hosts: 3, guests: ['agent'], failures: [] },
      waves: [
        { number: 1, done: 1, hosts: 1 },
        { number: 2, done: 1, hosts: 2 },
      ],
    });
  });

  it('is about the guests that it changed, and not about others', () => {
    const half = word({ agent: 'healthy', builder: 'pending' });
    const words = { h1: half, h2: half, h3: half };
    expect(of(words, { touched: ['agent'] })).toMatchObject({ state: 'done', done: 3, hosts: 3 });
    expect(of(words, { touched: ['builder'] })).toMatchObject({ state: 'under-way', done: 0 });
    expect(of(words, { touched: ['agent', 'builder'] })).toMatchObject({ state: 'under-way', done: 0 });
  });

  it('is nothing to tell where no host has a guest that it changed', () => {
    expect(of({}, { touched: [] })).toMatchObject({ state: 'nothing', hosts: 0 });
    expect(of({}, { touched: ['agent of nobody'] })).toMatchObject({ state: 'nothing' });
  });

  it('is halted where it failed on as many hosts as that takes, with where and why', () => {
    const failed = word({ agent: 'failed', builder: 'healthy' });
    expect(of({ h1: failed, h2: PENDING, h3: PENDING })).toMatchObject({
      state: 'halted',
      failures: [{ host: 'h1', guest: 'agent', detail: 'init failed', since: iso(NOW - HOUR) }],
    });
    expect(of({ h1: failed, h2: PENDING, h3: PENDING }, { limit: 2 })).toMatchObject({
      state: 'under-way',
      failures: [{ host: 'h1' }],
    });
    expect(of({ h1: failed, h2: PENDING, h3: PENDING }, { touched: ['builder'] })).toMatchObject({
      state: 'under-way',
      failures: [],
    });
  });

  it('is overtaken where hosts are asked for another change of the same guest by now', () => {
    const earlier = { commit: BEFORE, changes: { agent: 'an earlier change' } };
    expect(of({ h1: PENDING }, earlier)).toMatchObject({ state: 'overtaken', overtakenBy: TIP, hosts: 0 });
    const both = { ...earlier, touched: ['agent', 'builder'] };
    expect(of({ h1: HEALTHY, h2: PENDING, h3: PENDING }, both)).toMatchObject({
      ...{ state: 'under-way', overtakenBy: TIP, done: 1, hosts: 3 },
    });
    expect(of({ h1: HEALTHY, h2: HEALTHY, h3: HEALTHY }, both)).toMatchObject({ state: 'overtaken' });
  });

  it('goes on under the next commit where that one leaves the guest as it is', () => {
    expect(of({ h1: HEALTHY, h2: HEALTHY, h3: HEALTHY }, { commit: BEFORE })).toMatchObject({
      state: 'done',
    });
  });

  it('is not done while there is a host of which nobody can tell', () => {
    const broken: Member = { name: 'h4', labels: [], guests: new Map(), broken: 'h4.yaml cannot be read' };
    const words = { h1: HEALTHY, h2: HEALTHY, h3: HEALTHY };
    expect(of(words, { members: [...MEMBERS, broken] })).toMatchObject({
      state: 'under-way',
      done: 3,
      hosts: 4,
    });
    expect(of({ h1: HEALTHY, h2: HEALTHY })).toMatchObject({ state: 'under-way', done: 2, hosts: 3 });
  });
});

describe('what is news', () => {
  const some = (change: Partial<Standing> = {}): Standing => ({
    ...of({ h1: HEALTHY, h2: PENDING }),
    ...change,
  });

  it('is another host that has it, a halt and a failure, and not a minute that passed', () => {
    const words = { h1: word(all('pending')), h2: PENDING, h3: PENDING };
    const later = of(words, { now: NOW + 5 * MINUTE });
    expect(digestOfStanding(later)).toBe(digestOfStanding(of(words)));
    const others = [
      of({ h1: HEALTHY, h2: HEALTHY }),
      of({ h1: word(all('failed')) }),
      of({ h1: word(all('failed'), 1) }),
      of({ h1: word(all('failed')) }, { limit: 2 }),
    ];
    const digests = [of(words), ...others].map(digestOfStanding);
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('is, in a large fleet, each hundredth part of it', () => {
    const digests = Array.from({ length: 5001 }, (_, done) => digestOfStanding(some({ done, hosts: 5000 })));
    expect(new Set(digests).size).toBe(101);
  });

  it('is, for whom only turns matter, the state', () => {
    expect(digestOfState(some({ done: 2 }))).toBe(digestOfState(some({ done: 1 })));
    expect(digestOfState(some({ state: 'halted' }))).not.toBe(digestOfState(some()));
  });

  it('is over when nothing more can come of it', () => {
    const final = (['nothing', 'under-way', 'halted', 'done', 'overtaken'] as const).filter((state) =>
      isFinal(some({ state })),
    );
    expect(final).toEqual(['nothing', 'done', 'overtaken']);
  });
});
