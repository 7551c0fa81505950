/** From what a reconcile saw and did to the status people read. Pure. */
import type { AuditRecord } from '../audit/record.ts';
import { iso } from '../clock.ts';
import type { GuestSpec } from '../desired/spec.ts';
import { standing } from '../exposure/standing.ts';
import { inForce, standstillsOf } from '../gate/standstill.ts';
import type { CommitInfo } from '../git/ports.ts';
import type { Memory } from '../observed/memory.ts';
import type { ObservedGuest } from '../observed/observation.ts';
import type { Report } from '../reconcile.ts';
import type { GuestStatus, StatusDocument } from './status.ts';

export type StatusFacts = {
  readonly host: string;
  readonly now: number;
  readonly report: Report;
  readonly memory: Memory;
  readonly desired: CommitInfo | null;
  readonly lastRecord: AuditRecord | null;
  readonly unpushed: number;
  readonly auditProblem: string | null;
};

export function buildStatus(facts: StatusFacts): StatusDocument {
  const { report } = facts;
  const waits = report.pending;
  const exposed = standing(facts.memory, report.accepted.desired?.spec.guests ?? []);
  return {
    host: facts.host,
    time: iso(facts.now),
    state: exposed.refusals.length > 0 && report.seen !== null ? 'failed' : stateOf(facts),
    desired: facts.desired && { commit: facts.desired.commit, subject: facts.desired.subject },
    guests: guestStatuses(report),
    pending: waits.map(({ action, gates }) => ({
      action: action.id,
      reason: action.reason,
      gates: gates.map((gate) => gate.detail),
    })),
    held: report.seen?.plan.held.map((held) => held.why) ?? [],
    violations: exposed.violations,
    nextWindow: firstOpening(report),
    paused: facts.memory.pause && { reason: facts.memory.pause.reason, until: facts.memory.pause.until },
    holds: holdLines(facts),
    lastRecord: lastRecordOf(facts.lastRecord),
    unpushed: facts.unpushed,
    refused: report.accepted.refusal?.error.message ?? null,
    offline: report.accepted.offline,
    stale: report.accepted.desired?.stale ?? null,
    auditProblem: facts.auditProblem,
    notes: [
      ...(report.seen?.plan.notes ?? []),
      ...(report.accepted.desired?.spec.warnings ?? []),
      ...exposed.doubts,
    ],
    daemon: null,
  };
}

/** A pause of the host as a whole has a place of its own. */
function holdLines({ memory, report, now }: StatusFacts): StatusDocument['holds'] {
  const holds = report.accepted.desired?.spec.holds ?? [];
  return standstillsOf({ pause: null, pausedGuests: memory.pausedGuests ?? {}, holds }).filter((each) =>
    inForce(each, now),
  );
}

export function lastRecordOf(record: AuditRecord | null): StatusDocument['lastRecord'] {
  if (record === null) return null;
  const { sequence, id, time, kind, outcome, summary } = record;
  return { sequence, id, time, kind, outcome, summary };
}

function stateOf({ report }: StatusFacts): StatusDocument['state'] {
  const { seen, accepted, outcomes, pending } = report;
  if (seen === null) return accepted.refusal === null ? 'unknown' : 'refused';
  if (outcomes.some((outcome) => outcome.result === 'failed') || seen.plan.held.some((held) => held.failed))
    return 'failed';
  if (pending.some(({ gates }) => gates.length > 0)) return 'waiting';
  if (pending.length > 0) return 'changing';
  if (accepted.refusal !== null) return 'refused';
  return seen.observation.unknown.length > 0 ? 'unknown' : 'in-sync';
}

function guestStatuses({ seen, accepted }: Report): GuestStatus[] {
  if (seen === null) return [];
  return seen.observation.guests.map((guest) =>
    guestStatus(
      guest,
      accepted.desired?.spec.guests.find(({ name }) => name === guest.name),
    ),
  );
}

function guestStatus(guest: ObservedGuest, desired: GuestSpec | undefined): GuestStatus {
  const { machine, builtFrom } = guest;
  const power = machine.state === 'present' ? machine.power : machine.state;
  const box = machine.state === 'present' ? machine.box : null;
  return {
    name: guest.name,
    machine: power,
    inSync:
      desired === undefined
        ? machine.state === 'absent'
        : power === 'running' && builtFrom?.spec.fingerprint === desired.fingerprint,
    desiredBox: desired === undefined ? null : `${desired.box.name} ${desired.box.version}`,
    box: box && `${box.name} ${box.version}`,
    desiredFingerprint: desired?.fingerprint ?? null,
    fingerprint: builtFrom?.spec.fingerprint ?? null,
    folder: guest.folder,
  };
}

function firstOpening(report: Report): string | null {
  const times = report.pending.flatMap(({ gates }) =>
    gates.flatMap((gate) => (gate.kind === 'window' && gate.opensAt !== null ? [gate.opensAt] : [])),
  );
  return times.sort()[0] ?? null;
}
