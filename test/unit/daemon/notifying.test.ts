/** Notifying beside the reconcile: it is begun, never waited for, and ended with the daemon. */
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MINUTE } from '../../../reconciler/clock.ts';
import { type Notifying, notifying } from '../../../reconciler/daemon/notifying.ts';
import type { NotifyTarget } from '../../../reconciler/desired/spec.ts';
import { RemoteUnreachable } from '../../../reconciler/errors.ts';
import type { HostConfig } from '../../../reconciler/host-config.ts';
import type { RoundEnd } from '../../../reconciler/notify/round.ts';
import { host as hostSpec } from '../plan/builders.ts';
import { newProcess, newWorld, type World } from '../reconcile/model-world.ts';

const COMMIT = 'a'.repeat(40);
const HOOK: NotifyTarget = {
  to: 'webhook',
  name: 'hook',
  url: 'https://example.org',
  secret: 'HOOK',
  on: [],
};

let world: World;
let seen: string;
let opened: number;
let released: number;
/** Each round, and how it ends. */
let rounds: { end(end: RoundEnd): void; fail(error: Error): void; signal: AbortSignal }[];
let beside: Notifying;

beforeEach(() => {
  world = newWorld();
  [seen, opened, released, rounds] = ['one', 0, 0, []];
  world.memory = { ...world.memory, applied: { commit: COMMIT, at: '2026-11-25T12:00:00.000Z' } };
  beside = open({ HOOK: { env: 'HOOK' } }, [HOOK]);
});
afterEach(() => world.dispose());

function open(secrets: HostConfig['secrets'], targets: readonly NotifyTarget[]): Notifying {
  world.specs.set(COMMIT, hostSpec([], { notify: targets }));
  const config: HostConfig = {
    ...{
      file: '',
      name: 'builder1',
      repo: '',
      auditRepo: null,
      branch: 'main',
      path: '',
      stateDir: '',
      signingKey: '',
    },
    ...{ firstCommit: null, firstKey: null, revokedKeys: [], poll: MINUTE, secrets, notify: null },
    ...{ sendmail: [], rebootCommand: [], boxesDir: '', downloadLimit: null, vagrantHome: '' },
    sftp: { key: null, knownHosts: '' },
  };
  const { host } = newProcess(world, 0);
  const notifier = async () => {
    opened += 1;
    return {
      seen: async () => seen,
      round: (_followed: string, _targets: readonly NotifyTarget[], signal: AbortSignal) =>
        new Promise<RoundEnd>((resolve, reject) => {
          rounds.push({ end: resolve, fail: reject, signal });
        }),
      release: async () => {
        released += 1;
      },
    };
  };
  return notifying({ config, host: { ...host, log: pino({ level: 'silent' }), notifier } });
}

const later = (): RoundEnd => ({ mine: true, next: world.now + MINUTE });

async function settled(count: number): Promise<void> {
  await vi.waitFor(() => expect(rounds).toHaveLength(count));
}

it('a round that takes long is waited for by nobody, and no second one is begun beside it', async () => {
  await beside.consider();
  await settled(1);
  await beside.consider();
  await new Promise(setImmediate);
  expect(rounds).toHaveLength(1);
});

it('the next round is begun when something happened, or its time has come, and not before', async () => {
  await beside.consider();
  rounds[0]?.end(later());
  await vi.waitFor(async () => {
    seen = 'two';
    await beside.consider();
    expect(rounds).toHaveLength(2);
  });
  rounds[1]?.end(later());
  await new Promise(setImmediate);
  await beside.consider();
  expect(rounds).toHaveLength(2);
  world.now += MINUTE;
  await beside.consider();
  await settled(3);
});

it('a host that has not the claim looks again when its time has come, whatever happens meanwhile', async () => {
  await beside.consider();
  await settled(1);
  rounds[0]?.end({ mine: false, next: world.now + MINUTE });
  await new Promise(setImmediate);
  seen = 'two';
  await beside.consider();
  await new Promise(setImmediate);
  expect(rounds).toHaveLength(1);
  world.now += MINUTE;
  await beside.consider();
  await settled(2);
});

it('while there is more to tell, rounds follow each other at once', async () => {
  await beside.consider();
  rounds[0]?.end({ mine: true, next: 0 });
  await settled(2);
});

it('a host that has nobody to tell, or not the secrets for it, opens nothing', async () => {
  await open({}, [HOOK]).consider();
  await open({ HOOK: { env: 'HOOK' } }, []).consider();
  expect(opened).toBe(0);
});

it('what goes wrong in a round is tried again at the next poll, and ends nothing', async () => {
  await beside.consider();
  rounds[0]?.fail(new RemoteUnreachable('the remote is away'));
  await new Promise(setImmediate);
  await beside.consider();
  await settled(2);
  rounds[1]?.fail(new Error('a defect'));
  await new Promise(setImmediate);
  await expect(beside.consider()).resolves.toBeUndefined();
});

it('ends with the daemon: the round is told to stop, and another host may notify', async () => {
  await beside.consider();
  rounds[0]?.end({ mine: true, next: 0 });
  await settled(2);
  const closed = beside.close();
  expect(rounds[1]?.signal.aborted).toBe(true);
  rounds[1]?.end(later());
  await closed;
  expect(released).toBe(1);
});

it('a host that never had the claim gives none back', async () => {
  await beside.consider();
  rounds[0]?.end({ mine: false, next: world.now + MINUTE });
  await new Promise(setImmediate);
  await beside.close();
  expect(released).toBe(0);
});
