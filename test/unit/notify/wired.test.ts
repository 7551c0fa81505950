/** A host as the daemon opens it: its own secrets, its own mirror, its own log, and what it tells beside its reconcile. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { destination, pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loadHostConfig } from '../../../reconciler/daemon/load-host-config.ts';
import { notifying } from '../../../reconciler/daemon/notifying.ts';
import { openHost } from '../../../reconciler/host.ts';
import { writeFleet, writeHost } from '../../lab/desired-state.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../lab/notify/webhook-receiver.ts';
import { type AccountHost, type AccountLab, openAccountLab, someDraft } from '../audit/account-lab.ts';

const SECRET = 'a secret that nobody is to see';

let lab: AccountLab;
let receiver: WebhookReceiver;
let a: AccountHost;

beforeEach(async () => {
  receiver = await startWebhookReceiver(Buffer.from(SECRET));
  lab = await openAccountLab();
  a = await lab.host('a');
  const hook = JSON.stringify({
    to: 'webhook',
    name: 'hook',
    url: receiver.url,
    secret: 'HOOK',
    on: ['failed'],
  });
  writeFleet(lab.repo, 'always', `notify: [${hook}]\n`);
  writeHost(lab.repo, a, []);
  await lab.repo.merge('Begin');
});
afterEach(async () => {
  await receiver.close();
  lab.dispose();
});

/** Opens the host as its host.yaml says, with a log that is kept. */
async function opened() {
  const folder = join(lab.root, 'etc');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'hook'), SECRET, { mode: 0o600 });
  const file = join(folder, 'host.yaml');
  const yaml = { name: 'a', repo: lab.repo.url, stateDir: join(lab.root, 'state'), signingKey: a.key };
  writeFileSync(file, JSON.stringify({ ...yaml, secrets: { HOOK: { file: join(folder, 'hook') } } }));
  const logFile = join(lab.root, 'log');
  const log = pino({ level: 'trace' }, destination({ dest: logFile, sync: true }));
  const config = await loadHostConfig(file);
  const host = await openHost(config, log);
  const beside = notifying({ config, host });
  /** What the daemon does at a poll, as far as this goes. */
  const poll = async () => {
    const commit = await host.mirror.fetch();
    await host.memory.update((memory) => ({
      ...memory,
      applied: { commit, at: '2026-11-25T12:00:00.000Z' },
    }));
    await beside.consider();
  };
  return { host, beside, poll, log: () => readFileSync(logFile, 'utf8') };
}

async function stateOnRemote(): Promise<unknown> {
  const text = await lab.repo.remoteGit('show', 'boxreeve/notifier:notifier.json').catch(() => 'null');
  return JSON.parse(text);
}

it('it tells what it recorded, and another host may notify once it has ended', async () => {
  const { host, beside, poll, log } = await opened();
  await poll();
  await vi.waitFor(
    async () => expect(await stateOnRemote()).toMatchObject({ targets: { hook: {} } }),
    20_000,
  );
  receiver.answer = { status: 403, body: `do not know ${SECRET}` };
  await host.audit.append(someDraft(lab.desired, { outcome: 'failed', summary: 'rebuilding failed' }));
  await host.audit.push();
  await vi.waitFor(async () => {
    await poll();
    expect(receiver.tries).toBeGreaterThan(0);
  }, 50_000);
  await vi.waitFor(() => expect(log()).toContain('hook was not told'), 50_000);
  await beside.close();
  expect(await stateOnRemote()).toMatchObject({ claim: { state: 'free' } });

  receiver.answer = null;
  const again = await opened();
  await vi.waitFor(async () => {
    await again.poll();
    expect(receiver.received.map(({ event }) => event.outcome)).toEqual(['failed']);
  }, 50_000);
  await again.beside.close();
  expect(log()).not.toContain(SECRET);
  expect(await lab.repo.remoteGit('log', '--all', '-p')).not.toContain(SECRET);
}, 180_000);
