/**
 * A mail as RFC 5322 has it, of several messages. Pure. No header can be made by what a host or a commit says: each value is one line, and
 * what is not plain ASCII goes by RFC 2047. The text goes by Base64, so that no line of it is one of the mail's.
 */
import { createHash } from 'node:crypto';
import { oneLine } from '../../one-line.ts';
import { indented, lastLines, standingText } from '../describe.ts';
import type { Message } from '../message.ts';

export type Mail = {
  readonly from: string;
  readonly recipients: readonly string[];
  /** What it is about, oldest first; at least one. */
  readonly messages: readonly Message[];
  /** ms since the epoch. */
  readonly at: number;
};

export function mailBytes({ from, recipients, messages, at }: Mail): Buffer {
  const texts = messages.map(textOf);
  const [first] = texts;
  const more = texts.length > 1 ? ` (and ${texts.length - 1} more)` : '';
  const text = texts
    .map(({ subject, text: body }) => `${subject}\n\n${body}`)
    .join(`\n\n${'-'.repeat(60)}\n\n`);
  const headers = [
    `From: <${addressOf(from)}>`,
    `To: ${recipients.map((each) => `<${addressOf(each)}>`).join(',\r\n ')}`,
    `Subject: ${headerText(`[boxreeve] ${first?.subject ?? ''}${more}`)}`,
    `Date: ${dateText(at)}`,
    `Message-ID: <${idOf(messages)}@boxreeve.invalid>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
  ];
  return Buffer.from(`${headers.join('\r\n')}\r\n\r\n${wrapped(`${text}\n`)}\r\n`);
}

/** The schema has seen to it; once more, as here it would matter. */
function addressOf(address: string): string {
  return oneLine(address).replace(/[\s<>,;]/g, '');
}

/** The same for the same messages, so that a mail that is sent twice can be known. */
function idOf(messages: readonly Message[]): string {
  const [only, ...more] = messages;
  if (only !== undefined && more.length === 0 && /^[A-Za-z0-9-]{1,128}$/.test(only.id)) return only.id;
  return createHash('sha256')
    .update(JSON.stringify(messages.map(({ id }) => id)))
    .digest('hex')
    .slice(0, 32);
}

/** RFC 2047 for what is not plain, in words of at most 75 characters, each on a line of its own. */
function headerText(text: string): string {
  const line = oneLine(text).trim().slice(0, LONGEST_SUBJECT).toWellFormed();
  if (/^[\x20-\x7e]*$/.test(line) && line.length <= LONGEST_PLAIN && !line.includes('=?')) return line;
  const words: string[] = [];
  let word = '';
  for (const character of line) {
    if (Buffer.byteLength(word + character) > BYTES_IN_WORD) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  return [...words, word].map((each) => `=?utf-8?B?${Buffer.from(each).toString('base64')}?=`).join('\r\n ');
}

const LONGEST_SUBJECT = 300;
/** So that the line, with `Subject: `, has at most 78. */
const LONGEST_PLAIN = 68;
/** Which are 52 in Base64, with what is around them 64, and on the first line 73. */
const BYTES_IN_WORD = 39;

/** `Wed, 25 Nov 2026 08:57:46 +0000`, RFC 5322. */
function dateText(at: number): string {
  return new Date(at).toUTCString().replace('GMT', '+0000');
}

function wrapped(text: string): string {
  const encoded = Buffer.from(text.replace(/\r\n?|\n/g, '\r\n')).toString('base64');
  return encoded.match(/.{1,76}/g)?.join('\r\n') ?? '';
}

function textOf(message: Message): { readonly subject: string; readonly text: string } {
  if (message.kind === 'standing') return standingText(message.standing, message.outputs);
  const { host, summary, outcome, time, desired, actions, notes, gates } = message.record;
  const wrong = actions.filter(({ error }) => error !== null);
  const lines = [
    `${outcome} at ${time}`,
    ...(desired === null ? [] : [`commit ${desired.commit}: ${oneLine(desired.subject)}`]),
    ...gates.map(({ detail }) => `held: ${oneLine(detail)}`),
    ...notes.map((note) => oneLine(note)),
    ...wrong.flatMap(({ kind, guest, box, error, output }) => [
      '',
      `${kind} ${guest ?? box ?? ''}: ${oneLine(error ?? '')}`,
      indented(lastLines(output)),
    ]),
  ];
  return { subject: oneLine(`${host}: ${summary}`), text: lines.join('\n') };
}
