import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../../reconciler/clock.ts';
import { type GateFacts, gatePlan, holdGuests } from '../../../reconciler/gate/gate.ts';
import type { GatedAction } from '../../../reconciler/gate/gates.ts';
import { gateSentences, gateSummary } from '../../../reconciler/gate/summary.ts';
import { showBytes } from '../../../reconciler/plan/bytes.ts';
import { makePlan } from '../../../reconciler/plan/make-plan.ts';
import { overrideOf } from '../../../reconciler/plan/override.ts';
import type { Plan } from '../../../reconciler/plan/plan.ts';
import {
  box,
  COMMIT,
  digest,
  guest,
  host,
  NIGHTLY,
  observation,
  observed,
  observedBox,
  observedFile,
  running,
} from '../plan/builders.ts';

const NOON = Date.parse('2026-01-14T11:00:00Z');
const NIGHT = Date.parse('2026-01-14T21:00:00Z');

/** Fetch and add a box, rebuild azure-agent on it, create docs-agent, remove the old box. */
function planOf(size = 1000): Plan {
  const spec = host([
    guest({ box: box('2022.2.24', { size }) }),
    guest({ name: 'docs-agent', box: box('2022.2.17') }),
  ]);
  const seen = observation({
    boxes: [observedBox(box('2022.2.17'), ['azure-agent']), observedBox(box('2021.1.1'))],
    guests: [running(guest()), observed({ name: 'docs-agent' })],
  });
  return makePlan({ spec, commit: COMMIT, observation: seen, now: NOON });
}

function gate(change: Partial<GateFacts> = {}, plan = planOf()): Map<string, GatedAction['gates']> {
  const gated = gatePlan(plan, {
    now: NOON,
    windowOf: () => NIGHTLY,
    hostWindows: [NIGHTLY],
    pause: null,
    forceWindow: false,
    freeBytes: 1e9,
    ...change,
  });
  expect(gated.map(({ action }) => action.id)).toEqual(plan.actions.map(({ id }) => id));
  return new Map(gated.map(({ action, gates }) => [action.id, gates]));
}

const kinds = (gates: Map<string, GatedAction['gates']>) =>
  Object.fromEntries([...gates].map(([id, list]) => [id, list.map(({ kind }) => kind)]));

const REBUILD = 'rebuild-guest azure-agent';
const FETCH = 'fetch-box azure-ci-node 2022.2.24 (lxc)';
const ADD = 'add-box azure-ci-node 2022.2.24 (lxc)';

describe('an urgent change', () => {
  const urgent = guest({ box: box('2022.2.24'), urgent: 'CVE-2026-1234' });
  const seen = observation({ guests: [running(guest())], boxes: [observedBox(box('2022.2.17'))] });
  const planFor = (spec: typeof urgent, built = guest(), now = NOON) =>
    makePlan({
      spec: host([spec]),
      commit: COMMIT,
      observation: { ...seen, guests: [running(built)] },
      now,
    });

  it('does not wait for its window, and says so in its reason', () => {
    const plan = planFor(urgent);
    expect(gate({}, plan).get(REBUILD)).toEqual([]);
    expect(plan.actions.find(({ id }) => id === REBUILD)?.reason).toContain(
      'URGENT, does not wait for its window (CVE-2026-1234)',
    );
  });

  it('is held by a pause', () => {
    const pause = { reason: 'move', since: '2026-01-14T10:00:00.000Z', until: null };
    expect(gate({ pause }, planFor(urgent)).get(REBUILD)).toMatchObject([{ kind: 'paused' }]);
  });

  it('is no recycle: that waits for the window as ever, and shouts nothing', () => {
    const old = guest({ urgent: '', window: null, recycleEvery: 1 });
    const plan = planFor(old, old);
    expect(plan.actions).toMatchObject([{ kind: 'rebuild-guest', recycle: true }]);
    expect(gate({}, plan).get(REBUILD)).toMatchObject([{ kind: 'window' }]);
    expect(plan.actions[0]?.reason).not.toContain('URGENT');
  });

  it('does not wait either where its box is another file under the same name, and the guest is removed first', () => {
    const other = box('2022.2.17', { sha256: 'ab'.repeat(32) });
    const plan = planFor(guest({ box: other, urgent: 'CVE-2026-1234', interruptJobs: 'CVE-2026-1234' }));
    const removal = plan.actions.find(({ kind }) => kind === 'remove-guest');
    expect(removal?.reason).toContain('URGENT, does not wait for its window (CVE-2026-1234)');
    expect(gate({}, plan).get('remove-guest azure-agent')).toEqual([]);
    expect(removal && overrideOf(removal).interruptJobs).toBe('CVE-2026-1234');
    const calm = planFor(guest({ box: other }));
    expect(gate({}, calm).get('remove-guest azure-agent')).toMatchObject([{ kind: 'window' }]);
  });

  it('may interrupt jobs: its reason shouts that, and why', () => {
    const plan = planFor(guest({ box: box('2022.2.24'), interruptJobs: 'CVE-2026-1234' }));
    expect(gate({}, plan).get(REBUILD)).toMatchObject([{ kind: 'window' }]);
    expect(plan.actions.find(({ id }) => id === REBUILD)?.reason).toContain(
      'INTERRUPTS A RUNNING JOB (CVE-2026-1234)',
    );
  });
});

describe('a closed window', () => {
  it('holds what disturbs, and nothing else: boxes are fetched and missing guests created at any time', () => {
    expect(kinds(gate())).toEqual({
      [FETCH]: [],
      [ADD]: [],
      'create-guest docs-agent': [],
      [REBUILD]: ['window'],
      'remove-box azure-ci-node 2021.1.1 (lxc)': [],
    });
  });

  it('says when it opens, on the clock of its zone', () => {
    expect(gate().get(REBUILD)).toEqual([
      {
        kind: 'window',
        window: 'nightly',
        opensAt: '2026-01-14T19:00:00.000Z',
        detail: 'window nightly is closed until Wed 14 Jan 20:00 (Europe/Zurich)',
      },
    ]);
  });

  it('that never opens is said to never open', () => {
    const [never] = gate({ windowOf: () => ({ ...NIGHTLY, days: [] }) }).get(REBUILD) ?? [];
    expect(never).toMatchObject({ opensAt: null, detail: expect.stringContaining('never opens') });
  });

  it('is opened by sync --now', () => {
    expect(kinds(gate({ forceWindow: true }))[REBUILD]).toEqual([]);
  });

  it('holds nothing for a guest that has no window', () => {
    expect(kinds(gate({ windowOf: () => null }))[REBUILD]).toEqual([]);
  });

  it('holds nothing once it is open', () => {
    expect(kinds(gate({ now: NIGHT }))[REBUILD]).toEqual([]);
  });

  it('holds with an action what needs it', () => {
    const spec = host([guest({ box: box('2022.2.24') })]);
    const boxes = [observedBox(box('2022.2.17'), ['azure-agent']), observedBox(box('2022.2.24'))];
    const plan = makePlan({
      spec,
      commit: COMMIT,
      observation: observation({ boxes, guests: [running(guest())] }),
      now: NOON,
    });
    const gates = gate({}, plan);
    expect(kinds(gates)).toEqual({
      [REBUILD]: ['window'],
      'remove-box azure-ci-node 2022.2.17 (lxc)': ['window'],
    });
  });
});

describe('what is left of a window', () => {
  const early = Date.parse('2026-01-15T03:30:00Z'); // half an hour before it closes

  it('that is too short for what the action took before makes it wait for the next', () => {
    const [late] = gate({ now: early, expectedMs: () => 45 * MINUTE }).get(REBUILD) ?? [];
    expect(late).toMatchObject({ kind: 'window', opensAt: '2026-01-15T19:00:00.000Z' });
    expect(late?.detail).toContain('window nightly closes in 30 min, too soon for what took 45 min before');
  });

  it('that is long enough, or of which nobody can tell, lets it go', () => {
    expect(kinds(gate({ now: early, expectedMs: () => 20 * MINUTE }))[REBUILD]).toEqual([]);
    expect(kinds(gate({ now: early, expectedMs: () => null }))[REBUILD]).toEqual([]);
  });

  it('does not hold for ever what no window is long enough for', () => {
    expect(kinds(gate({ now: early, expectedMs: () => 12 * HOUR }))[REBUILD]).toEqual([]);
  });
});

describe('a pause', () => {
  const pause = { reason: 'release week', since: '2026-01-14T10:00:00.000Z', until: null };

  it('holds what disturbs, also in the window and with sync --now', () => {
    expect(kinds(gate({ now: NIGHT, pause, forceWindow: true }))).toMatchObject({
      [REBUILD]: ['paused'],
      [FETCH]: [],
    });
    expect(gate({ now: NIGHT, pause }).get(REBUILD)?.[0]?.detail).toBe(
      'paused until `boxreeve resume`: release week',
    );
  });

  it('ends by itself at its time', () => {
    const until = '2026-01-14T21:00:00.000Z';
    expect(kinds(gate({ now: NIGHT - 1, pause: { ...pause, until } }))[REBUILD]).toEqual(['paused']);
    expect(kinds(gate({ now: NIGHT, pause: { ...pause, until } }))[REBUILD]).toEqual([]);
  });
});

describe('a disk that is short', () => {
  it('holds the fetch of a box that has not three times its size free, and all that needs it', () => {
    const gates = gate({ now: NIGHT, freeBytes: 2999 });
    expect(kinds(gates)).toMatchObject({
      [FETCH]: ['disk'],
      [ADD]: ['disk'],
      [REBUILD]: ['disk'],
      'create-guest docs-agent': [],
    });
    expect(gates.get(FETCH)?.[0]).toEqual({
      kind: 'disk',
      needsBytes: 3000,
      freeBytes: 2999,
      detail:
        '2.9 KiB must be free (3 times the box: the file, the copy Vagrant makes, and the unpacked box); 2.9 KiB are; ' +
        'remove-box azure-ci-node 2021.1.1 (lxc) frees what a box added before sizes were noted took',
    });
    expect(kinds(gate({ freeBytes: 3000 }))[FETCH]).toEqual([]);
  });

  it('names what could make room: at once, once the new box is proven, and what only the desired state keeps', () => {
    const wanted = box('2022.2.24', { size: 1e9 });
    const stored = (version: string, users: readonly string[], bytes: number) => {
      const { sha256, ...from } = box(version);
      return observedBox({ ...from, sha256 }, users, sha256, bytes);
    };
    const seen = observation({
      guests: [running(guest())],
      boxes: [
        stored('2022.2.17', ['azure-agent'], 3e9),
        stored('2021.1.1', [], 2e9),
        observedBox(box('1', { provider: 'virtualbox' }), [], digest('v'), 1e9),
      ],
      files: [observedFile(box('0'), { state: 'cut', bytes: 5e8 })],
    });
    const detail = (older: number) => {
      const spec = host([guest({ box: wanted })], { keep: { older, files: null } });
      const plan = makePlan({ spec, commit: COMMIT, observation: seen, now: NOON });
      return gate({ freeBytes: 1e9 }, plan).get('fetch-box azure-ci-node 2022.2.24 (lxc)')?.[0]?.detail;
    };
    const file = `remove-box file ${box('0').sha256.slice(0, 12)}`;
    expect(detail(0)).toContain(
      `954 MiB are; remove-box azure-ci-node 2021.1.1 (lxc), remove-box azure-ci-node 1 (virtualbox), ${file} frees 3.3 GiB; ` +
        'remove-box azure-ci-node 2022.2.17 (lxc) frees 2.8 GiB, though only once the new box is proven',
    );
    expect(detail(2)).toContain(
      `954 MiB are; ${file} frees 477 MiB; keep.older keeps azure-ci-node 2021.1.1 (1.9 GiB), azure-ci-node 1 (954 MiB)`,
    );
  });

  it('counts what an earlier fetch will take', () => {
    const spec = host([
      guest({ box: box('1', { size: 100 }) }),
      guest({ name: 'b', box: box('2', { size: 100 }) }),
    ]);
    const seen = observation({ guests: [observed(), observed({ name: 'b' })] });
    const plan = makePlan({ spec, commit: COMMIT, observation: seen, now: NOON });
    const gates = gate({ freeBytes: 500 }, plan);
    expect(kinds(gates)).toMatchObject({
      'fetch-box azure-ci-node 1 (lxc)': [],
      'fetch-box azure-ci-node 2 (lxc)': ['disk'],
      'create-guest azure-agent': [],
      'create-guest b': ['disk'],
    });
  });

  it('asks twice the size for a box whose file is there already', () => {
    const spec = host([guest({ box: box('1', { size: 100 }) })]);
    const seen = observation({ guests: [observed()], fetched: [box('1').sha256] });
    const plan = makePlan({ spec, commit: COMMIT, observation: seen, now: NOON });
    expect(kinds(gate({ freeBytes: 199 }, plan))['add-box azure-ci-node 1 (lxc)']).toEqual(['disk']);
    expect(kinds(gate({ freeBytes: 200 }, plan))['add-box azure-ci-node 1 (lxc)']).toEqual([]);
  });
});

describe('a job found later', () => {
  const gated = gatePlan(planOf(), {
    now: NIGHT,
    windowOf: () => NIGHTLY,
    hostWindows: [NIGHTLY],
    pause: null,
    forceWindow: false,
    freeBytes: 1e9,
  });
  const job = {
    kind: 'job',
    guest: 'azure-agent',
    since: null,
    detail: 'azure-agent: job 8812 running',
  } as const;

  it("holds its guest's action and nothing of another guest", () => {
    const held = holdGuests(
      gated,
      new Map([
        ['azure-agent', job],
        ['docs-agent', { ...job, guest: 'docs-agent' }],
      ]),
    );
    const waiting = held.filter(({ gates }) => gates.length > 0).map(({ action }) => action.id);
    expect(waiting).toEqual([REBUILD]);
  });

  it('is summed up the same way whatever job it is and however long it has run', () => {
    const summary = (detail: string) =>
      gateSummary(holdGuests(gated, new Map([['azure-agent', { ...job, detail }]])));
    expect(summary('job 8812 running for 2 min')).toBe(summary('job 8813 running for 23 min'));
    expect(summary('x')).toContain('rebuild-guest azure-agent');
    expect(summary('x')).toContain('waits for job of azure-agent');
  });
});

describe('the summary of what is waited for', () => {
  const facts = {
    windowOf: () => NIGHTLY,
    hostWindows: [NIGHTLY],
    pause: null,
    forceWindow: false,
    freeBytes: 1e9,
  };
  const summary = (now: number, plan = planOf(), pause: GateFacts['pause'] = null) =>
    gateSummary(gatePlan(plan, { ...facts, now, pause }));

  it('is nothing when nothing waits', () => {
    expect(summary(NIGHT)).toBeNull();
  });

  it('stays the same while time passes', () => {
    expect(summary(NOON + HOUR)).toBe(summary(NOON));
    expect(summary(NOON + 24 * HOUR)).toBe(summary(NOON));
  });

  it('changes with the reason, and with what is to be done', () => {
    const pause = { reason: 'release week', since: '2026-01-14T10:00:00.000Z', until: null };
    expect(summary(NOON, planOf(), pause)).not.toBe(summary(NOON));
    const other = planOf();
    const another = makePlan({
      spec: host([guest({ box: box('2022.3.1') })]),
      commit: COMMIT,
      observation: observation({
        boxes: [observedBox(box('2022.2.17'), ['azure-agent'])],
        guests: [running(guest())],
      }),
      now: NOON,
    });
    expect(summary(NOON, another)).not.toBe(summary(NOON, other));
  });

  it('comes with one sentence for each thing', () => {
    const gated = gatePlan(planOf(), { ...facts, now: NOON });
    expect(gateSentences(gated)).toEqual(['window nightly is closed until Wed 14 Jan 20:00 (Europe/Zurich)']);
  });
});

it('bytes are shown in units a person reads', () => {
  expect([0, 900, 1024, 1.5 * 1024 ** 2, 42949672960, 300 * 1024 ** 3, 5 * 1024 ** 5].map(showBytes)).toEqual(
    ['0 B', '900 B', '1.0 KiB', '1.5 MiB', '40.0 GiB', '300 GiB', '5120 TiB'],
  );
});
