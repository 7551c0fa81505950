/**
 * CloudEvents 1.0, structured mode, JSON (github.com/cloudevents/spec: spec.md, formats/json-format.md), signed as Standard Webhooks has it
 * (github.com/standard-webhooks/standard-webhooks). Pure.
 */
import { createHmac } from 'node:crypto';
import type { AuditRecord } from '../../audit/record.ts';
import { lastLines } from '../describe.ts';
import type { Message } from '../message.ts';

export type CloudEvent = {
  readonly specversion: '1.0';
  /** With `source`, the same each time that it is told. */
  readonly id: string;
  readonly source: string;
  readonly type: 'boxreeve.record' | 'boxreeve.rollout';
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** What became of it, for whoever sorts events: the outcome of a record, the state of a roll-out. */
  readonly outcome: string;
  readonly data: unknown;
};

export function cloudEvent(message: Message): CloudEvent {
  const common = { specversion: '1.0', id: message.id, datacontenttype: 'application/json' } as const;
  if (message.kind === 'record') {
    const { host, time, outcome } = message.record;
    const data = inShort(message.record);
    return {
      ...common,
      source: `/hosts/${host}`,
      type: 'boxreeve.record',
      subject: host,
      time,
      outcome,
      data,
    };
  }
  const { standing, outputs, time } = message;
  const data = { ...standing, outputs: outputs.map((each) => ({ ...each, output: lastLines(each.output) })) };
  const named = { source: '/rollouts', type: 'boxreeve.rollout', subject: standing.commit } as const;
  return { ...common, ...named, time, outcome: standing.state, data };
}

/** Without what only the account is about, and with the end of outputs. */
function inShort({ boxes: _boxes, witness: _witness, previous: _previous, actions, ...record }: AuditRecord) {
  return { ...record, actions: actions.map((action) => ({ ...action, output: lastLines(action.output) })) };
}

/**
 * Headers that say who sent a body, and when: a receiver that refuses old times is not to be fooled by what was sent once.
 *
 * @param secret `whsec_` and Base64, or any text, whose bytes are the key
 * @param at ms since the epoch
 */
export function signatureHeaders(
  id: string,
  body: string,
  secret: string,
  at: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1000));
  const mac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` };
}

function keyOf(secret: string): Buffer {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret.trim())?.[1];
  return encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64');
}
