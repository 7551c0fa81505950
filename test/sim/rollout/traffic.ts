/** What hosts ask of the Git server, all of them together. */
import { MINUTE } from '../../../reconciler/clock.ts';

/**
 * `list`: where branches are. `read`: newest records of others, or leases, by a fetch. `record` and `lease`: pushes of a record, and of
 * a lease that is taken, made longer or given back.
 */
export type RequestKind = 'list' | 'read' | 'record' | 'lease';

export class Traffic {
  readonly total: Record<RequestKind, number> = { list: 0, read: 0, record: 0, lease: 0 };
  /** Newest records that hosts fetched of each other. */
  recordsRead = 0;
  private readonly minutes = { reads: new Map<number, number>(), pushes: new Map<number, number>() };

  /** @param now ms since the epoch */
  count(kind: RequestKind, now: number): void {
    this.total[kind] += 1;
    const counted = kind === 'record' || kind === 'lease' ? this.minutes.pushes : this.minutes.reads;
    const minute = Math.floor(now / MINUTE);
    counted.set(minute, (counted.get(minute) ?? 0) + 1);
  }

  /** The most of them in one minute. */
  peak(of: 'reads' | 'pushes'): number {
    return Math.max(0, ...this.minutes[of].values());
  }
}
