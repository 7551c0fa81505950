/** Whom `fleet.yaml` has told what becomes of changes, with what the schema cannot say of it checked. */
import type { DesiredFiles, Loaded } from './desired-files.ts';
import type { Fleet, Target } from './generated/fleet.ts';
import { pointer, showPointer } from './json-pointer.ts';
import type { NotifyEvent, NotifyTarget } from './spec.ts';

const DEFAULT_CONTEXT = 'boxreeve/rollout';

/** Nothing is amiss, and nothing happened: the one outcome that nobody wants to hear of each day. */
const ALL_BUT_IN_SYNC: readonly NotifyEvent[] = [
  'roll-out',
  'applied',
  'rolled-back',
  'failed',
  'interrupted',
  'waiting',
  'refused',
  'unhealthy',
  'paused',
  'resumed',
  'halted',
];

/** What a person may have to do something about. */
const WORTH_A_MAIL: readonly NotifyEvent[] = [
  'roll-out',
  'rolled-back',
  'failed',
  'interrupted',
  'refused',
  'unhealthy',
  'halted',
];

/** All mistakes go to the complaints. */
export function readNotify(files: DesiredFiles, fleet: Loaded<Fleet>): readonly NotifyTarget[] {
  const named = new Set<string>();
  return (fleet.data.notify ?? []).map((target, index) => {
    const at = pointer('notify', index);
    const complain = (key: string, what: string) =>
      files.complaints.add(fleet.yaml.place(at + pointer(key)), `${showPointer(at + pointer(key))} ${what}`);
    if (named.has(target.name)) complain('name', `"${target.name}" is the name of another target as well`);
    named.add(target.name);
    if (target.to !== 'email' && target.url !== undefined && !isSafe(target.url))
      complain(
        'url',
        `"${target.url}" is not safe for a secret: only https is, and http to this machine itself`,
      );
    return specOf(target);
  });
}

/** Whether a secret may travel there: nobody on the way can read it. */
export function isSafe(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}

/** `localhost` may be anything in /etc/hosts, and is this machine by RFC 6761. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function specOf(target: Target): NotifyTarget {
  switch (target.to) {
    case 'github':
      return forge(target, 'https://api.github.com');
    case 'gitlab':
      return forge(target, 'https://gitlab.com');
    case 'azure-devops':
      return forge(target, 'https://dev.azure.com');
    case 'webhook':
      return { ...target, on: target.on ?? ALL_BUT_IN_SYNC };
    case 'email':
      return { ...target, on: target.on ?? WORTH_A_MAIL };
  }
}

function forge<T extends { readonly url?: string; readonly context?: string }>(
  target: T,
  url: string,
): T & { readonly url: string; readonly context: string } {
  return { ...target, url: target.url ?? url, context: target.context ?? DEFAULT_CONTEXT };
}
