/** A webhook over real HTTP, held against what CloudEvents 1.0 and Standard Webhooks say. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Message, NotDelivered } from '../../../reconciler/notify/message.ts';
import type { TargetParts } from '../../../reconciler/notify/targets/forge.ts';
import { webhookTarget } from '../../../reconciler/notify/targets/webhook.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../lab/notify/webhook-receiver.ts';
import { recordOf, standing } from '../../unit/notify/builders.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const KEY = Buffer.from('0123456789abcdef0123456789abcdef');
const SECRET = `whsec_${KEY.toString('base64')}`;
const never = new AbortController().signal;

let receiver: WebhookReceiver;
let parts: TargetParts;
let secret = SECRET;

beforeEach(async () => {
  receiver = await startWebhookReceiver(KEY);
  secret = SECRET;
  parts = { secret: async () => secret, clock: { now: () => NOW }, fetch, waits: new Map() };
});
afterEach(() => receiver.close());

function hook(on: Parameters<typeof webhookTarget>[1]['on'] = ['failed', 'roll-out']) {
  return webhookTarget(parts, { to: 'webhook', name: 'hook', url: receiver.url, secret: 'HOOK', on });
}

const record = recordOf();
const RECORD: Message = { kind: 'record', id: record.id, record };
const STANDING: Message = {
  ...{ kind: 'standing', id: 'c0ffee-1-00', outputs: [], time: '2026-11-25T12:00:00.000Z' },
  standing: standing(),
};

it('a record is a CloudEvent whose signature is right, with the id of the record', async () => {
  await hook().deliver([RECORD], never);
  const [got] = receiver.received;
  expect(got?.path).toBe('/hooks/boxreeve?room=ci');
  expect(got?.event).toMatchObject({
    specversion: '1.0',
    id: record.id,
    source: '/hosts/builder1',
    type: 'boxreeve.record',
    subject: 'builder1',
    time: record.time,
    datacontenttype: 'application/json',
    outcome: 'failed',
    data: { host: 'builder1', sequence: 1, kind: 'applied', summary: 'rebuilding azure-agent failed' },
  });
  expect(got?.headers['webhook-id']).toBe(record.id);
  expect(got?.headers['webhook-timestamp']).toBe(String(NOW / 1000));
  // CloudEvents: names of attributes are lower-case letters and digits
  expect(Object.keys(got?.event ?? {}).filter((name) => !/^[a-z0-9]{1,20}$/.test(name))).toEqual([]);
});

it('a roll-out is one as well', async () => {
  await hook().deliver([STANDING], never);
  expect(receiver.received[0]?.event).toMatchObject({
    id: 'c0ffee-1-00',
    source: '/rollouts',
    type: 'boxreeve.rollout',
    outcome: 'under-way',
    data: { done: 1, hosts: 8 },
  });
});

it('what is told twice has the same id and the same body', async () => {
  await hook().deliver([RECORD], never);
  await hook().deliver([RECORD], never);
  const [first, second] = receiver.received;
  expect(second?.body).toBe(first?.body);
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
});

it('a secret that is plain text is the key as it stands', async () => {
  secret = KEY.toString();
  await hook().deliver([RECORD], never);
  expect(receiver.received).toHaveLength(1);
});

it('who does not know the secret is refused, and that is tried again', async () => {
  secret = 'another secret';
  await expect(hook().deliver([RECORD], never)).rejects.toMatchObject({ again: 'later' });
  await expect(hook().deliver([RECORD], never)).rejects.not.toThrow(secret);
  expect(receiver.received).toEqual([]);
});

it.each([
  [400, 'never'],
  [410, 'never'],
  [413, 'never'],
  [422, 'never'],
  [401, 'later'],
  [404, 'this'],
  [429, 'later'],
  [500, 'later'],
  [503, 'later'],
  [302, 'later'],
])('an answer of %i means: %s', async (status, again) => {
  receiver.answer = { status, headers: { location: `${receiver.url}/elsewhere` } };
  const refused: unknown = await hook()
    .deliver([RECORD], never)
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(NotDelivered);
  expect(refused).toMatchObject({ again });
  // a redirect is not followed: what is signed is for that address alone
  expect(receiver.tries).toBe(1);
});

it('Retry-After is kept to, in seconds and as a date', async () => {
  for (const [value, until] of [
    ['120', NOW + 120_000],
    ['Wed, 25 Nov 2026 12:05:00 GMT', NOW + 300_000],
  ] as const) {
    parts.waits.clear();
    receiver.answer = { status: 503, headers: { 'retry-after': value } };
    await expect(hook().deliver([RECORD], never)).rejects.toMatchObject({ again: 'later', notBefore: until });
    receiver.answer = null;
    await expect(hook().deliver([RECORD], never)).rejects.toMatchObject({ again: 'later' });
  }
  expect(receiver.tries).toBe(2);
});

it('a receiver that is not there is tried again', async () => {
  await receiver.close();
  const refused: unknown = await hook()
    .deliver([RECORD], never)
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ again: 'later' });
  receiver = await startWebhookReceiver(KEY);
});

it('is told of what it asks for, and of nothing else', () => {
  const { wants, standings } = hook(['failed']);
  expect(wants?.(recordOf({ outcome: 'failed' }))).toBe(true);
  expect(wants?.(recordOf({ outcome: 'applied' }))).toBe(false);
  expect(standings).toBe('none');
  expect(hook(['roll-out']).standings).toBe('turns');
});
