/** Telling others what becomes of changes, beside the reconcile, which never waits for it: one round at a time, ended with the daemon. */
import { SECOND } from '../clock.ts';
import type { NotifyTarget } from '../desired/spec.ts';
import { RemoteUnreachable } from '../errors.ts';
import type { HostConfig } from '../host-config.ts';
import type { Host } from '../host-ports.ts';
import { candidate } from '../notify/candidate.ts';
import type { Notifier } from '../notify/open-notifier.ts';

export type Notifying = {
  /** Begins a round if there may be something to tell. Never throws, and waits for no round. */
  consider(): Promise<void>;
  /** Ends the round that is under way, and lets another host notify. */
  close(): Promise<void>;
};

type Parts = {
  readonly config: HostConfig;
  readonly host: Pick<Host, 'memory' | 'resolve' | 'clock' | 'log' | 'contact' | 'notifier'>;
};

/** Rounds in a row while there is more to tell: then the next poll looks what else happened. */
const MOST_ROUNDS = 20;
/** Letting go of the claim is a courtesy: it ends by itself. Milliseconds. */
const LONGEST_FAREWELL = 10 * SECOND;

export function notifying({ config, host }: Parts): Notifying {
  const stop = new AbortController();
  let notifier: Notifier | null = null;
  let running: Promise<void> | null = null;
  let last = { seen: '', next: 0 };
  let mine = false;
  let told = '';

  async function begin(): Promise<void> {
    if (running !== null || stop.signal.aborted) return;
    const followed = host.memory.read().applied?.commit;
    if (followed === undefined || host.contact.problem !== null) return;
    const { notify = [] } = await host.resolve(followed);
    if (!isCandidate(notify)) return mine ? letGo() : undefined;
    // whoever has not the claim has nothing to do with what happens
    if (!mine && host.clock.now() < last.next) return;
    notifier ??= await host.notifier();
    running = rounds(notifier, followed, notify).finally(() => {
      running = null;
    });
  }

  function isCandidate(targets: readonly NotifyTarget[]): boolean {
    const { may, lacks } = candidate(config, targets);
    const lacking = lacks.join(', ');
    if (lacking !== told && lacking !== '')
      host.log.error(
        { event: 'cannot-notify', lacks },
        `this host cannot notify, as host.yaml asks it to: its \`secrets\` lack ${lacking}`,
      );
    told = lacking;
    return may;
  }

  async function rounds(by: Notifier, followed: string, targets: readonly NotifyTarget[]): Promise<void> {
    try {
      const seen = `${followed} ${await by.seen(stop.signal)}`;
      if (seen === last.seen && host.clock.now() < last.next) return;
      for (let count = 0; count < MOST_ROUNDS && !stop.signal.aborted; count += 1) {
        const end = await by.round(followed, targets, stop.signal);
        mine = end.mine;
        last = { seen, next: end.next };
        if (end.next > host.clock.now()) return;
      }
    } catch (error) {
      last = { seen: '', next: 0 };
      if (stop.signal.aborted) return;
      if (error instanceof RemoteUnreachable)
        host.log.debug({ event: 'not-notified', why: error.message }, 'nobody could be told anything now');
      else host.log.warn({ event: 'not-notified' }, String(error));
    }
  }

  async function letGo(): Promise<void> {
    mine = false;
    await notifier?.release().catch((error: unknown) => {
      host.log.debug({ event: 'not-released' }, String(error));
    });
  }

  return {
    consider: () =>
      begin().catch((error: unknown) => host.log.warn({ event: 'not-notified' }, String(error))),
    close: async () => {
      stop.abort();
      await running;
      if (!mine) return;
      const limit = new AbortController();
      const late = host.clock.sleep(LONGEST_FAREWELL, limit.signal).catch(() => undefined);
      await Promise.race([letGo(), late]);
      limit.abort();
    },
  };
}
