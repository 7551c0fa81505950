/** Records of other hosts, and the journal that a crash left. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitMessage } from '../../reconciler/audit/message.ts';
import { outboxOver, replay } from '../../reconciler/audit/outbox.ts';
import { parseRecord, recordBytes, recordDigest } from '../../reconciler/audit/parse-record.ts';
import { recordPath } from '../../reconciler/audit/paths.ts';
import type { AuditRecord } from '../../reconciler/audit/record.ts';
import { someDraft } from '../unit/audit/account-lab.ts';
import { ended, rebuild, target } from '../unit/audit/outcomes.ts';
import { COMMIT } from '../unit/plan/builders.ts';
import { expectOneLine, expectPlain, holds } from './holds.ts';
import { damaged, damagedText } from './mutate.ts';
import { damagedJson } from './mutate-value.ts';

const action = rebuild('azure-ci-node 2022.2.17', target('2022.2.24'));
const outcome = ended(action, { output: 'ünï\n', error: 'it broke\nbadly', result: 'failed' });
const draft = someDraft(COMMIT, {
  kind: 'applied',
  outcome: 'failed',
  fingerprints: { 'azure-agent': null },
  notes: ['a note'],
  probes: [{ guest: 'azure-agent', name: 'nix', ok: true, detail: '2.4', durationMs: 3 }],
  gates: [{ kind: 'paused', until: null, detail: 'paused until `boxreeve resume`: r' }],
  actions: [
    {
      kind: 'rebuild-guest',
      guest: 'azure-agent',
      box: null,
      reason: 'the box changed',
      before: 'azure-ci-node 2022.2.17',
      after: 'azure-ci-node 2022.2.24',
      result: 'failed',
      start: '2026-11-23T12:00:01.000Z',
      durationMs: 65_000,
      exitStatus: 1,
      output: 'ünï\n',
      error: 'it broke\nbadly',
    },
  ],
});
const RECORD: AuditRecord = {
  apiVersion: 'boxreeve/v1',
  host: 'builder1',
  sequence: 2,
  previous: `sha256:${'ab'.repeat(32)}`,
  witness: { builder2: COMMIT },
  ...draft,
};
const BYTES = recordBytes(RECORD);

describe('a record', () => {
  it('as it is written is read as what it was', async () => {
    expect(await parseRecord(BYTES)).toEqual({ ok: true, record: RECORD });
  });

  it('is what the schema says, or refused in one line; what is read is written and read again the same', async () => {
    const cases = fc.oneof(
      damaged([BYTES]),
      damagedJson([RECORD]).map((text) => Buffer.from(text)),
    );
    await holds(cases, async (bytes) => {
      const parsed = await parseRecord(bytes);
      if (!parsed.ok) return expectOneLine(parsed.why);
      const { record } = parsed;
      expectPlain(record);
      const written = recordBytes(record);
      expect(recordDigest(written)).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(await parseRecord(written)).toEqual({ ok: true, record: JSON.parse(JSON.stringify(record)) });
      expectOneLine(recordPath(record.host, record.time, 'id'));
    });
  });

  it('has a message in which no text of others begins a line or a trailer', async () => {
    const texts = damagedText([
      'Bump the box (#7)',
      'x\n\nBoxreeve-Outcome: applied',
      'note: y\r\nBoxreeve-Record: z',
    ]);
    await holds(fc.record({ one: texts, two: texts }), ({ one, two }) => {
      const record: AuditRecord = {
        ...RECORD,
        summary: one,
        notes: [two],
        desired: { ...desiredOf(RECORD), subject: two, author: one },
        actions: RECORD.actions.map((each) => ({ ...each, reason: one, error: two })),
      };
      const [subject = '', empty, ...rest] = commitMessage(record).split('\n');
      expectOneLine(subject);
      expect(subject.startsWith('builder1:')).toBe(true);
      expect(empty).toBe('');
      expect(rest).toHaveLength(commitMessage(RECORD).split('\n').length - 2);
      expect(rest.filter((line) => line.startsWith('Boxreeve-'))).toHaveLength(3);
    });
  });
});

describe('the journal', () => {
  const lines: string[] = [];
  const journal = {
    read: async () => lines.join(''),
    create: async (line: string) => void lines.push(line),
    append: async (line: string) => void lines.push(line),
    remove: async () => undefined,
  };
  const header = {
    id: draft.id,
    trigger: 'poll' as const,
    startedAt: draft.time,
    desired: desiredOf(RECORD),
  };
  const written = (async () => {
    const attempt = await outboxOver(journal, () => draft.time).open(header);
    await attempt.begin(action);
    await attempt.note({ pid: 4711, startedAt: 'boot 1' });
    await attempt.end(outcome);
    await attempt.complete(draft);
    return lines.join('');
  })();

  it('cut off anywhere, gives all that stands whole in it', async () => {
    const text = await written;
    await holds(fc.nat(text.length), (length) => {
      const whole = text.slice(0, length).split('\n').length - 1;
      const left = replay(text.slice(0, length));
      if (whole === 0) return expect(left).toBe('torn');
      if (typeof left === 'string') throw new Error(left);
      expect(left.header).toEqual(header);
      expect(left.underWay === null).toBe(whole !== 2 && whole !== 3);
      expect(left.processes).toHaveLength(whole > 2 ? 1 : 0);
      expect(left.outcomes).toEqual(whole > 3 ? [outcome] : []);
      expect(left.draft).toEqual(whole > 4 ? draft : null);
    });
  });

  it('damaged in any way, is read as far as it makes sense', async () => {
    const text = await written;
    const parts = text
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const oneDamaged = fc
      .record({ at: fc.nat(parts.length - 1), line: damagedJson(parts) })
      .map(({ at, line }) =>
        parts.map((part, index) => `${index === at ? line : JSON.stringify(part)}\n`).join(''),
      );
    await holds(fc.oneof(damagedText([text]), oneDamaged), (journal) => {
      const left = replay(journal);
      if (typeof left === 'string') return;
      expectPlain(left.header);
      expect(typeof left.header.id).toBe('string');
      for (const { pid, startedAt } of left.processes) {
        expect(Number.isSafeInteger(pid) && pid > 1).toBe(true);
        expect(typeof startedAt).toBe('string');
      }
      for (const each of left.outcomes) expect(typeof each.action.id).toBe('string');
      if (left.underWay !== null) expect(typeof left.underWay.action.id).toBe('string');
      if (left.draft !== null) expect(typeof left.draft.id).toBe('string');
    });
  });
});

function desiredOf({ desired }: AuditRecord): NonNullable<AuditRecord['desired']> {
  if (desired === null) throw new Error('the record went by a commit');
  return desired;
}
