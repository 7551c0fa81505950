import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatePlan, holdGuests } from '../../../reconciler/gate/gate.ts';
import type { GatedAction } from '../../../reconciler/gate/gates.ts';
import { makePlan } from '../../../reconciler/plan/make-plan.ts';
import type { Plan } from '../../../reconciler/plan/plan.ts';
import { planDocument, showPlan } from '../../../reconciler/plan/show-plan.ts';
import {
  box,
  COMMIT,
  guest,
  host,
  NIGHTLY,
  NOW,
  observation,
  observed,
  observedBox,
  observedFile,
  running,
} from './builders.ts';

function gate(plan: Plan, freeBytes = 1e12): GatedAction[] {
  return gatePlan(plan, {
    now: NOW,
    windowOf: () => NIGHTLY,
    hostWindows: [NIGHTLY],
    pause: null,
    forceWindow: false,
    freeBytes,
  });
}

const failed = {
  fingerprint: 'x',
  commit: COMMIT,
  at: '2026-01-14T03:00:00.000Z',
  error: 'init.sh exited with 1',
};
const changing = makePlan({
  spec: host([guest({ box: box('2022.2.24') }), guest({ name: 'docs-agent', fingerprint: 'x' })]),
  commit: COMMIT,
  observation: observation({
    boxes: [observedBox(box('2022.2.17'), ['azure-agent'])],
    guests: [running(guest()), observed({ name: 'docs-agent', failed })],
    strangers: [
      { name: 'default', folder: '/home/me/try', provider: 'virtualbox', box: 'debian/bookworm64' },
    ],
  }),
  now: NOW,
});
const nothing = makePlan({
  spec: host([guest()]),
  commit: COMMIT,
  observation: observation({
    boxes: [observedBox(box('2022.2.17'), ['azure-agent'])],
    guests: [running(guest())],
  }),
  now: NOW,
});
const plain = { color: false, now: NOW, width: 96, zone: 'America/New_York' };

describe('what a plan frees', () => {
  const made = makePlan({
    spec: host([guest()]),
    commit: COMMIT,
    observation: observation({
      boxes: [
        observedBox(box('2022.2.17'), ['azure-agent']),
        observedBox(box('2022.2.9'), [], box('2022.2.9').sha256, 3 * 1024 ** 3),
        observedBox(box('2022.2.8')),
      ],
      guests: [running(guest())],
      files: [observedFile(box('2022.2.9'), { bytes: 1024 ** 3 })],
    }),
    now: NOW,
  });

  it('is said of each box, and in all', () => {
    const shown = showPlan(made, gate(made), plain);
    expect(shown).toContain(`azure-ci-node 2022.2.9 and its file → nothing
      frees 4.0 GiB`);
    expect(shown).toContain(`azure-ci-node 2022.2.8 → nothing
      frees what a box added before sizes were noted took`);
    expect(shown).toContain(
      '\n  all in all frees 4.0 GiB, and what a box added before sizes were noted took\n',
    );
  });

  it('is in the document, null where nobody knows', () => {
    const document = planDocument(made, gate(made));
    expect(document.actions.map(({ frees }) => frees)).toEqual([4 * 1024 ** 3, null]);
    expect(document.frees).toBe(4 * 1024 ** 3);
  });
});

describe('a plan shown to people', () => {
  it('gives each action a sign, its reason, what was and will be, and when its window opens in both zones', () => {
    expect(showPlan(changing, gate(changing), plain)).toBe(`builder1 at 9ab3e51: 3 actions, 1 of them waiting

  ↓ fetch-box azure-ci-node 2022.2.24 (lxc)
      azure-agent needs it, and its file is not on this host
      nothing → file of azure-ci-node 2022.2.24, 12.4 MiB

  + add-box azure-ci-node 2022.2.24 (lxc)
      azure-agent needs it
      nothing → azure-ci-node 2022.2.24

  ~ rebuild-guest azure-agent  (disruptive)
      box azure-ci-node 2022.2.17 → 2022.2.24, last applied 4f2c1a9
      azure-ci-node 2022.2.17, as of 4f2c1a9 → azure-ci-node 2022.2.24, as of 9ab3e51
      waits: window nightly is closed until Wed 14 Jan 20:00 (Europe/Zurich): Wed 14 Jan 14:00
             (America/New_York), in 7 h

  ! held: docs-agent as of 9ab3e51 failed at 2026-01-14T03:00:00.000Z: init.sh exited with 1;
          nothing that worked is known to go back to; not tried again until the desired state
          changes, or \`boxreeve sync --retry\`

  note: default in /home/me/try (virtualbox, box debian/bookworm64) is not declared, and not
        touched
`);
  });

  it('does not tell the time twice to a reader in the zone of the window', () => {
    expect(showPlan(changing, gate(changing), { ...plain, zone: 'Europe/Zurich', width: 200 })).toContain(
      'waits: window nightly is closed until Wed 14 Jan 20:00 (Europe/Zurich): in 7 h\n',
    );
  });

  it('tells the year of an opening that is far off', () => {
    const leap = { name: 'leap', timezone: 'Europe/Zurich', cron: '0 2 29 2 *', for: 3_600_000 };
    const gated = gatePlan(changing, {
      now: NOW,
      windowOf: () => leap,
      hostWindows: [],
      pause: null,
      forceWindow: false,
      freeBytes: 1e12,
    });
    expect(showPlan(changing, gated, { ...plain, width: 200 })).toContain(
      'waits: window leap is closed until Tue 29 Feb 2028 02:00 (Europe/Zurich): Mon 28 Feb 2028 20:00 (America/New_York), in 775 d 13 h\n',
    );
  });

  it('tells of windows that nothing waits for when they open, and until when one is open', () => {
    const noon = { name: 'noon', timezone: 'Europe/Zurich', cron: '30 12 * * *', for: 3_600_000 };
    const over = { ...noon, name: 'over', except: ['2000-01-01/9999-12-31'] };
    const options = { ...plain, width: 250, windows: [NIGHTLY, noon, over, NIGHTLY] };
    expect(
      showPlan(nothing, [], options),
    ).toBe(`builder1 at 9ab3e51: nothing to do, the host is what it should be

  window nightly opens next Wed 14 Jan 20:00 (Europe/Zurich): Wed 14 Jan 14:00 (America/New_York), in 7 h
  window noon is open until Wed 14 Jan 13:30 (Europe/Zurich): Wed 14 Jan 07:30 (America/New_York), in 30 min; opens next Thu 15 Jan 12:30 (Europe/Zurich): Thu 15 Jan 06:30 (America/New_York), in 23 h 30 min
  window over never opens again
`);
    expect(showPlan(changing, gate(changing), options).match(/window nightly/g)).toHaveLength(1);
  });

  it('says so when there is nothing to do', () => {
    expect(showPlan(nothing, [], plain)).toBe(
      'builder1 at 9ab3e51: nothing to do, the host is what it should be\n',
    );
  });

  it('keeps to the width, and is coloured only where that is wanted', () => {
    const text = showPlan(changing, gate(changing), { ...plain, width: 60 });
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(text).not.toContain('\u001b');
    const coloured = showPlan(changing, gate(changing), { ...plain, color: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour is a control character
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(showPlan(changing, gate(changing), plain));
    expect(coloured).toContain('\u001b[33m  ~ rebuild-guest');
  });

  it('shows what others write for what it is, coloured or not', () => {
    const [first] = gate(changing);
    if (first === undefined) throw new Error('nothing to show');
    const action = { ...first.action, reason: 'nothing\u001b[2Jto see' };
    for (const color of [true, false])
      expect(showPlan(changing, [{ ...first, action }], { ...plain, color })).toContain(
        'nothing\\u001b[2Jto see',
      );
  });
});

describe('a plan as a document', () => {
  const schema: unknown = JSON.parse(
    readFileSync(new URL('../../../reconciler/report/schema/plan.json', import.meta.url), 'utf8'),
  );
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
  const validate = typeof schema === 'object' && schema !== null ? ajv.compile(schema) : undefined;
  const problems = (document: unknown) => (validate?.(document) ? [] : validate?.errors);

  it('says what each guest is built from, and what holds each action', () => {
    const document = planDocument(changing, gate(changing));
    expect(problems(document)).toEqual([]);
    expect(document.actions.at(2)).toMatchObject({
      id: 'rebuild-guest azure-agent',
      guest: 'azure-agent',
      box: { name: 'azure-ci-node', version: '2022.2.24', provider: 'lxc' },
      target: { commit: COMMIT, role: 'desired' },
      gates: [{ kind: 'window', opensAt: '2026-01-14T19:00:00.000Z' }],
    });
  });

  it('keeps to its schema with every kind of gate', () => {
    const job = { kind: 'job', guest: 'azure-agent', since: null, detail: 'x' } as const;
    const pause = { reason: 'x', since: '2026-01-14T10:00:00.000Z', until: null };
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), fc.boolean(), (short, paused, busy) => {
        const gated = gatePlan(changing, {
          now: NOW,
          windowOf: () => NIGHTLY,
          hostWindows: [NIGHTLY],
          pause: paused ? pause : null,
          forceWindow: false,
          freeBytes: short ? 0 : 1e12,
        });
        const held = busy ? holdGuests(gated, new Map([['azure-agent', job]])) : gated;
        expect(problems(planDocument(changing, held))).toEqual([]);
      }),
    );
    expect(problems({ ...planDocument(changing, []), more: 1 })).not.toEqual([]);
  });
});
