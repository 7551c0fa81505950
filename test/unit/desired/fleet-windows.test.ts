/** The forms of a window in `fleet.yaml`, and what a person reads of a wrong one. */
import { describe, expect, it } from 'vitest';
import { resolveHost } from '../../../reconciler/desired/resolve.ts';
import type { WindowSpec } from '../../../reconciler/desired/spec.ts';
import { complaintsOf, FILES, swap } from './complaints-of.ts';
import { FLEET, goodFleet, memoryTree } from './memory-tree.ts';

const NIGHTLY =
  'nightly: { days: [mon, tue, wed, thu, fri, sat, sun], from: "20:00", to: "05:00", timezone: Europe/Zurich }';

/** The good fleet with another window of that name, and more lines at its end. */
function fleetWith(window: string, more = '') {
  return { [FILES.fleet]: `${swap(FLEET, NIGHTLY, `nightly: { ${window} }`)}${more}` };
}

async function windowOf(window: string, more = ''): Promise<WindowSpec | null> {
  const spec = await resolveHost(memoryTree(goodFleet(fleetWith(window, more))), 'desired-state', 'builder1');
  return spec.window;
}

describe('a window', () => {
  it('may have several spans, of its days or of their own', async () => {
    const spans = 'spans: [{ from: "12:00", to: "13:00" }, { days: [sat], from: "00:00", to: "00:00" }]';
    expect(await windowOf(`days: [mon], ${spans}, timezone: UTC`)).toEqual({
      name: 'nightly',
      timezone: 'UTC',
      spans: [
        { days: ['mon'], from: '12:00', to: '13:00' },
        { days: ['sat'], from: '00:00', to: '00:00' },
      ],
    });
  });

  it('may be a cron expression and how long it lasts', async () => {
    expect(await windowOf('cron: "0 22 * * 1-5", for: 6h, timezone: UTC')).toEqual({
      name: 'nightly',
      timezone: 'UTC',
      cron: '0 22 * * 1-5',
      for: 6 * 3_600_000,
    });
  });

  it('stays shut on its own dates and on those of the whole fleet', async () => {
    const window = await windowOf(
      'cron: "0 22 * * 1-5", for: 6h, timezone: UTC, except: [2026-05-01]',
      'blackouts: [2026-12-24/2027-01-02]\n',
    );
    expect(window?.except).toEqual(['2026-12-24/2027-01-02', '2026-05-01']);
  });
});

const AT = 'desired-state/fleet.yaml';

describe('a mistake in a window', () => {
  const cases: readonly (readonly [title: string, window: string, line: string])[] = [
    [
      'a key that its form needs',
      'days: [mon], from: "20:00", timezone: UTC',
      `${AT}:5:12 windows.nightly lacks to: a window has days, from and to; or spans; or cron and for`,
    ],
    [
      'keys of two forms',
      'cron: "0 22 * * *", for: 6h, days: [mon], timezone: UTC',
      `${AT}:5:43 windows.nightly.days does not go with cron`,
    ],
    [
      'an end beside spans',
      'days: [mon], to: "20:00", spans: [{ from: "12:00", to: "13:00" }], timezone: UTC',
      `${AT}:5:27 windows.nightly.to does not go with spans: put it into one`,
    ],
    [
      'a span without days',
      'spans: [{ from: "12:00", to: "13:00" }], timezone: UTC',
      `${AT}:5:22 windows.nightly.spans[0] lacks days, and so does its window`,
    ],
    [
      'a key of a span that is misspelt',
      'days: [mon], spans: [{ form: "12:00", to: "13:00" }], timezone: UTC',
      `${AT}:5:37 unknown key \`form\` in windows.nightly.spans[0]; did you mean \`from\`?`,
    ],
    [
      'a length without cron',
      'days: [mon], from: "20:00", to: "21:00", for: 6h, timezone: UTC',
      `${AT}:5:55 windows.nightly.for goes with cron, and there is none`,
    ],
    [
      'cron without a length',
      'cron: "0 22 * * *", timezone: UTC',
      `${AT}:5:12 windows.nightly has cron and lacks for: how long it stays open, such as for: 6h`,
    ],
    [
      'a length of weeks',
      'cron: "0 22 * * *", for: 8d, timezone: UTC',
      `${AT}:5:39 windows.nightly.for "8d" is longer than 7d`,
    ],
    [
      'an hour that is none',
      'cron: "0 24 * * *", for: 6h, timezone: UTC',
      `${AT}:5:20 windows.nightly.cron "0 24 * * *" is no cron expression: hour "24" is not made of 0 to 23`,
    ],
    [
      'a date that is none',
      'cron: "0 22 * * *", for: 6h, timezone: UTC, except: [2026-02-30]',
      `${AT}:5:67 windows.nightly.except[0] "2026-02-30" cannot be: there is no date 2026-02-30`,
    ],
    [
      'a range that ends before it begins',
      'cron: "0 22 * * *", for: 6h, timezone: UTC, except: [2026-12-24/2026-01-02]',
      `${AT}:5:67 windows.nightly.except[0] "2026-12-24/2026-01-02" cannot be: it ends before it begins`,
    ],
    [
      'something else than a date',
      'cron: "0 22 * * *", for: 6h, timezone: UTC, except: [Christmas]',
      `${AT}:5:67 windows.nightly.except[0] "Christmas" is not a date or a range of dates, such as 2026-12-24 or 2026-12-24/2027-01-02`,
    ],
  ];
  it.each(cases)('%s', async (_title, window, line) => {
    expect(await complaintsOf(fleetWith(window))).toEqual([line]);
  });

  it('a blackout that is no date', async () => {
    expect(await complaintsOf({ [FILES.fleet]: `${FLEET}blackouts: [2026-13-01]\n` })).toEqual([
      `${AT}:17:13 blackouts[0] "2026-13-01" cannot be: there is no date 2026-13-01`,
    ]);
  });
});
