/** Which actions go before what would hold them, and how that is said. Pure. */
import type { GuestSpec } from '../desired/spec.ts';
import type { Action, GuestTarget } from './plan.ts';

/** What the desired state says of a change to a guest; of nothing else: a recycle, and going back, wait as ever. */
export function overrideOf(action: Action): Pick<GuestSpec, 'urgent' | 'interruptJobs'> {
  const target = changeTo(action);
  return target?.role === 'desired' ? target.spec : {};
}

function changeTo(action: Action): GuestTarget | undefined {
  if (action.kind === 'remove-guest') return action.makesWayFor;
  return action.kind === 'rebuild-guest' && !action.recycle ? action.target : undefined;
}

/** What a reason ends with for such a change; '' for all others. */
export function overrideText({ urgent, interruptJobs }: Pick<GuestSpec, 'urgent' | 'interruptJobs'>): string {
  const why = urgent ? ` (${urgent})` : '';
  return [
    urgent === undefined ? '' : `; URGENT, does not wait for its window${why}`,
    interruptJobs === undefined ? '' : `; INTERRUPTS A RUNNING JOB (${interruptJobs})`,
  ].join('');
}
