/** What stands in the branch `boxreeve/notifier`, and what hosts say in records that others are told of. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { iso } from '../../reconciler/clock.ts';
import {
  CLAIM,
  claimHere,
  type NotifierState,
  parseState,
  stateBytes,
} from '../../reconciler/notify/claim.ts';
import { takeUp, toldUpTo } from '../../reconciler/notify/cursor.ts';
import { standingLine, standingMarkdown } from '../../reconciler/notify/describe.ts';
import type { Message } from '../../reconciler/notify/message.ts';
import { cloudEvent } from '../../reconciler/notify/targets/cloud-event.ts';
import { mailBytes } from '../../reconciler/notify/targets/mail.ts';
import { someDraft } from '../unit/audit/account-lab.ts';
import { recordedAction, standing } from '../unit/notify/builders.ts';
import { COMMIT } from '../unit/plan/builders.ts';
import { expectOneLine, holds } from './holds.ts';
import { hostile } from './hostile.ts';
import { damagedJson } from './mutate-value.ts';

const hostileText = hostile.map((bytes) => bytes.toString('utf8'));
const NOW = Date.parse('2026-11-25T12:00:00.000Z');

const STATE: NotifierState = {
  claim: { state: 'held', token: 3, host: 'a', since: iso(NOW), until: iso(NOW + CLAIM), nonce: 'n' },
  targets: {
    hook: {
      seen: COMMIT,
      open: [{ commit: COMMIT, told: 'digest', count: 2 }],
      records: { builder1: { sequence: 7, key: 'k' } },
    },
  },
};

describe('the branch of who notifies', () => {
  it('is a state that is the same when it is written and read again, or is unreadable', async () => {
    await holds(fc.oneof(damagedJson([STATE]), fc.string(), hostileText), (text) => {
      const state = parseState(Buffer.from(text));
      if (state === 'unreadable') return;
      expect(parseState(stateBytes(state))).toEqual(JSON.parse(JSON.stringify(state)));
      const here = claimHere({ id: 'x', state }, 'b', NOW);
      expect(['take', 'of another']).toContain(here === 'renew' || here === 'mine' ? 'take' : here);
      for (const cursor of Object.values(state.targets)) {
        const next = takeUp(cursor, { followed: 'f', commits: ['f'], newest: new Map() });
        expect(next.seen).toBe('f');
        const after = toldUpTo(cursor, 'builder1', { sequence: 9, key: 'k' });
        expect(after === null || after < 9).toBe(true);
      }
    });
  });
});

/** What stands outside of code in Markdown. */
function outsideCode(markdown: string): string {
  return markdown
    .replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '')
    .replace(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '');
}

const NOISE = fc.oneof(
  hostileText,
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('`', '\n', ' ', '@', '<', '|', '[x](http://evil)', '```', '\r', '#', '~'),
  }),
);

describe('what is told of what hosts say', () => {
  it('is a mail with our headers alone, whatever they say', async () => {
    await holds(fc.tuple(NOISE, NOISE), ([summary, output]) => {
      const draft = someDraft(COMMIT, { actions: [recordedAction({ output, error: summary })] });
      const record = { ...BASE, ...draft, summary, notes: [output] };
      const messages: readonly Message[] = [{ kind: 'record', id: record.id, record }];
      const mail = mailBytes({
        from: 'a@example.org',
        recipients: ['b@example.org'],
        messages,
        at: NOW,
      }).toString();
      const [head = '', ...body] = mail.split('\r\n\r\n');
      const names = head.split('\r\n').flatMap((line) => (line.startsWith(' ') ? [] : line.split(':')[0]));
      expect(names).toEqual(HEADERS);
      expect(body.join('')).toMatch(/^[A-Za-z0-9+/=\r\n]+$/);
      for (const line of mail.split('\r\n')) {
        expectOneLine(line);
        expect(line.length).toBeLessThanOrEqual(78);
      }
      JSON.stringify(cloudEvent({ kind: 'record', id: record.id, record }));
    });
  });

  it('is code in a comment, and one line in a status, whatever they say', async () => {
    await holds(fc.tuple(NOISE, NOISE), ([detail, output]) => {
      const failure = { host: 'builder1', guest: 'agent', since: iso(NOW), detail };
      const of = standing({
        failures: [failure],
        waves: [{ number: 1, of: 'all hosts', done: 0, hosts: 1, waits: [detail] }],
      });
      const markdown = standingMarkdown(of, [{ ...failure, output }]);
      expect(outsideCode(markdown).replace(/[|:*,. \n–-]|<br>/g, '')).toMatch(/^[A-Za-z0-9();]*$/);
      const rows = markdown.split('\n').filter((row) => row.startsWith('| 1 |'));
      expect(rows[0]?.split('|')).toHaveLength(6);
      const line = standingLine(of, 140);
      expectOneLine(line);
      expect(line.length).toBeLessThanOrEqual(140);
    });
  });
});

const BASE = {
  apiVersion: 'boxreeve/v1',
  host: 'builder1',
  sequence: 2,
  previous: null,
  witness: {},
} as const;

const HEADERS = [
  ...['From', 'To', 'Subject', 'Date', 'Message-ID', 'Auto-Submitted'],
  ...['MIME-Version', 'Content-Type', 'Content-Transfer-Encoding'],
];
