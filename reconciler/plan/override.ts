/** Which actions go before what would hold them, and how that is said. Pure. */
import type { GuestSpec } from '../desired/spec.ts';
import type { Action } from './plan.ts';

/** What the desired state says of a change to a guest; of nothing else: a recycle, and going back, wait as ever. */
export function overrideOf(action: Action): Pick<GuestSpec, 'urgent' | 'interruptJobs'> {
  const change = action.kind === 'rebuild-guest' && !action.recycle && action.target.role === 'desired';
  return change ? action.target.spec : {};
}

/** What a reason ends with for such a change; '' for all others. */
export function overrideText({ urgent, interruptJobs }: Pick<GuestSpec, 'urgent' | 'interruptJobs'>): string {
  const why = urgent ? ` (${urgent})` : '';
  return [
    urgent === undefined ? '' : `; URGENT, does not wait for its window${why}`,
    interruptJobs === undefined ? '' : `; INTERRUPTS A RUNNING JOB (${interruptJobs})`,
  ].join('');
}
