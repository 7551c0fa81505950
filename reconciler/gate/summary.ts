/** What a run waits for, as a key for telling whether that changed, and as sentences. */

import { actionGuest, boxKey } from '../plan/subject.ts';
import type { Gate, GatedAction } from './gates.ts';

/**
 * The same text for as long as the same actions wait for the same things; null when nothing waits. Holds no times and no
 * amounts: minutes that pass, a job that follows another and bytes that come free are no new reason.
 */
export function gateSummary(gated: readonly GatedAction[]): string | null {
  const waiting = gated.filter(({ gates }) => gates.length > 0);
  if (waiting.length === 0) return null;
  return waiting
    .map(
      ({ action, gates }) =>
        `${action.id}${subject(action)} waits for ${[...new Set(gates.flatMap(gateKey))].sort().join(', ')}`,
    )
    .sort()
    .join('; ');
}

/** One sentence for each thing waited for. */
export function gateSentences(gated: readonly GatedAction[]): string[] {
  return [...new Set(gated.flatMap(({ gates }) => gates.map((gate) => gate.detail)))];
}

/** What a guest's action leads to is part of the reason: another commit that changes the guest again is another wait. */
function subject(action: GatedAction['action']): string {
  if (action.kind === 'create-guest' || action.kind === 'rebuild-guest') {
    return ` to ${action.target.spec.fingerprint.slice(0, 12)}`;
  }
  if (action.kind === 'remove-box' && action.from === 'files') return ` file ${action.file.slice(0, 12)}`;
  return actionGuest(action) === null && 'box' in action ? ` ${boxKey(action.box)}` : '';
}

/** A remote that comes and goes is no new reason. */
function gateKey(gate: Gate): string | readonly string[] {
  switch (gate.kind) {
    case 'window':
      return `window ${gate.window}`;
    case 'paused':
      return `pause (${gate.detail})`;
    case 'job':
      // giving up is news: whoever reads the account must not think that it is still waited for
      return `job of ${gate.guest}${gate.since === null ? ', not waited for' : ''}`;
    case 'wave':
      if (gate.unasked) return [];
      return gate.wave === null ? 'no wave' : `wave ${gate.wave}`;
    case 'disk':
    case 'lease':
      return gate.kind;
  }
}
