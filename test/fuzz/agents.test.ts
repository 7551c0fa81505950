/** What CI systems answer over HTTP, and what a guest says of its processes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { azurePipelinesAgent } from '../../reconciler/agents/azure-pipelines.ts';
import { buildkiteAgent } from '../../reconciler/agents/buildkite.ts';
import type { Activity, CiAgent } from '../../reconciler/agents/ci-agent.ts';
import { CiCallFailed, ciServer, pathOf } from '../../reconciler/agents/ci-http.ts';
import { githubActionsAgent } from '../../reconciler/agents/github-actions.ts';
import { gitlabRunnerAgent } from '../../reconciler/agents/gitlab-runner.ts';
import { jenkinsAgent } from '../../reconciler/agents/jenkins.ts';
import type { VendorParts } from '../../reconciler/agents/vendor.ts';
import { workerSeen } from '../../reconciler/agents/worker-process.ts';
import { HOUR } from '../../reconciler/clock.ts';
import { expectOneLine, expectPlain, holds } from './holds.ts';
import { damagedText } from './mutate.ts';
import { damagedJson } from './mutate-value.ts';

const NOW = Date.parse('2026-01-14T20:00:00Z');

type Answer = {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** Headers hold what HTTP lets through: bytes but for line breaks and NUL. */
const header = damagedText([
  '120',
  'Wed, 14 Jan 2026 20:05:00 GMT',
  '0',
  String(NOW / 1000 + 90),
  '<https://x/?page=2>; rel="next"',
  '2',
]).map((text) =>
  Buffer.from(text.replaceAll(/[\r\n\0]/g, ''))
    .toString('latin1')
    .trim(),
);
const headers = fc.dictionary(
  fc.constantFrom(
    'retry-after',
    'x-ratelimit-remaining',
    'x-ratelimit-reset',
    'link',
    'x-next-page',
    'content-type',
  ),
  header,
  { maxKeys: 3 },
);

const REFUSALS = [201, 203, 302, 401, 403, 422, 429, 500, 503];
const mostlyWell = fc.oneof(
  { weight: 8, arbitrary: fc.constant(200) },
  { weight: 1, arbitrary: fc.constantFrom(404, ...REFUSALS) },
);

function answers(bodies: readonly unknown[], status = mostlyWell): fc.Arbitrary<Answer> {
  const texts = [...bodies.map((each) => JSON.stringify(each)), '<html>sign in</html>', ''];
  const body = fc.oneof(damagedJson(bodies), damagedText(texts));
  return fc.record({ status, body, headers });
}

/** A server that gives these answers in turn, again and again. */
function fetchOf(given: readonly Answer[]): typeof fetch {
  let next = 0;
  return async () => {
    const answer = given[next++ % given.length];
    if (answer === undefined) throw new TypeError('fetch failed');
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  };
}

describe('a call to a CI system', () => {
  it('gives plain data or a failure in one line, and waits no longer than an hour', async () => {
    const bodies = [{ message: 'no' }, { value: [{ id: 1 }] }, []];
    await holds(answers(bodies), async (answer) => {
      const waits = new Map<string, number>();
      const server = ciServer({
        url: 'https://ci.example.org/tfs/',
        headers: async () => ({ authorization: 'Bearer hush' }),
        clock: { now: () => NOW },
        fetch: fetchOf([answer]),
        redact: (text) => text,
        waits,
      });
      const reply = await server.call({ path: '/x' }).catch((error: unknown) => error);
      for (const until of waits.values()) expect(until > NOW - 1 && until <= NOW + HOUR).toBe(true);
      if (reply instanceof CiCallFailed) {
        expectOneLine(reply.message);
        expect(reply.message.length).toBeLessThan(400);
        return;
      }
      if (reply instanceof Error) throw reply;
      expect(answer.status).toBe(200);
      expect(reply).toMatchObject({ status: 200 });
      expectPlain(Object.getOwnPropertyDescriptor(reply, 'body')?.value);
    });
  });

  it('asks for no other path than the names in it make', async () => {
    const names = damagedText(['azure-agent', 'macOS pool', '..', 'a/b']);
    await holds(fc.record({ one: names, two: names }), ({ one, two }) => {
      if (!one.isWellFormed() || !two.isWellFormed()) return;
      try {
        const url = new URL(`https://ci.example.org/base${pathOf(one, two)}`);
        expect(url.pathname.split('/')).toHaveLength(4);
        expect([url.host, url.search, url.hash]).toEqual(['ci.example.org', '', '']);
      } catch (error) {
        expect(error).toBeInstanceOf(CiCallFailed);
      }
    });
  });
});

const AZURE = [
  { count: 1, value: [{ id: 7, name: 'macOS-pool' }] },
  {
    value: [
      {
        id: 9,
        name: 'builder1',
        enabled: false,
        status: 'online',
        maxParallelism: 1,
        assignedRequest: {
          requestId: 8812,
          owner: { name: '20220224.1' },
          receiveTime: '2026-01-14T19:37:00Z',
        },
      },
    ],
  },
];
const GITHUB = [
  {
    total_count: 1,
    runners: [{ id: 3, name: 'builder1', status: 'online', busy: true, labels: [{ name: 'catalina' }] }],
  },
];
const GITLAB = [
  [{ id: 5, status: 'running', name: 'test', started_at: '2026-01-14T19:37:00Z' }],
  { id: 4, paused: true, status: 'online', description: 'builder1' },
];
const BUILDKITE = [
  [
    {
      id: 'uuid-1',
      name: 'builder1',
      paused: true,
      paused_note: 'boxreeve: taken off',
      paused_at: '2026-01-14T19:37:00Z',
      paused_timeout_in_minutes: 1440,
      job: { id: 'j1', name: 'test', started_at: '2026-01-14T19:37:00Z' },
    },
  ],
];
const JENKINS = [
  {
    displayName: 'builder1',
    offline: true,
    temporarilyOffline: true,
    offlineCauseReason: 'boxreeve: taken off to be rebuilt',
    idle: false,
    executors: [{ currentExecutable: { number: 4, fullDisplayName: 'build » test #4' } }],
    oneOffExecutors: [],
  },
];

const SETTINGS = {
  organization: 'digitalasset',
  pool: 'macOS-pool',
  name: 'builder1',
  token: 'TOKEN',
  user: 'ada',
  url: 'https://ci.example.org',
};

const VENDORS: readonly [
  string,
  (parts: VendorParts) => CiAgent,
  readonly unknown[],
  Readonly<Record<string, string>>,
][] = [
  ['azure-pipelines', azurePipelinesAgent, AZURE, SETTINGS],
  [
    'github-actions',
    githubActionsAgent,
    GITHUB,
    { organization: 'o', name: 'builder1', token: 'TOKEN', labels: 'catalina' },
  ],
  ['gitlab-runner', gitlabRunnerAgent, GITLAB, { id: '4', token: 'TOKEN' }],
  ['buildkite', buildkiteAgent, BUILDKITE, SETTINGS],
  ['jenkins', jenkinsAgent, JENKINS, SETTINGS],
];

describe.each(VENDORS)('whatever %s answers', (_name, make, bodies, settings) => {
  const agentOver = (given: readonly Answer[]) => {
    let now = NOW;
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        now += ms;
      },
    };
    return make({
      settings,
      secret: async () => 'hush',
      redact: (text) => text,
      clock,
      fetch: fetchOf(given),
      waits: new Map(),
    });
  };

  it('its agent is said to be busy, idle or unknown, in one line', async () => {
    await holds(fc.array(answers(bodies), { minLength: 1, maxLength: 4 }), async (given) => {
      const agent = agentOver(given);
      expectActivity(await agent.activity());
      const standing = await agent.standing?.();
      if (standing !== undefined) expect(['absent', 'registered', 'unknown']).toContain(standing.state);
      if (standing?.state === 'unknown') expectOneLine(standing.detail);
      const drained = await agent.drain();
      expect(['drained', 'already', 'absent', 'failed']).toContain(drained.state);
      if (drained.state !== 'drained') expectOneLine(drained.detail);
    });
  });

  it('its agent is never idle by an answer that is none of the API', async () => {
    const odd = fc.oneof(
      fc.record({
        status: fc.constantFrom(200, 203, 302, 401, 403, 429, 500, 503),
        body: fc.constantFrom('', '<html>', 'null', '{}', '{"value":{}}', '"idle"'),
        headers,
      }),
      answers(bodies, fc.constantFrom(...REFUSALS)),
    );
    await holds(fc.array(odd, { minLength: 1, maxLength: 3 }), async (given) => {
      expect((await agentOver(given).activity()).state).not.toBe('idle');
    });
  });
});

describe('what a guest says of its processes', () => {
  it('is a job that runs, none, or nothing that can be told', async () => {
    const cases = fc.record({
      exitStatus: fc.constantFrom(0, 1, 2, 255, null),
      stdout: damagedText(['4711 Agent.Worker spawnclient\n', '']),
    });
    await holds(cases, (ended) => {
      const seen = workerSeen(ended);
      expectActivity(seen);
      expect(seen.state === 'idle').toBe(ended.exitStatus === 1);
    });
  });
});

function expectActivity(activity: Activity): void {
  expect(['busy', 'idle', 'unknown']).toContain(activity.state);
  if (activity.state === 'idle') return;
  expectOneLine(activity.detail);
  expect(activity.detail.length).toBeLessThan(1000);
}
