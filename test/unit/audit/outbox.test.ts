import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActionOutcome } from '../../../reconciler/apply/outcome.ts';
import { type AttemptHeader, type Outbox, openOutbox, replay } from '../../../reconciler/audit/outbox.ts';
import { openReserve } from '../../../reconciler/audit/reserve.ts';
import type { Action } from '../../../reconciler/plan/plan.ts';
import { someDraft } from './account-lab.ts';

const COMMIT = 'a'.repeat(40);
const draft = someDraft(COMMIT);
const header: AttemptHeader = {
  id: draft.id,
  trigger: 'poll',
  startedAt: '2026-11-23T12:00:00.000Z',
  desired: {
    commit: COMMIT,
    subject: 's',
    author: 'a <a@b>',
    authoredAt: '2026-11-23T12:00:00.000Z',
    signedBy: null,
    pullRequest: null,
  },
};

function action(version: string): Action {
  const box = { name: 'azure-ci-node', version, provider: 'lxc' };
  return {
    kind: 'remove-box',
    from: 'vagrant',
    file: null,
    frees: null,
    id: `remove-box ${version}`,
    box,
    reason: 'r',
    before: 'b',
    after: '',
    disruptive: false,
    needs: [],
  };
}

function outcome(of: Action): ActionOutcome {
  return {
    action: of,
    result: 'done',
    startedAt: '2026-11-23T12:00:01.000Z',
    durationMs: 1,
    exitStatus: 0,
    output: 'ünï\n',
    error: null,
    guestAtFault: false,
    probes: [],
  };
}

let folder: string;
let file: string;
let outbox: Outbox;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-outbox-'));
  file = join(folder, 'outbox', 'attempt.jsonl');
  outbox = openOutbox(
    join(folder, 'outbox'),
    openReserve(join(folder, 'reserve')),
    () => '2026-11-23T12:00:02.000Z',
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the journal', () => {
  it('is there before anything of the attempt, and gone when it is closed', async () => {
    const attempt = await outbox.open(header);
    expect(await outbox.interrupted()).toMatchObject({ header, outcomes: [], underWay: null, draft: null });
    await attempt.close();
    expect(existsSync(file)).toBe(false);
    expect(await outbox.interrupted()).toBe(null);
  });

  it('knows what was under way, what had ended, which processes there were, and the whole record', async () => {
    const attempt = await outbox.open(header);
    await attempt.begin(action('1'));
    await attempt.end(outcome(action('1')));
    await attempt.begin(action('2'));
    await attempt.note({ pid: 42, startedAt: 'then' });
    expect(await outbox.interrupted()).toMatchObject({
      outcomes: [outcome(action('1'))],
      underWay: { action: action('2'), at: '2026-11-23T12:00:02.000Z' },
      processes: [{ pid: 42, startedAt: 'then' }],
    });
    await attempt.end(outcome(action('2')));
    await attempt.complete(draft);
    expect(await outbox.interrupted()).toMatchObject({ underWay: null, draft });
  });

  it('cut at any byte, loses nothing that had ended, and never throws', async () => {
    const attempt = await outbox.open(header);
    for (const version of ['1', '2']) {
      await attempt.begin(action(version));
      await attempt.end(outcome(action(version)));
    }
    const bytes = readFileSync(file);
    const ends = [...bytes].flatMap((byte, at) => (byte === 10 ? [at] : []));
    for (let length = 0; length <= bytes.length; length += 1) {
      const left = replay(bytes.subarray(0, length).toString('utf8'));
      const whole = ends.filter((end) => end < length).length;
      if (whole === 0) expect(left).toBe('torn');
      else expect(left).toMatchObject({ header, outcomes: { length: Math.floor((whole - 1) / 2) } });
    }
  });

  it('whose first line was cut is as good as none: nothing had begun', async () => {
    const attempt = await outbox.open(header);
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 30));
    expect(await outbox.interrupted()).toBe(null);
    expect(existsSync(file)).toBe(false);
    await attempt.close();
  });

  it('tells after each step what a crash there would leave', async () => {
    const left = async () => {
      const found = await outbox.interrupted();
      if (found === null) return null;
      const { underWay, outcomes, processes, draft: written } = found;
      return [underWay?.action.id ?? null, outcomes.length, processes.length, written?.id ?? null];
    };
    expect(await left()).toBe(null);
    const attempt = await outbox.open(header);
    expect(await left()).toEqual([null, 0, 0, null]);
    await attempt.begin(action('1'));
    expect(await left()).toEqual(['remove-box 1', 0, 0, null]);
    await attempt.note({ pid: 42, startedAt: 'then' });
    expect(await left()).toEqual(['remove-box 1', 0, 1, null]);
    await attempt.end(outcome(action('1')));
    expect(await left()).toEqual([null, 1, 1, null]);
    await attempt.complete(draft);
    expect(await left()).toEqual([null, 1, 1, draft.id]);
    await attempt.close();
    expect(await left()).toBe(null);
  });

  it('that was finished by another is let be, and a new one can begin', async () => {
    await outbox.open(header);
    const left = await outbox.interrupted();
    await left?.close();
    await left?.close();
    expect(await outbox.interrupted()).toBe(null);
    await (await outbox.open(header)).close();
  });

  it('that cannot be read is not taken for none', async () => {
    mkdirSync(file, { recursive: true });
    await expect(outbox.interrupted()).rejects.toThrow(/EISDIR/);
  });

  it('of an attempt that is not finished keeps another from beginning', async () => {
    await outbox.open(header);
    await expect(outbox.open(header)).rejects.toThrow(/EEXIST/);
    expect(await outbox.interrupted()).toMatchObject({ header });
  });

  it('lies in a file that nobody else can read', async () => {
    await outbox.open(header);
    expect((await import('node:fs')).statSync(file).mode & 0o777).toBe(0o600);
  });
});

it.each([
  '{"event":"end"}',
  '{"event":"end","outcome":{"result":"done"}}',
  '{"event":"begin","at":"then"}',
  '{"event":"process","pid":-1,"startedAt":"then"}',
  '{"event":"complete","draft":null}',
  '{"event":{"toString":null}}',
  '[]',
])('a line of the journal that makes no sense is passed over: %s', (line) => {
  const opened = JSON.stringify({ event: 'open', header });
  expect(replay(`${opened}\n${line}\n`)).toEqual({
    header,
    outcomes: [],
    underWay: null,
    processes: [],
    draft: null,
  });
});
