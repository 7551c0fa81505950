import { afterEach, describe, expect, it } from 'vitest';
import { CiCallFailed, ciServer, pathOf } from '../../../reconciler/agents/ci-http.ts';
import { fieldsOf, listOf } from '../../../reconciler/agents/reply.ts';
import { activityOr, drainOr, standingOr } from '../../../reconciler/agents/vendor.ts';
import { type CiAnswer, type CiServer, startCiServer } from '../../lab/ci/http-server.ts';

const NOW = Date.parse('2026-01-14T20:00:00Z');
const open: CiServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function scene(answer: CiAnswer, path = '') {
  const fake = await startCiServer(() => answer);
  open.push(fake);
  const time = { now: NOW };
  const server = ciServer({
    url: `${fake.url}${path}`,
    headers: async () => ({ authorization: 'Bearer hush' }),
    redact: (text) => text.replaceAll('hush', '[redacted]'),
    clock: { now: () => time.now },
    fetch,
    waits: new Map(),
  });
  const failure = async () => {
    const error = await server.call({ path: '/x' }).then(
      () => new Error('it was answered'),
      (reason: unknown) => reason,
    );
    return error instanceof CiCallFailed ? error.message : `not a CiCallFailed: ${error}`;
  };
  return { fake, server, time, failure };
}

describe('a call to a CI system', () => {
  it('goes below the path that the server has in its address', async () => {
    const { fake, server } = await scene({ status: 200, body: { a: 1 } }, '/tfs/');
    expect((await server.call({ path: '/x', query: { q: 'a b&c' } })).body).toEqual({ a: 1 });
    expect(fake.calls).toEqual(['GET /tfs/x?q=a+b%26c']);
  });

  it.each<[string, CiAnswer, number]>([
    ['a number of seconds', { status: 429, headers: { 'retry-after': '120' } }, 120],
    ['a date', { status: 429, headers: { 'retry-after': 'Wed, 14 Jan 2026 20:05:00 GMT' } }, 300],
    ['no word', { status: 429 }, 60],
    [
      'a spent limit',
      {
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 90) },
      },
      90,
    ],
    ['a secondary limit', { status: 403, headers: { 'retry-after': '15' } }, 15],
    ['an absurd time', { status: 503, headers: { 'retry-after': '999999999' } }, 3600],
  ])('told to wait by %s sends nothing until then', async (_what, answer, seconds) => {
    const { fake, time, failure } = await scene(answer);
    await failure();
    time.now = NOW + seconds * 1000 - 1;
    expect(await failure()).toContain('left alone until');
    expect(fake.calls).toHaveLength(1);
    time.now += 1;
    await failure();
    expect(fake.calls).toHaveLength(2);
  });

  it('that is refused for another reason may be made again at once', async () => {
    const { fake, failure } = await scene({ status: 403, body: { message: 'Must have admin rights' } });
    expect(await failure()).toMatch(/answered 403 to GET \/x: Must have admin rights/);
    await failure();
    expect(fake.calls).toHaveLength(2);
  });

  it('does not follow a redirect, with which the token would go elsewhere', async () => {
    const elsewhere = await startCiServer(() => ({ status: 200, body: {} }));
    open.push(elsewhere);
    const { failure } = await scene({ status: 302, headers: { location: `${elsewhere.url}/in` } });
    expect(await failure()).toContain('token is not accepted');
    expect(elsewhere.calls).toEqual([]);
  });

  it('says what an answer that is no JSON begins with', async () => {
    const { failure } = await scene({ status: 200, body: '<html>  <body>Proxy says hello' });
    expect(await failure()).toContain('did not answer with JSON but with <html> <body>Proxy says hello');
  });

  it.each([
    ['in plain words', `${'x'.repeat(197)} hush`],
    ['in JSON', { message: `${'x'.repeat(197)} hush` }],
  ])('shows nothing of a token that the server sends back, %s, nor half of it', async (_how, body) => {
    const { failure } = await scene({ status: 403, body });
    expect(await failure()).toMatch(/x \[r$/);
  });

  it('does not read an answer without end', async () => {
    const { failure } = await scene({ status: 200, body: 'x'.repeat(5 * 1024 * 1024) });
    expect(await failure()).toContain('more than');
  });

  it.each(['ftp://ci.example', 'ci.example', ''])('cannot be made to %j', async (url) => {
    const server = ciServer({
      url,
      headers: async () => ({}),
      redact: (text) => text,
      clock: { now: () => NOW },
      fetch,
      waits: new Map(),
    });
    await expect(server.call({ path: '/x' })).rejects.toThrow('not an http or https address');
  });
});

describe('a path', () => {
  it('keeps each part a part', () => {
    expect(pathOf('a/b', 'c?d', 'e f', '%2e', 7)).toBe('/a%2Fb/c%3Fd/e%20f/%252e/7');
  });

  it.each(['..', '.', ''])('cannot have the part %j', (part) => {
    expect(() => pathOf('orgs', part)).toThrow(CiCallFailed);
  });
});

describe('what a CI system says', () => {
  const detail = `job x\n\u001b[2J\u009b${'y'.repeat(1000)}`;
  it('is told in one line that is not too long, whoever named the job', async () => {
    const said = [
      await activityOr(async () => ({ state: 'busy', detail })),
      await drainOr(async () => ({ state: 'already', detail })),
      await standingOr(async () => Promise.reject(new Error(detail))),
    ];
    for (const one of said) {
      const text = 'detail' in one ? one.detail : '';
      expect(text).toMatch(/^job x \[2J y+$/);
      expect(text).toHaveLength(500);
    }
  });
});

describe('an answer', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['a text', 'x'],
  ])('that is %s has no fields', (_what, value) => {
    expect(() => fieldsOf(value, 'agent')).toThrow('the answer has no agent in it');
  });

  it('without a field, or with one of another type, is not understood', () => {
    const fields = fieldsOf({ id: '7', busy: 'false', labels: {}, job: null }, 'runner');
    expect(() => fields.number('id')).toThrow('runner has no id that is a number');
    expect(() => fields.bool('busy')).toThrow('runner has no busy that is true or false');
    expect(() => fields.list('labels')).toThrow('runner has no labels that is a list');
    expect(() => fields.text('name')).toThrow('runner has no name that is a text');
    expect(() => fields.object('job')).toThrow('no job of runner');
    expect([fields.has('job'), fields.has('id'), fields.has('toString')]).toEqual([false, true, false]);
    expect(() => listOf({ hello: 1 }, 'job')).toThrow('not a list of jobs');
  });
});
