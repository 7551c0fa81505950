/** Which records cannot be kept back for a while. Pure. */
import type { GuestProgress } from '../rollout/progress.ts';
import type { AuditRecord } from './record.ts';

type Told = Pick<AuditRecord, 'kind' | 'progress'>;

/**
 * Whether someone waits for a record: what was done or halted, what a person asked for, and what other hosts go by in a roll-out.
 *
 * @param told the newest record that the remote has; null: not known
 * @param soaks of the waves of the roll-out, in milliseconds; empty: no host waits for another
 */
export function isNews(record: Told, told: Told | null, soaks: readonly number[]): boolean {
  switch (record.kind) {
    case 'applied':
    case 'halted':
    case 'paused':
    case 'resumed':
      return true;
    case 'waiting':
    case 'refused':
    case 'check-in':
      return soaks.length > 0 && isFurther(record, told, soaks);
  }
}

/** A guest that is to change yet is what others take it for already, as long as nobody says otherwise. */
function isFurther(record: Told, told: Told | null, soaks: readonly number[]): boolean {
  return Object.entries(record.progress ?? {}).some(([guest, now]) => {
    const before = Object.hasOwn(told?.progress ?? {}, guest) ? told?.progress?.[guest] : undefined;
    if (now.state === 'pending')
      return before !== undefined && before.fingerprint === now.fingerprint && before.state !== 'pending';
    if (before?.fingerprint !== now.fingerprint || before.state !== now.state) return true;
    return (
      now.probed !== before.probed || soaks.some((soak) => hasSoaked(now, soak) !== hasSoaked(before, soak))
    );
  });
}

function hasSoaked({ healthyMs }: GuestProgress, soak: number): boolean {
  return healthyMs !== null && healthyMs >= soak;
}
