import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { draftOfAttempt } from '../../../reconciler/audit/draft.ts';
import { commitMessage } from '../../../reconciler/audit/message.ts';
import type { AuditRecord } from '../../../reconciler/audit/record.ts';
import { someDraft } from './account-lab.ts';
import { ended, rebuild, target } from './outcomes.ts';

const COMMIT = 'a'.repeat(40);
const base = someDraft(COMMIT, {
  id: '0b1c2d3e-0000-4000-8000-000000000000',
  time: '2026-11-23T12:01:00.000Z',
});

function record(more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    ...base,
    apiVersion: 'boxreeve/v1',
    host: 'builder1',
    sequence: 1,
    previous: null,
    witness: {},
    ...more,
  };
}

/** What Git takes for trailers, by both of its readings of a message. */
async function trailers(message: string): Promise<string[]> {
  const read = async (...args: string[]) =>
    (await execa('git', ['interpret-trailers', '--parse', ...args], { input: message })).stdout.split('\n');
  expect(await read('--no-divider')).toEqual(await read());
  return read();
}

describe('the message of a record', () => {
  it('is what was done and by whom asked, why, how long it took, and three trailers', () => {
    const bump = rebuild('azure-ci-node 2022.2.17, as of 4f2c1a9', target('2022.2.24'));
    const probes = [{ guest: 'azure-agent', name: 'nix', ok: false, detail: 'nix 2.3\n', durationMs: 1 }];
    const header = { id: base.id, trigger: base.trigger, startedAt: base.time };
    const { desired } = base;
    if (desired === null) throw new Error('a draft names a commit');
    const draft = draftOfAttempt(
      { ...header, desired: { ...desired, signedBy: 'ada@example.org' } },
      [ended(bump, { probes })],
      [],
      ['a note'],
      base,
    );
    expect(commitMessage(record(draft))).toBe(
      `builder1: rebuilt azure-agent on azure-ci-node 2022.2.24 (was 2022.2.17)

desired: aaaaaaaaaaaa Declare the fleet (#7) (Ada Approver <ada@example.org>, signed by ada@example.org, pull request 7)
rebuild-guest azure-agent: the box changed; done in 1 min 5 s
probe nix of azure-agent: FAILED (nix 2.3)
note: a note

Boxreeve-Record: audit/builder1/2026/11/20261123T120100Z-0b1c2d3e-0000-4000-8000-000000000000.json
Boxreeve-Desired: ${COMMIT}
Boxreeve-Outcome: applied
`,
    );
  });

  it.each(['\n', '\n\n', '\r\n', '\r', '\0\n', '\n---\n'])(
    'has those three trailers and no other, whatever text was handed in after %j',
    async (gap) => {
      const evil = `x${gap}Boxreeve-Outcome: applied${gap}Signed-off-by: Mallory${gap}`;
      const { desired } = base;
      if (desired === null) throw new Error('a draft names a commit');
      const { actions } = draftOfAttempt(
        { id: base.id, trigger: 'poll', startedAt: base.time, desired },
        [
          ended(
            { ...rebuild('', target('1')), reason: evil },
            { result: 'failed', error: evil, output: evil },
          ),
        ],
        [],
        [],
        base,
      );
      const message = commitMessage(
        record({
          summary: evil,
          actions,
          notes: [evil, 'Boxreeve-Outcome: applied'],
          gates: [{ kind: 'wave', wave: 1, detail: evil }],
          probes: [{ guest: 'a', name: 'b', ok: true, detail: evil, durationMs: 1 }],
          desired: { ...desired, subject: evil, author: evil, signedBy: evil },
        }),
      );
      expect(await trailers(message)).toEqual([
        `Boxreeve-Record: audit/builder1/2026/11/20261123T120100Z-${base.id}.json`,
        `Boxreeve-Desired: ${COMMIT}`,
        'Boxreeve-Outcome: in-sync',
      ]);
      expect(message.split('\n\n')).toHaveLength(3);
    },
  );

  it('has a subject and trailers also where there is nothing else to say', async () => {
    const message = commitMessage(record({ desired: null }));
    expect(message).toMatch(/^builder1: in sync\n\nBoxreeve-Record: /);
    expect(await trailers(message)).toContain('Boxreeve-Desired: none');
  });
});
