/** Standings and records with nothing special about them. */
import type { AuditRecord, RecordedAction } from '../../../reconciler/audit/record.ts';
import type { Standing } from '../../../reconciler/notify/standing.ts';

export function standing(change: Partial<Standing> = {}): Standing {
  return {
    commit: '9ab3e51f00000000000000000000000000000000',
    subject: 'Bump azure-ci-node (#13063)',
    state: 'under-way',
    overtakenBy: null,
    guests: ['azure-agent'],
    done: 1,
    hosts: 8,
    waves: [
      { number: 1, of: 'label canary', done: 1, hosts: 1, waits: [] },
      { number: 2, of: 'all others', done: 0, hosts: 7, waits: [] },
    ],
    failures: [],
    ...change,
  };
}

export function recordOf(change: Partial<AuditRecord> = {}): AuditRecord {
  return {
    apiVersion: 'boxreeve/v1',
    host: 'builder1',
    sequence: 1,
    previous: null,
    witness: {},
    kind: 'applied',
    outcome: 'failed',
    id: '3f0c6a4e-0000-4000-8000-000000000001',
    time: '2026-11-25T12:00:00.000Z',
    trigger: 'poll',
    desired: null,
    actions: [],
    gates: [],
    probes: [],
    fingerprints: {},
    versions: { boxreeve: '0.1.0', vagrant: '2.3.4', providers: {} },
    notes: [],
    summary: 'rebuilding azure-agent failed',
    ...change,
  };
}

export function recordedAction(change: Partial<RecordedAction> = {}): RecordedAction {
  return {
    kind: 'rebuild-guest',
    guest: 'azure-agent',
    box: null,
    reason: 'its init script changed',
    before: 'azure-ci-node 1.0.0',
    after: 'azure-ci-node 2.0.0',
    result: 'failed',
    start: '2026-11-25T12:00:00.000Z',
    durationMs: 1000,
    exitStatus: 1,
    output: 'no space left on the disk',
    error: 'vagrant up failed',
    ...change,
  };
}
