import { expect, it } from 'vitest';
import { mailBytes } from '../../reconciler/notify/targets/mail.ts';
import { recordOf } from '../unit/notify/builders.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'signs a record whose summary goes on with a header of its own, and a text in place of ours',
  holds: 'the mail about it has the headers that Boxreeve gives it, and no other',
  defence: [
    {
      file: 'reconciler/notify/targets/mail.ts',
      take: 'const line = oneLine(text).trim()',
      leave: 'const line = text.trim()',
    },
    {
      file: 'reconciler/notify/targets/mail.ts',
      take: 'subject: oneLine(',
      leave: 'subject: String(',
    },
    {
      file: 'reconciler/notify/targets/mail.ts',
      take: 'return [...words, word].map(',
      leave: 'return line; [...words, word].map(',
    },
  ],
};

it(ATTACK.holds, () => {
  const record = recordOf({ summary: 'in sync\r\nBcc: eve@example.org\r\n\r\nAll is well.' });
  const [from, at] = ['boxreeve@example.org', Date.parse('2026-11-25T12:00:00Z')];
  const messages = [{ kind: 'record', id: record.id, record }] as const;
  const mail = mailBytes({ from, recipients: ['ada@example.org'], messages, at }).toString();
  const [head = '', text = ''] = mail.split('\r\n\r\n');
  expect(head).not.toMatch(/^Bcc:/im);
  expect(text).not.toContain('All is well');
});
