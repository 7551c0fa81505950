/**
 * A webhook: each event is sent by POST, one at a time. Any 2xx means that it has been taken. What the receiver says of an event's form
 * (400, 413, 415, 422) it would say each time, and 410 that it wants no more: these are passed over.
 */
import { ciServer } from '../../agents/ci-http.ts';
import type { NotifyTarget } from '../../desired/spec.ts';
import { createRedactor } from '../../secrets/redactor.ts';
import type { Message, Target } from '../message.ts';
import { cloudEvent, signatureHeaders } from './cloud-event.ts';
import { delivered, type TargetParts } from './forge.ts';

type WebhookTarget = Extract<NotifyTarget, { to: 'webhook' }>;

const TAKEN = [200, 201, 202, 203, 204, 205, 206];
const NEVER = [400, 410, 413, 415, 422];

export function webhookTarget(parts: TargetParts, target: WebhookTarget): Target {
  const { name, url, secret, on } = target;
  return {
    name,
    most: 1,
    standings: on.includes('roll-out') ? 'turns' : 'none',
    wants: ({ outcome }) => on.includes(outcome),
    deliver: async (messages, signal) => {
      for (const message of messages)
        await delivered(
          parts,
          url,
          async () => send(parts, url, message, await parts.secret(secret), signal),
          NEVER,
        );
    },
  };
}

async function send(
  { clock, fetch, waits }: TargetParts,
  url: string,
  message: Message,
  secret: string,
  signal: AbortSignal,
): Promise<void> {
  const { origin, pathname, search } = new URL(url);
  const event = cloudEvent(message);
  const signed = signatureHeaders(event.id, JSON.stringify(event), secret, clock.now());
  const redact = createRedactor([secret]).text;
  const server = ciServer({ url: origin, headers: async () => signed, redact, clock, fetch, waits });
  await server.call({
    method: 'POST',
    path: `${pathname}${search}`,
    json: event,
    headers: { 'content-type': 'application/cloudevents+json; charset=utf-8', 'user-agent': 'boxreeve' },
    expect: TAKEN,
    anyAnswer: true,
    signal,
  });
}
