/** The subject of a commit message: what was done, in a few words. Pure. */
import type { ActionOutcome } from '../apply/outcome.ts';
import type { Action, GuestTarget } from '../plan/plan.ts';
import { boxTitle } from '../plan/subject.ts';

/** Git shows subjects whole up to about this length. */
const LONGEST = 140;

/** `rebuilt azure-agent on azure-ci-node 2022.2.24 (was 2022.2.17)`; failures before all else, guests before boxes. */
export function summarise(outcomes: readonly ActionOutcome[]): string {
  const failures = outcomes
    .filter(({ result }) => result === 'failed' || result === 'interrupted')
    .map(failure);
  const done = outcomes.filter(({ result }) => result === 'done');
  const begun = outcomes.filter(({ result }) => result === 'begun').map(() => 'is rebooting');
  const guests = done.filter(({ action }) => !('box' in action)).map(({ action }) => success(action));
  const boxes = done
    .filter(({ action }) => 'box' in action && action.kind !== 'fetch-box')
    .map(({ action }) => success(action));
  const parts = [...failures, ...begun, ...(guests.length > 0 || failures.length > 0 ? guests : boxes)];
  const text =
    parts.length > 0
      ? parts.join('; ')
      : (done.map(({ action }) => success(action))[0] ?? 'nothing was done');
  return shortened(text);
}

/** By characters: half of one would be no text. */
export function shortened(text: string): string {
  const characters = [...text];
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join('')}…` : text;
}

function failure({ action, result, error }: ActionOutcome): string {
  const what = `${VERBS[action.kind][result === 'interrupted' ? 'cut' : 'failed']} ${subject(action)}`;
  const why = error?.split('\n')[0];
  return why === undefined ? what : `${what}: ${why}`;
}

function success(action: Action): string {
  const verb = VERBS[action.kind].done;
  switch (action.kind) {
    case 'create-guest':
    case 'rebuild-guest':
      if (action.target.role === 'last-good' && !isRecycle(action))
        return `put ${action.guest} back on ${place(action.target)}`;
      return `${verb} ${action.guest} on ${boxTitle(action.target.spec.box)}${formerly(action)}`;
    default:
      return `${verb} ${subject(action)}`;
  }
}

function place({ spec, commit }: GuestTarget): string {
  return `${boxTitle(spec.box)} as of ${commit.slice(0, 7)}`;
}

/** ` (was 2022.2.17)` where the box changed, ` (recycle)` where nothing did. */
function formerly(action: Action): string {
  if (isRecycle(action)) return ' (recycle)';
  if (!('target' in action)) return '';
  const [, name, version] = /^(\S+) ([^\s,]+)/.exec(action.before) ?? [];
  const { box } = action.target.spec;
  if (version === undefined || name === undefined || !/^\d/.test(version)) return '';
  if (name === box.name) return version === box.version ? '' : ` (was ${version})`;
  return ` (was ${name} ${version})`;
}

function isRecycle(action: Action): boolean {
  return action.kind === 'rebuild-guest' && action.recycle;
}

function subject(action: Action): string {
  if ('guest' in action) return action.guest;
  if (!('box' in action)) return 'the host';
  if (action.box === null) return 'a box file';
  const title = boxTitle(action.box);
  return action.kind === 'remove-box' && action.from === 'files' ? `the file of ${title}` : title;
}

const VERBS: Readonly<Record<Action['kind'], { done: string; failed: string; cut: string }>> = {
  'fetch-box': { done: 'fetched', failed: 'could not fetch', cut: 'was cut fetching' },
  'add-box': { done: 'added', failed: 'could not add', cut: 'was cut adding' },
  'remove-box': { done: 'removed', failed: 'could not remove', cut: 'was cut removing' },
  'create-guest': { done: 'created', failed: 'could not create', cut: 'was cut creating' },
  'rebuild-guest': { done: 'rebuilt', failed: 'could not rebuild', cut: 'was cut rebuilding' },
  'start-guest': { done: 'started', failed: 'could not start', cut: 'was cut starting' },
  'remove-guest': { done: 'removed', failed: 'could not remove', cut: 'was cut removing' },
  'reboot-host': { done: 'rebooted', failed: 'could not reboot', cut: 'was cut rebooting' },
};
