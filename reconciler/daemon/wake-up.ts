/** What ends the daemon's sleep: the poll's time, or someone who has news. Requests made while it works are kept, not lost. */
import type { Trigger } from '../audit/record.ts';
import type { Clock } from '../clock.ts';

/** More urgent first: of several reasons the first here is the one recorded. */
const URGENCY: readonly Trigger[] = ['manual', 'trigger-file', 'watch', 'recovery', 'start', 'poll'];

export class WakeUp {
  private pending: Trigger | null = null;
  private ring: (() => void) | null = null;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Ends the sleep now, or the next one before it begins. */
  request(trigger: Trigger): void {
    if (this.pending === null || URGENCY.indexOf(trigger) < URGENCY.indexOf(this.pending))
      this.pending = trigger;
    this.ring?.();
  }

  /** Sleeps for `ms` at most; resolves to why it woke. An aborted signal wakes it too. */
  async sleep(ms: number, signal: AbortSignal): Promise<Trigger> {
    if (this.pending === null && !signal.aborted) {
      const awake = new AbortController();
      this.ring = () => awake.abort();
      const ended = AbortSignal.any([awake.signal, signal]);
      await this.clock.sleep(ms, ended).catch(() => undefined);
      this.ring = null;
    }
    const trigger = this.pending ?? 'poll';
    this.pending = null;
    return trigger;
  }
}
