import { expect, it } from 'vitest';
import { HOUR, iso, MINUTE } from '../../../reconciler/clock.ts';
import { type RolloutView, rolloutDocument } from '../../../reconciler/report/rollout-document.ts';
import { showRollout } from '../../../reconciler/report/rollout-text.ts';
import type { GuestProgress, HostWord, Member } from '../../../reconciler/rollout/progress.ts';
import { checkDocument } from '../../lab/check-document.ts';
import { rolloutOf } from '../plan/builders.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const GUEST = 'azure-agent';
const CHANGE = 'c'.repeat(64);
const SINCE = iso(NOW - 20 * MINUTE);

const ROLLOUT = rolloutOf({
  waves: [
    { hosts: { by: 'label', label: 'canary' }, soak: 2 * HOUR },
    { hosts: { by: 'percent', percent: 50 }, soak: HOUR },
  ],
  maxUnavailable: { count: 2 },
});

function members(count: number): readonly Member[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `builder${index + 1}`,
    labels: index === 0 ? ['canary'] : [],
    guests: new Map([[GUEST, 'f'.repeat(64)]]),
    broken: null,
  }));
}

function view(words: Readonly<Record<string, HostWord>>, change: Partial<RolloutView> = {}): RolloutView {
  const all = members(6);
  return {
    now: NOW,
    commit: '9ab3e51f00000000000000000000000000000000',
    subject: 'Bump azure-ci-node (#13063)',
    rollout: ROLLOUT,
    facts: { members: all, changes: new Map([[GUEST, CHANGE]]), guestCount: all.length, keys: new Map() },
    words: new Map(Object.entries(words)),
    resumes: [],
    leases: { held: [], unreadable: [] },
    problems: [],
    offline: null,
    ...change,
  };
}

function told(change: Partial<GuestProgress> = {}): HostWord {
  const progress: GuestProgress = {
    ...{ fingerprint: 'f'.repeat(64), state: 'healthy', since: SINCE, healthyMs: 20 * MINUTE },
    ...{ probed: true, detail: '' },
    ...change,
  };
  return { state: 'told', at: NOW - MINUTE, progress: { [GUEST]: progress }, halts: [] };
}

/** All say the same, but for some. */
function fleet(word: HostWord, besides: Readonly<Record<string, HostWord>> = {}) {
  return { ...Object.fromEntries(members(6).map(({ name }) => [name, word])), ...besides };
}

const DONE = told({ since: iso(NOW - 3 * HOUR), healthyMs: 2 * HOUR });
const PENDING = told({ state: 'pending', healthyMs: null });
const HELD: HostWord = { ...PENDING, ...{ heldBy: ['a job runs in azure-agent'] } };
const UNDER_WAY = view({
  builder1: DONE,
  builder2: told(),
  builder3: told({ state: 'pending', fingerprint: 'e'.repeat(64) }),
  builder4: HELD,
  builder5: { state: 'silent', why: 'has no record on the remote' },
  builder6: PENDING,
});

function shown(of: RolloutView, width = 100): string {
  const document = rolloutDocument(of);
  checkDocument(['rollout', 'status'], document);
  return showRollout(document, { color: false, width });
}

it('each wave is told with its hosts, how far they are, and what it waits for', () => {
  expect(shown(UNDER_WAY)).toMatchInlineSnapshot(`
    "9ab3e51 Bump azure-ci-node (#13063): under way
      azure-agent: 1 of 6 hosts done, wave 2 of 3

    wave 1 (label canary, soak 2 h): done
      builder1  azure-agent  done  2026-11-25 09:00Z

    wave 2 (50% of the hosts, soak 1 h): under way
      builder2  azure-agent  soaking  2026-11-25 11:40Z  healthy 20 min of 1 h
      builder3  azure-agent  behind                      has not followed this commit yet
      builder4  azure-agent  pending  2026-11-25 11:40Z  a job runs in azure-agent

    wave 3 (all others): waits
      azure-agent is waiting for wave 2: builder4 has not changed yet, builder2 healthy 20 min of 1 h,
                  builder3 has not followed this commit yet
      builder5  azure-agent  silent                      has no record on the remote
      builder6  azure-agent  pending  2026-11-25 11:40Z  has not changed yet
    "
  `);
});

it('a halt is told once, with the hosts it failed on and what lets it go on', () => {
  const failed = told({ state: 'failed', healthyMs: null, detail: 'its init failed' });
  expect(shown(view(fleet(PENDING, { builder1: failed, builder5: DONE })))).toMatchInlineSnapshot(`
    "9ab3e51 Bump azure-ci-node (#13063): HALTED
      azure-agent: 1 of 6 hosts done, wave 1 of 3, HALTED
      HALTED: the roll-out of azure-agent is halted, since it failed on builder1: its init failed; it
              goes on with a new commit, or by \`boxreeve rollout resume\`

    wave 1 (label canary, soak 2 h): HALTED
      azure-agent is halted
      builder1  azure-agent  failed  2026-11-25 11:40Z  its init failed

    wave 2 (50% of the hosts, soak 1 h): HALTED
      azure-agent is halted
      builder2  azure-agent  pending  2026-11-25 11:40Z  has not changed yet
      builder3  azure-agent  pending  2026-11-25 11:40Z  has not changed yet
      builder4  azure-agent  pending  2026-11-25 11:40Z  has not changed yet

    wave 3 (all others): HALTED
      azure-agent is halted
      builder5  azure-agent  done     2026-11-25 09:00Z
      builder6  azure-agent  pending  2026-11-25 11:40Z  has not changed yet
    "
  `);
});

it('what was forgiven, and who has guests out of service, is told with who said so', () => {
  const since = iso(NOW - 2 * HOUR);
  const failed = told({ state: 'failed', since, healthyMs: null, detail: 'its init failed' });
  const resume = {
    guest: GUEST,
    change: CHANGE,
    forgiven: [{ host: 'builder1', since }],
    commit: 'd'.repeat(40),
  };
  const lease = {
    slot: 0,
    token: 7,
    host: 'builder1',
    guests: [GUEST],
    since: SINCE,
    until: iso(NOW + HOUR),
  };
  const of = view(fleet(PENDING, { builder1: failed, builder5: DONE }), {
    resumes: [{ ...resume, by: 'ada@example.org', reason: 'a full disk', at: NOW - HOUR }],
    leases: { held: [lease], unreadable: [1] },
  });
  expect(shown(of)).toMatchInlineSnapshot(`
    "9ab3e51 Bump azure-ci-node (#13063): under way
      azure-agent: 1 of 6 hosts done, wave 1 of 3

    wave 1 (label canary, soak 2 h): under way
      builder1  azure-agent  failed  2026-11-25 10:00Z  its init failed

    wave 2 (50% of the hosts, soak 1 h): waits
      azure-agent is waiting for wave 1: builder1 failed: its init failed
      builder2  azure-agent  pending  2026-11-25 11:40Z  has not changed yet
      builder3  azure-agent  pending  2026-11-25 11:40Z  has not changed yet
      builder4  azure-agent  pending  2026-11-25 11:40Z  has not changed yet

    wave 3 (all others): waits
      azure-agent is waiting for wave 1: builder1 failed: its init failed
      builder5  azure-agent  done     2026-11-25 09:00Z
      builder6  azure-agent  pending  2026-11-25 11:40Z  has not changed yet

      2 of 2 leases are taken
      lease 0: builder1 for azure-agent, since 2026-11-25 11:40Z, until 2026-11-25 13:00Z
      lease 1: boxreeve/lease-1 cannot be read, so it counts as taken
      resumed azure-agent in spite of builder1, 2026-11-25 11:00Z by ada@example.org: a full disk
    "
  `);
});

it('a fleet that has the change is done', () => {
  expect(shown(view(fleet(DONE)))).toMatchInlineSnapshot(`
    "9ab3e51 Bump azure-ci-node (#13063): done
      azure-agent: 6 of 6 hosts done

    wave 1 (label canary, soak 2 h): done
      builder1  azure-agent  done  2026-11-25 09:00Z

    wave 2 (50% of the hosts, soak 1 h): done
      builder2  azure-agent  done  2026-11-25 09:00Z
      builder3  azure-agent  done  2026-11-25 09:00Z
      builder4  azure-agent  done  2026-11-25 09:00Z

    wave 3 (all others): done
      builder5  azure-agent  done  2026-11-25 09:00Z
      builder6  azure-agent  done  2026-11-25 09:00Z
    "
  `);
});

it('a fleet without roll-outs says so, and halts nothing', () => {
  const failed = told({ state: 'failed', healthyMs: null, detail: 'its init failed' });
  const of = view(fleet(DONE, { builder3: failed }), { rollout: null });
  expect(shown(of)).toMatchInlineSnapshot(`
    "9ab3e51 Bump azure-ci-node (#13063): under way
    fleet.yaml has no rollout: no host waits for another, and nothing is halted
      azure-agent: 5 of 6 hosts done, wave 1 of 1

    wave 1 (all hosts): under way
      builder1  azure-agent  done    2026-11-25 09:00Z
      builder2  azure-agent  done    2026-11-25 09:00Z
      builder3  azure-agent  failed  2026-11-25 11:40Z  its init failed
      builder4  azure-agent  done    2026-11-25 09:00Z
      builder5  azure-agent  done    2026-11-25 09:00Z
      builder6  azure-agent  done    2026-11-25 09:00Z
    "
  `);
});

it('a host whose file cannot be read, and a wave that nobody is in, are told as such', () => {
  const broken = {
    name: 'builder0',
    labels: [],
    guests: new Map(),
    broken: 'desired-state/hosts/builder0.yaml cannot be read',
  };
  const all = [broken, ...members(2)];
  const facts = { members: all, changes: new Map([[GUEST, CHANGE]]), guestCount: 2, keys: new Map() };
  const waves = [...ROLLOUT.waves, { hosts: { by: 'label', label: 'canari' }, soak: 0 } as const];
  const of = view({ builder1: DONE, builder2: DONE }, { facts, rollout: { ...ROLLOUT, waves } });
  expect(shown(of)).toMatchInlineSnapshot(`
    "9ab3e51 Bump azure-ci-node (#13063): under way
      azure-agent: 2 of 3 hosts done, wave 1 of 3

    wave 1 (label canary, soak 2 h): under way
      builder0               unknown
          desired-state/hosts/builder0.yaml cannot be read
      builder1  azure-agent  done     2026-11-25 09:00Z

    wave 2 (50% of the hosts, soak 1 h): done
      builder2  azure-agent  done  2026-11-25 09:00Z

    wave 3 (label canari): no host is in it
    "
  `);
});

it('keeps to the width of a narrow terminal', () => {
  const text = shown(UNDER_WAY, 40);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
  expect(text).toMatchInlineSnapshot(`
    "9ab3e51 Bump azure-ci-node (#13063):
    under way
      azure-agent: 1 of 6 hosts done, wave 2
                   of 3

    wave 1 (label canary, soak 2 h): done
      builder1 azure-agent done
          2026-11-25 09:00Z

    wave 2 (50% of the hosts, soak 1 h):
    under way
      builder2 azure-agent soaking
          2026-11-25 11:40Z, healthy 20 min
          of 1 h
      builder3 azure-agent behind
          has not followed this commit yet
      builder4 azure-agent pending
          2026-11-25 11:40Z, a job runs in
          azure-agent

    wave 3 (all others): waits
      azure-agent is waiting for wave 2:
                  builder4 has not changed
                  yet, builder2 healthy 20
                  min of 1 h, builder3 has
                  not followed this commit
                  yet
      builder5 azure-agent silent
          has no record on the remote
      builder6 azure-agent pending
          2026-11-25 11:40Z, has not changed
          yet
    "
  `);
});

it('of a large wave those are shown that somebody must look at, and the rest is counted', () => {
  const all = members(200);
  const words = Object.fromEntries(all.map(({ name }, index) => [name, index === 98 ? PENDING : DONE]));
  const facts = { members: all, changes: new Map([[GUEST, CHANGE]]), guestCount: 200, keys: new Map() };
  const text = shown(view(words, { facts }));
  expect(text).toContain('  builder99   azure-agent  pending');
  expect(text).toContain('  and 60 more: 60 done (--json has all)');
});

it('is coloured only where that is wanted, and shows what others write for what it is', () => {
  const failed = told({ state: 'failed', healthyMs: null, detail: 'see \u001b[2J here' });
  const document = rolloutDocument(
    view({
      builder1: failed,
      builder2: PENDING,
      builder3: DONE,
      builder4: DONE,
      builder5: DONE,
      builder6: DONE,
    }),
  );
  const plain = showRollout(document, { color: false, width: 100 });
  const coloured = showRollout(document, { color: true, width: 100 });
  expect(plain).toContain('see \\u001b[2J here');
  expect(plain).not.toContain('\u001b');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour is a control character
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(plain);
  expect(coloured).toContain('\u001b[31m  builder1');
});
