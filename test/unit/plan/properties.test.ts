import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BoxSpec, GuestSpec, KeepSpec } from '../../../reconciler/desired/spec.ts';
import type {
  HostObservation,
  ObservedBox,
  ObservedFile,
  ObservedGuest,
} from '../../../reconciler/observed/observation.ts';
import { lintPlan } from '../../../reconciler/plan/lint-plan.ts';
import { makePlan } from '../../../reconciler/plan/make-plan.ts';
import { actionGuest, boxKey } from '../../../reconciler/plan/subject.ts';
import {
  box,
  built,
  COMMIT,
  file,
  guest,
  host,
  NIGHTLY,
  NOW,
  observation,
  observed,
  observedBox,
  observedFile,
  present,
} from './builders.ts';
import { carryOut } from './model-host.ts';

const NAMES = ['azure-agent', 'docs-agent', 'old-agent'] as const;
const VERSIONS = ['1', '2', '3'] as const;

/** The catalogue's box of a version; `other` is another file under the same version. */
const boxes: fc.Arbitrary<BoxSpec> = fc
  .tuple(fc.constantFrom(...VERSIONS), fc.boolean())
  .map(([version, other]) =>
    box(version, other ? { sha256: 'f'.repeat(64) } : version === '2' ? { chunks: 'c'.repeat(64) } : {}),
  );

/** What can lie in the folder of box files: whole, cut or rest, told of by a note or not, asked for by hand or not. */
const files: fc.Arbitrary<readonly ObservedFile[]> = fc.uniqueArray(
  fc
    .record({
      of: fc.oneof(boxes, fc.constant(box('0', { name: 'gone-from-the-catalogue' }))),
      state: fc.constantFrom('whole', 'whole', 'cut', 'rest'),
      noted: fc.boolean(),
      byHandSince: fc.constantFrom(null, null, '2026-01-10T00:00:00.000Z', '2025-10-01T00:00:00.000Z'),
    })
    .map(({ of, noted, ...change }) => observedFile(of, { ...change, ...(noted ? {} : { box: null }) })),
  { selector: ({ sha256 }) => sha256, maxLength: 4 },
);

const keeps: fc.Arbitrary<KeepSpec> = fc.record({
  older: fc.constantFrom(0, 0, 1, 2),
  files: fc.constantFrom(null, null, true, false),
});

function specs(name: string, from: fc.Arbitrary<BoxSpec>): fc.Arbitrary<GuestSpec> {
  return fc
    .record({
      box: from,
      init: fc.constantFrom('v1', 'v2'),
      recycleEvery: fc.constantFrom(null, 86_400_000),
      window: fc.constantFrom(null, NIGHTLY),
    })
    .map(({ init, ...rest }) => guest({ name, ...rest, files: [file('init.sh', init)] }));
}

const power = fc.constantFrom('running', 'running', 'running', 'stopped', 'unknown') as fc.Arbitrary<
  'running' | 'stopped' | 'unknown'
>;

/** Any state a guest can be found in. */
function guestsNamed(name: string): fc.Arbitrary<ObservedGuest> {
  return fc
    .record({
      spec: specs(name, boxes),
      how: fc.constantFrom(
        'absent',
        'ours',
        'ours',
        'by hand',
        'cut',
        'forgotten',
        'orphan',
        'vanished',
        'puzzle',
      ),
      power,
      at: fc.constantFrom('2026-01-13T21:00:00.000Z', '2026-01-14T11:59:00.000Z'),
      good: fc.option(specs(name, boxes)),
      failed: fc.option(specs(name, boxes), { freq: 3 }),
    })
    .map(({ spec, how, power: powered, at, good, failed }) => {
      const id = `machine of ${name}`;
      const builtFrom = built(spec, { at, machineId: id });
      const unfinished = { fingerprint: spec.fingerprint, commit: COMMIT, at };
      const memory = {
        name,
        lastGood: good && { spec: good, commit: COMMIT },
        failed: failed && {
          fingerprint: failed.fingerprint,
          commit: COMMIT,
          at,
          error: 'init.sh exited with 1',
        },
      };
      const standing = present(spec.box, { id, power: powered });
      switch (how) {
        case 'ours':
          return observed({ ...memory, machine: standing, builtFrom, lastGood: { spec, commit: COMMIT } });
        case 'by hand':
          return observed({ ...memory, machine: standing });
        case 'cut':
          return observed({ ...memory, machine: standing, unfinished });
        case 'forgotten':
          return observed({
            ...memory,
            machine: { state: 'forgotten', id, provider: 'lxc', power: powered },
            builtFrom,
            lastGood: { spec, commit: COMMIT },
          });
        case 'orphan':
          return observed({
            ...memory,
            machine: { state: 'forgotten', id, provider: 'lxc', power: powered },
            unfinished,
          });
        case 'puzzle':
          return observed({
            ...memory,
            machine: { state: 'forgotten', id, provider: 'lxc', power: powered },
          });
        case 'vanished':
          return observed({ ...memory, machine: { state: 'vanished', id, provider: 'lxc' } });
        default:
          return observed(memory);
      }
    });
}

const hosts = fc
  .record({
    declared: fc.tuple(specs(NAMES[0], boxes), specs(NAMES[1], boxes)),
    guests: fc.tuple(guestsNamed(NAMES[0]), guestsNamed(NAMES[1]), guestsNamed(NAMES[2])),
    stored: fc.uniqueArray(fc.tuple(boxes, fc.boolean()), { selector: ([one]) => one.version }),
    stranger: fc.option(fc.constantFrom(...VERSIONS)),
    files,
    keep: keeps,
    unknown: fc.option(fc.constantFrom(...NAMES), { freq: 8 }),
  })
  .map(({ declared, guests, stored, stranger, files: lying, keep, unknown }) => ({
    spec: host(declared, { keep }),
    observation: observation({
      guests,
      boxes: standing(guests, stored, stranger),
      strangers:
        stranger === null
          ? []
          : [{ name: 'default', folder: '/home/me/try', provider: 'lxc', box: 'azure-ci-node' }],
      files: lying,
      unknown: unknown === null ? [] : [{ guest: unknown, why: 'lxc-info did not answer' }],
    }),
  }));

/** Boxes in the store: some by chance, and each that a machine Vagrant knows stands on. */
function standing(
  guests: readonly ObservedGuest[],
  stored: readonly (readonly [BoxSpec, boolean])[],
  stranger: string | null,
): ObservedBox[] {
  const users = new Map<string, string[]>();
  for (const { name, machine } of guests) {
    if (machine.state === 'present' && machine.box)
      users.set(machine.box.version, [...(users.get(machine.box.version) ?? []), name]);
  }
  if (stranger !== null) users.set(stranger, [...(users.get(stranger) ?? []), '/home/me/try']);
  const versions = new Set([...users.keys(), ...stored.map(([one]) => one.version)]);
  return [...versions].map((version) => {
    const [from, ours] = stored.find(([one]) => one.version === version) ?? [box(version), true];
    const { name, provider, sha256 } = from;
    const usedBy = users.get(version) ?? [];
    return { name, version, provider, sha256: ours ? sha256 : null, bytes: null, usedBy };
  });
}

const RUNS = { numRuns: 1000 };

function planFor(
  { spec, observation: seen }: { spec: ReturnType<typeof host>; observation: HostObservation },
  now = NOW,
) {
  return makePlan({ spec, commit: COMMIT, observation: seen, now });
}

describe('for any host in any state', () => {
  it('the plan passes the linter', () => {
    fc.assert(
      fc.property(hosts, (state) => {
        expect(lintPlan(planFor(state), state.observation)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('the plan can be carried out as it stands, and plans come to an end', () => {
    fc.assert(
      fc.property(hosts, (state) => {
        let seen = state.observation;
        // At most: a record is put back, the guest is booted, it is due for a recycle.
        for (let round = 1; round <= 3; round += 1)
          seen = carryOut(planFor({ ...state, observation: seen }), seen, NOW);
        expect(planFor({ ...state, observation: seen }).actions).toEqual([]);
      }),
      RUNS,
    );
  });

  it('each declared guest ends up on its target, or is held and says why', () => {
    fc.assert(
      fc.property(hosts, (state) => {
        const plan = planFor(state);
        const after = carryOut(plan, state.observation, NOW);
        for (const declared of state.spec.guests) {
          const found = after.guests.find(({ name }) => name === declared.name);
          const right =
            found?.machine.state === 'present' && found.builtFrom?.spec.fingerprint === declared.fingerprint;
          const held = plan.held.some((one) => one.guest === declared.name && one.why.length > 20);
          expect(right || held).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('nothing that could not be observed is acted on, and no machine made by hand is removed for good', () => {
    fc.assert(
      fc.property(hosts, ({ spec, observation: seen }) => {
        const plan = planFor({ spec, observation: seen });
        const touched = plan.actions.map(actionGuest);
        for (const { guest: name } of seen.unknown) expect(touched).not.toContain(name);
        const old = seen.guests.find(({ name }) => name === 'old-agent');
        const byHand = old?.machine.state === 'present' && old.builtFrom === null && old.unfinished === null;
        if (byHand) expect(touched).not.toContain('old-agent');
      }),
      RUNS,
    );
  });

  it('no box is removed that a stranger stands on, that Boxreeve did not add, or that a guest is declared on', () => {
    fc.assert(
      fc.property(hosts, (state) => {
        const plan = planFor(state);
        for (const action of plan.actions) {
          if (action.kind !== 'remove-box' || action.from === 'files') continue;
          const there = state.observation.boxes.find((one) => boxKey(one) === boxKey(action.box));
          expect(there?.usedBy).not.toContain('/home/me/try');
          const replaced = plan.actions.some(
            (other) => other.kind === 'add-box' && boxKey(other.box) === boxKey(action.box),
          );
          if (replaced) continue;
          expect(there?.sha256).not.toBeNull();
          expect(state.spec.guests.map((one) => boxKey(one.box))).not.toContain(boxKey(action.box));
        }
      }),
      RUNS,
    );
  });

  it('no file goes that is to be added, that was asked for by hand lately, or that alone has what a guest goes back to', () => {
    fc.assert(
      fc.property(hosts, ({ spec, observation: seen }) => {
        const plan = planFor({ spec, observation: seen });
        for (const action of plan.actions) {
          if (action.kind !== 'remove-box' || action.file === null) continue;
          const lost = seen.files.find(({ sha256 }) => sha256 === action.file);
          expect(lost?.byHandSince).not.toBe('2026-01-10T00:00:00.000Z');
          expect(lost?.state === 'whole' && action.box === null).toBe(false);
          const adds = plan.actions.flatMap((other) => (other.kind === 'add-box' ? [other.box.sha256] : []));
          expect(adds).not.toContain(action.file);
          if (seen.boxes.some(({ sha256 }) => sha256 === action.file)) continue;
          for (const { name, lastGood } of seen.guests) {
            const held = plan.held.some(({ guest: one }) => one === name);
            if (held) expect(lastGood?.spec.box.sha256).not.toBe(action.file);
          }
        }
      }),
      RUNS,
    );
  });

  it('as many older versions stay as the desired state says, the newest ones', () => {
    fc.assert(
      fc.property(hosts, ({ spec, observation: seen }) => {
        const plan = planFor({ spec, observation: seen });
        const removed = new Set(
          plan.actions.flatMap((action) =>
            action.kind === 'remove-box' && action.from === 'vagrant' ? [boxKey(action.box)] : [],
          ),
        );
        const replaced = new Set(
          plan.actions.flatMap((action) => (action.kind === 'add-box' ? [boxKey(action.box)] : [])),
        );
        const others = seen.boxes.filter(
          (one) =>
            one.sha256 !== null &&
            !plan.actions.some(
              (action) =>
                'target' in action &&
                // what Vagrant is told of again may be built anew from another box at once
                !(action.kind === 'start-guest' && action.how === 'restore-record') &&
                boxKey(action.target.spec.box) === boxKey(one),
            ) &&
            !spec.guests.some((declared) => boxKey(declared.box) === boxKey(one)) &&
            !replaced.has(boxKey(one)),
        );
        const gone = others.filter((one) => removed.has(boxKey(one)));
        const older = spec.keep?.older ?? 0;
        expect(gone.length).toBeLessThanOrEqual(Math.max(0, others.length - older));
        for (const one of gone) {
          const newer = others.filter((other) => Number(other.version) > Number(one.version));
          expect(newer.length).toBeGreaterThanOrEqual(older);
        }
      }),
      RUNS,
    );
  });

  it('the same facts give the same plan, and it survives being written down', () => {
    fc.assert(
      fc.property(hosts, (state) => {
        const plan = planFor(state);
        expect(planFor(state)).toEqual(plan);
        expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
      }),
      { numRuns: 200 },
    );
  });

  it('a recycle that is due in the window is planned, and is over once done', () => {
    const spec = host([
      guest({ recycleEvery: 86_400_000, window: { ...NIGHTLY, from: '00:00', to: '00:00' } }),
    ]);
    const before = observation({
      boxes: [observedBox(box('2022.2.17'), ['azure-agent'])],
      guests: [
        observed({
          machine: present(box('2022.2.17')),
          builtFrom: built(guest({ recycleEvery: 86_400_000 }), { at: '2026-01-10T00:00:00Z' }),
        }),
      ],
    });
    const end = Date.parse('2026-01-14T22:59:00Z');
    const plan = planFor({ spec, observation: before }, end);
    expect(plan.actions).toMatchObject([{ kind: 'rebuild-guest', recycle: true, disruptive: true }]);
    expect(planFor({ spec, observation: carryOut(plan, before, end) }, end).actions).toEqual([]);
  });
});
