/** What an action is about. */
import type { Action, BoxRef } from './plan.ts';

/** The guest it concerns; null for boxes and for the host as a whole. */
export function actionGuest(action: Action): string | null {
  switch (action.kind) {
    case 'create-guest':
    case 'rebuild-guest':
    case 'start-guest':
    case 'remove-guest':
      return action.guest;
    case 'fetch-box':
    case 'add-box':
    case 'remove-box':
    case 'reboot-host':
      return null;
  }
}

/** What makes a box one box in Vagrant's store: the digest is not part of it. */
export function boxKey(box: BoxRef): string {
  return `${box.name} ${box.version} (${box.provider})`;
}

/** For sentences: `azure-ci-node 2022.2.24`. */
export function boxTitle(box: { readonly name: string; readonly version: string }): string {
  return `${box.name} ${box.version}`;
}
