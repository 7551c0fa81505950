/** Actions and what became of them, for records about them. */
import type { ActionOutcome } from '../../../reconciler/apply/outcome.ts';
import type { Action, GuestTarget } from '../../../reconciler/plan/plan.ts';
import { box, COMMIT, guest, OLD_COMMIT } from '../plan/builders.ts';

export function target(version: string, role: GuestTarget['role'] = 'desired'): GuestTarget {
  const commit = role === 'desired' ? COMMIT : OLD_COMMIT;
  return { spec: guest({ box: box(version) }), commit, role };
}

const COMMON = { reason: 'the box changed', after: '', disruptive: true, needs: [] };

export function rebuild(before: string, to: GuestTarget, recycle = false): Action {
  const id = 'rebuild-guest azure-agent';
  return { ...COMMON, kind: 'rebuild-guest', id, guest: 'azure-agent', target: to, recycle, before };
}

export function create(to: GuestTarget): Action {
  return {
    ...COMMON,
    kind: 'create-guest',
    id: 'create-guest azure-agent',
    guest: 'azure-agent',
    target: to,
    before: '',
  };
}

export function boxAction(kind: 'fetch-box' | 'add-box' | 'remove-box', version: string): Action {
  const common = { ...COMMON, id: `${kind} azure-ci-node ${version}`, box: box(version), before: '' };
  switch (kind) {
    case 'fetch-box':
      return { ...common, kind };
    case 'add-box':
      return { ...common, kind, keepsFile: false };
    case 'remove-box':
      return { ...common, kind, from: 'vagrant', file: null, frees: null };
  }
}

export function ended(action: Action, change: Partial<ActionOutcome> = {}): ActionOutcome {
  return {
    action,
    result: 'done',
    startedAt: '2026-11-23T12:00:01.000Z',
    durationMs: 65_000,
    exitStatus: 0,
    output: '',
    error: null,
    guestAtFault: false,
    probes: [],
    ...change,
  };
}
