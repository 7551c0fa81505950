/** Whoever receives webhooks: it checks what Standard Webhooks and CloudEvents ask for as a receiver does, from their texts alone. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';

export type Received = {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: Readonly<Record<string, unknown>>;
};

export type WebhookReceiver = {
  readonly url: string;
  /** What was taken. */
  readonly received: Received[];
  /** Each try, taken or not. */
  tries: number;
  /** The answer to the next ones; null: it takes them. */
  answer: {
    readonly status: number;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  } | null;
  close(): Promise<void>;
};

/** @param key bytes of the secret */
export async function startWebhookReceiver(key: Buffer): Promise<WebhookReceiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      receiver.tries += 1;
      const { answer } = receiver;
      if (answer !== null) {
        response.writeHead(answer.status, answer.headers).end(answer.body);
        return;
      }
      const wrong = whatIsWrong(request.headers, body, key);
      if (request.method !== 'POST' || wrong !== null) {
        response.writeHead(403).end(wrong ?? 'POST alone');
        return;
      }
      const event: unknown = JSON.parse(body);
      const fields = typeof event === 'object' && event !== null ? { ...event } : {};
      receiver.received.push({ path: request.url ?? '', headers: request.headers, body, event: fields });
      // as most of them: 2xx, and no JSON
      response.writeHead(202, { 'content-type': 'text/plain' }).end('thanks');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${port}/hooks/boxreeve?room=ci`,
    received: [],
    tries: 0,
    answer: null,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

function whatIsWrong(headers: IncomingHttpHeaders, body: string, key: Buffer): string | null {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    String(headers[name] ?? ''),
  );
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  const good = (signatures ?? '').split(' ').some((each) => {
    const [version, value = ''] = each.split(',');
    const given = Buffer.from(value, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!good) return 'the signature is wrong';
  return headers['content-type']?.startsWith('application/cloudevents+json') ? null : 'this is no CloudEvent';
}
