/** Two hosts over real Git that may both notify, with real keys, and a real receiver of what they tell. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { recordPath } from '../../../reconciler/audit/paths.ts';
import type { RecordDraft } from '../../../reconciler/audit/record.ts';
import { MINUTE } from '../../../reconciler/clock.ts';
import { readFleetFacts } from '../../../reconciler/desired/fleet-facts.ts';
import { readRolloutRules } from '../../../reconciler/desired/rollout-rules.ts';
import type { HostConfig } from '../../../reconciler/host-config.ts';
import { type Notifier, openNotifier } from '../../../reconciler/notify/open-notifier.ts';
import type { RoundEnd } from '../../../reconciler/notify/round.ts';
import { openWords } from '../../../reconciler/rollout/open-words.ts';
import type { GuestProgress } from '../../../reconciler/rollout/progress.ts';
import { openResumes } from '../../../reconciler/rollout/resumes.ts';
import { GUEST, writeCatalogue, writeFleet, writeGuest, writeHost } from '../../lab/desired-state.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../lab/notify/webhook-receiver.ts';
import { type AccountHost, type AccountLab, openAccountLab, someDraft } from '../audit/account-lab.ts';
import { recordOf } from './builders.ts';

export const SECRET = 'a secret that both sides know';
const never = new AbortController().signal;
const silent = pino({ level: 'silent' });

/** A host that may notify, and records as hosts do. */
export type Member = AccountHost & { readonly notifier: Notifier };

export class NotifyLab {
  now = Date.now();
  readonly account: AccountLab;
  readonly receiver: WebhookReceiver;
  private readonly members = new Map<string, Member>();

  private constructor(account: AccountLab, receiver: WebhookReceiver) {
    this.account = account;
    this.receiver = receiver;
  }

  static async open(): Promise<NotifyLab> {
    const account = await openAccountLab();
    const lab = new NotifyLab(account, await startWebhookReceiver(Buffer.from(SECRET)));
    await account.repo.remoteGit('config', 'uploadpack.allowFilter', 'true');
    await account.repo.remoteGit('config', 'uploadpack.allowAnySHA1InWant', 'true');
    writeFleet(account.repo);
    const entry = { sha256: 'a'.repeat(64), size: 1, sources: ['file:///none'] };
    writeCatalogue(
      account.repo,
      ['1.0.0', '2.0.0'].map((version) => ({ version, ...entry })),
    );
    writeGuest(account.repo, { version: '1.0.0' });
    for (const name of ['a', 'b']) {
      const member = lab.opened(await account.host(name));
      lab.members.set(name, member);
      writeHost(account.repo, member);
    }
    await account.repo.merge('Begin');
    return lab;
  }

  async close(): Promise<void> {
    await this.receiver.close();
    this.account.dispose();
  }

  member(name: string): Member {
    const found = this.members.get(name);
    if (found === undefined) throw new Error(`there is no host ${name}`);
    return found;
  }

  private opened(host: AccountHost): Member {
    const { root, repo } = this.account;
    const secret = join(root, `secret-${host.name}`);
    writeFileSync(secret, SECRET);
    chmodSync(secret, 0o600);
    const config: HostConfig = {
      ...{
        file: 'host.yaml',
        name: host.name,
        repo: repo.url,
        auditRepo: null,
        branch: 'main',
        path: 'desired-state',
      },
      ...{ stateDir: root, signingKey: host.key, firstCommit: null, firstKey: null, revokedKeys: [] },
      ...{ poll: MINUTE, secrets: { HOOK: { file: secret } }, notify: null, sendmail: [], rebootCommand: [] },
      ...{ boxesDir: root, downloadLimit: null, sftp: { key: null, knownHosts: '' }, vagrantHome: root },
    };
    const { gitDir, mirror, name } = host;
    const path = 'desired-state';
    const now = () => this.now;
    const notifier = openNotifier({
      ...{ config, gitDir, mirror, records: join(root, `records-${name}.git`), log: silent },
      words: openWords({
        gitDir,
        folder: join(root, `words-${name}`),
        mirror,
        path,
        pattern: () => 'audit/{host}',
      }),
      resumes: openResumes({ gitDir, path, mirror, revokedKeys: [], now }),
      clock: { now, sleep: () => Promise.resolve() },
    });
    return { ...host, notifier };
  }

  /** A poll of a host, and a round. */
  async round(name: string): Promise<RoundEnd> {
    const { mirror, notifier } = this.member(name);
    const on = ['applied', 'failed', 'in-sync', 'roll-out'] as const;
    const hook = { to: 'webhook', name: 'hook', url: this.receiver.url, secret: 'HOOK', on } as const;
    return notifier.round(await mirror.fetch(), [hook], never);
  }

  /** A host records how far it is; returns the record's id. */
  async says(name: string, state: GuestProgress['state'], more: Partial<RecordDraft> = {}): Promise<string> {
    const host = this.member(name);
    const progress = await progressOf(host, state);
    const draft = someDraft(this.account.desired, { progress, ...more });
    await host.log.append(draft);
    await host.log.push();
    return draft.id;
  }

  /** Whoever has a key and may push adds a record in the name of a host; returns the record's id. */
  async forge(key: string, name: string): Promise<string> {
    const { repo, tamper } = this.account;
    const record = recordOf({ host: name, sequence: 2, outcome: 'failed' });
    const path = recordPath(name, record.time, record.id);
    await repo.git('fetch', '--quiet', 'origin');
    await repo.git('checkout', '--quiet', '--detach', `origin/audit/${name}`);
    repo.write(path, JSON.stringify(record));
    await repo.git('add', '--all');
    await tamper(key, 'commit', '--quiet', '-m', `x\n\nBoxreeve-Record: ${path}`);
    await repo.git('push', '--quiet', 'origin', `HEAD:refs/heads/audit/${name}`);
    return record.id;
  }

  /** Ids of the records that were told, each as often as it was. */
  told(): readonly unknown[] {
    return this.receiver.received.flatMap(({ event }) =>
      event.type === 'boxreeve.record' ? [event.id] : [],
    );
  }

  states(): readonly unknown[] {
    return this.receiver.received.flatMap(({ event }) =>
      event.type === 'boxreeve.rollout' ? [event.outcome] : [],
    );
  }
}

async function progressOf({ mirror, name }: AccountHost, state: GuestProgress['state']) {
  const commit = await mirror.fetch();
  const { guests } = await readRolloutRules(mirror.tree(commit), 'desired-state');
  const facts = await readFleetFacts(mirror.tree(commit), 'desired-state', guests);
  const fingerprint = facts.members.find((member) => member.name === name)?.guests.get(GUEST) ?? '';
  const since = '2026-11-25T12:00:00.000Z';
  return { [GUEST]: { fingerprint, state, since, healthyMs: 0, probed: true, detail: 'it is so' } };
}
