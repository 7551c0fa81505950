/** Mail through a program that takes what sendmail takes, and Git's reader of mail as the reader. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Message } from '../../../reconciler/notify/message.ts';
import { emailTarget } from '../../../reconciler/notify/targets/email.ts';
import { recordOf, standing } from '../../unit/notify/builders.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const never = new AbortController().signal;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-mail-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Takes options as sendmail does, by getopts, and keeps recipients and mail. @param end what it does then */
function sendmail(end = 'exit 0'): string {
  const script = `#!/bin/sh
while getopts if: option; do
  case $option in i) ;; f) from=$OPTARG ;; *) exit 64 ;; esac
done
shift $((OPTIND - 1))
printf '%s\\n' "$from" "$@" > '${folder}/envelope'
env > '${folder}/environment'
cat > '${folder}/mail'
${end}
`;
  const path = join(folder, 'sendmail');
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

function mailer(program: string) {
  return emailTarget(
    [program],
    { now: () => NOW },
    {
      ...{ to: 'email', name: 'mail', from: 'boxreeve@example.org' },
      ...{ recipients: ['ci@example.org', 'ada@example.org'], on: ['failed', 'roll-out'] },
    },
  );
}

type Read = {
  /** Names and values of the headers as they were sent, folded lines put together. */
  readonly headers: readonly (readonly [string, string])[];
  readonly subject: string;
  readonly text: string;
};

/** As who receives it has it: what is encoded is read by Git's reader of mail. */
async function read(): Promise<Read> {
  const mail = readFileSync(join(folder, 'mail'));
  const text = join(folder, 'text');
  const args = ['mailinfo', '-k', '--encoding=UTF-8', text, join(folder, 'patch')];
  const { stdout } = await execa('git', args, { input: mail, cwd: folder });
  const [head = ''] = mail.toString('latin1').split('\r\n\r\n');
  const headers = head
    .replaceAll('\r\n ', ' ')
    .split('\r\n')
    .map((line): readonly [string, string] => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)];
    });
  const subject = /^Subject: (.*)$/m.exec(stdout)?.[1] ?? '';
  return { headers, subject, text: readFileSync(text, 'utf8').replaceAll('\r\n', '\n') };
}

function recordMessage(change: Parameters<typeof recordOf>[0] = {}): Message {
  const record = recordOf(change);
  return { kind: 'record', id: record.id, record };
}

it('is handed to sendmail with who gets it, and reads as what it is about', async () => {
  await mailer(sendmail()).deliver([recordMessage()], never);
  expect(readFileSync(join(folder, 'envelope'), 'utf8')).toBe(
    'boxreeve@example.org\nci@example.org\nada@example.org\n',
  );
  const { headers, subject, text } = await read();
  expect(Object.fromEntries(headers)).toMatchObject({
    From: '<boxreeve@example.org>',
    To: '<ci@example.org>, <ada@example.org>',
    Date: 'Wed, 25 Nov 2026 12:00:00 +0000',
    'Message-ID': '<3f0c6a4e-0000-4000-8000-000000000001@boxreeve.invalid>',
    'Auto-Submitted': 'auto-generated',
  });
  expect(subject).toBe('[boxreeve] builder1: rebuilding azure-agent failed');
  expect(text).toContain('failed at 2026-11-25T12:00:00.000Z');
});

it('several things are one mail, and a roll-out tells its failures with what was printed last', async () => {
  const failure = {
    host: 'builder2',
    guest: 'azure-agent',
    since: '2026-11-25T11:00:00.000Z',
    detail: 'init failed',
  };
  const halted: Message = {
    ...{ kind: 'standing', id: 'c-1-0', time: '2026-11-25T12:00:00.000Z' },
    outputs: [{ ...failure, output: 'brew: command not found\n' }],
    standing: standing({ state: 'halted', failures: [failure] }),
  };
  await mailer(sendmail()).deliver([halted, recordMessage()], never);
  const { subject, text } = await read();
  expect(subject).toBe(
    '[boxreeve] 9ab3e51f0000 Bump azure-ci-node (#13063): Halted at 1 of 8 hosts; failed on builder2 (and 1 more)',
  );
  expect(text).toContain('azure-agent failed on builder2: init failed\n  brew: command not found');
  expect(text).toContain('builder1: rebuilding azure-agent failed');
});

it.each([
  ['a line break', 'x\r\nBcc: evil@example.org'],
  ['a line break in Unicode', 'x\u2028Bcc: evil@example.org\u0085Cc: evil@example.org'],
  ['the end of the headers', 'x\n\nBcc: evil@example.org'],
  ['an encoded word', '=?utf-8?Q?x=0D=0ABcc:_evil@example.org?='],
  ['a long text', `${'long '.repeat(200)}\r\nBcc: evil@example.org`],
  ['what is no Latin', `größer → ${'木'.repeat(90)}\r\nBcc: evil@example.org`],
])('%s in what a host says makes no header', async (_what, summary) => {
  const lines = 'Bcc: evil@example.org\r\n.\r\nFrom evil@example.org\n'.repeat(2);
  await mailer(sendmail()).deliver([recordMessage({ summary, notes: [lines] })], never);
  const { headers, subject, text } = await read();
  expect(headers.map(([name]) => name)).toEqual([
    ...['From', 'To', 'Subject', 'Date', 'Message-ID', 'Auto-Submitted'],
    ...['MIME-Version', 'Content-Type', 'Content-Transfer-Encoding'],
  ]);
  expect(subject).toContain(`[boxreeve] builder1: ${summary.slice(0, 20).split(/\s/)[0]}`);
  expect(text).toContain('failed at 2026-11-25');
  const raw = readFileSync(join(folder, 'mail'), 'latin1').split('\r\n');
  expect(raw.filter((line) => line.length > 78 || /[^\x20-\x7e]/.test(line))).toEqual([]);
});

it('gets nothing of the environment that it has no business with', async () => {
  process.env.BOXREEVE_TEST_TOKEN = 'a-secret-of-somebody';
  try {
    await mailer(sendmail()).deliver([recordMessage()], never);
  } finally {
    delete process.env.BOXREEVE_TEST_TOKEN;
  }
  expect(readFileSync(join(folder, 'environment'), 'utf8')).not.toContain('a-secret-of-somebody');
});

it('a sendmail that fails, or is not there, is tried again, and what it said is told', async () => {
  const failing = mailer(sendmail('echo "queue is full" >&2; exit 75'));
  await expect(failing.deliver([recordMessage()], never)).rejects.toMatchObject({ again: 'later' });
  await expect(failing.deliver([recordMessage()], never)).rejects.toThrow('ended with 75: queue is full');
  const missing = mailer(join(folder, 'none'));
  await expect(missing.deliver([recordMessage()], never)).rejects.toThrow('ENOENT');
});
