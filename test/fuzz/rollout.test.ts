/** What other hosts say of themselves in records that they signed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRecord } from '../../reconciler/audit/parse-record.ts';
import type { AuditRecord } from '../../reconciler/audit/record.ts';
import { HOUR, iso } from '../../reconciler/clock.ts';
import { rolloutDocument } from '../../reconciler/report/rollout-document.ts';
import { showRollout } from '../../reconciler/report/rollout-text.ts';
import { wordIn } from '../../reconciler/rollout/believe.ts';
import { decideRollout } from '../../reconciler/rollout/decide.ts';
import type { GuestProgress, Member } from '../../reconciler/rollout/progress.ts';
import { wavesOf } from '../../reconciler/rollout/waves.ts';
import { checkDocument } from '../lab/check-document.ts';
import { someDraft } from '../unit/audit/account-lab.ts';
import { COMMIT, rolloutOf } from '../unit/plan/builders.ts';
import { expectOneLine, expectPlain, holds } from './holds.ts';
import { damagedJson } from './mutate-value.ts';

const NOW = Date.parse('2026-11-25T12:00:00.000Z');
const PRINT = 'f'.repeat(64);
const CHANGE = 'c'.repeat(64);
const ROLLOUT = rolloutOf({ waves: [{ hosts: { by: 'name', hosts: ['builder1'] }, soak: HOUR }] });
const members: readonly Member[] = ['builder1', 'builder2'].map((name) => ({
  ...{ name, labels: [], broken: null },
  guests: new Map([['agent', PRINT]]),
}));

function progress(state: GuestProgress['state'], healthyMs: number | null): GuestProgress {
  return {
    fingerprint: PRINT,
    state,
    since: iso(NOW),
    healthyMs,
    probed: true,
    detail: 'a\nwave 2 (all others): done',
  };
}

function record(of: GuestProgress): AuditRecord {
  const failures = [{ host: 'builder1', since: iso(NOW), detail: 'init failed' }];
  const more = { progress: { agent: of }, halts: [{ guest: 'agent', change: CHANGE, failures }] };
  return {
    ...{ apiVersion: 'boxreeve/v1', host: 'builder1', sequence: 2, previous: null, witness: {} },
    ...someDraft(COMMIT, more),
  };
}

/** Of the form that the schema asks for. */
const NEVER = '2026-99-99T12:00:00.000Z';
const RECORDS = [
  record(progress('failed', null)),
  record(progress('healthy', HOUR)),
  record(progress('pending', null)),
  { ...record(progress('healthy', HOUR)), time: NEVER },
  record({ ...progress('failed', null), since: NEVER }),
];

describe('the word of another host', () => {
  it('is one that can be decided by and shown, or a reason for none, whatever its record says', async () => {
    const cases = fc.oneof(
      damagedJson(RECORDS),
      fc.constantFrom(...RECORDS.map((each) => JSON.stringify(each))),
    );
    await holds(cases, async (text) => {
      const parsed = await parseRecord(Buffer.from(text));
      if (!parsed.ok) return;
      const word = wordIn(parsed.record, (each) => each);
      if (parsed.record.time === NEVER) expect(word.state).toBe('silent');
      if (word.state === 'told') expectPlain(word.progress);
      else expect(word.why).toMatch(/^(does not say|has a time)/);
      const words = new Map([['builder1', word]]);
      const waves = wavesOf(ROLLOUT.waves, members);
      const common = { rollout: ROLLOUT, words, resumes: [], now: NOW };
      const decision = decideRollout({ ...common, host: 'builder2', guest: 'agent', waves, change: CHANGE });
      if (word.state === 'silent') expect(decision.may).toBe('wait');
      const facts = { members, changes: new Map([['agent', CHANGE]]), guestCount: 2, keys: new Map() };
      const view = {
        ...common,
        commit: COMMIT,
        subject: 's',
        facts,
        leases: { held: [], unreadable: [] },
        problems: [],
        offline: null,
      };
      const document = rolloutDocument(view);
      checkDocument(['rollout', 'status'], document);
      const lines = showRollout(document, { color: false, width: 80 }).split('\n');
      for (const line of lines) expectOneLine(line);
      expect(lines.filter((line) => line.startsWith('wave '))).toHaveLength(document.waves.length);
    });
  });
});
