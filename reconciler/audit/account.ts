/** Which records a run gives rise to, and when a wait or a refusal is worth a record. */
import type { CarriedOut } from '../apply/carry-out.ts';
import type { Accepted, Desired } from '../desired/accept.ts';
import type { HostSpec } from '../desired/spec.ts';
import type { Exposure } from '../exposure/exposure.ts';
import { standing } from '../exposure/standing.ts';
import { withDurations } from '../gate/expected.ts';
import type { Pause } from '../gate/gates.ts';
import { gateSummary } from '../gate/summary.ts';
import type { Host } from '../host-ports.ts';
import type { Request } from '../reconcile.ts';
import { isAwaited } from '../rollout/awaited.ts';
import { noteLook, noteStanding } from '../rollout/note.ts';
import { boxesHere } from './boxes-here.ts';
import { draftOfAttempt, draftOfCheckIn, draftOfPause, draftOfRefusal, draftOfWaiting } from './draft.ts';
import { recordHalts } from './halted.ts';
import { momentOf } from './moment.ts';
import type { AuditRecord } from './record.ts';

/**
 * Records what was tried; else, once for each reason, what is waited for; else, now and then, that all is well.
 *
 * @param resting nobody asked the remote, as it was other hosts' turn: that is no reason of its own to wait for
 */
export async function account(
  host: Host,
  desired: Desired,
  done: CarriedOut,
  request: Request,
  resting: Accepted['resting'] = null,
): Promise<readonly AuditRecord[]> {
  await noteLook(host, desired.spec, done.seen);
  const waiting = resting === null ? gateSummary(done.pending) : host.memory.read().waiting;
  const records =
    done.attempt !== null
      ? [await recordAttempt(host, desired, done)]
      : await recordQuietRun(host, desired, done, waiting, request);
  if (host.memory.read().waiting !== waiting) await host.memory.update((memory) => ({ ...memory, waiting }));
  return [...records, ...(await recordHalts(host, desired, request))];
}

/** Records a commit that is refused, once for each commit and reason. */
export async function recordRefusal(
  host: Host,
  { refusal }: Accepted,
  request: Request,
): Promise<readonly AuditRecord[]> {
  const key = refusal === null ? null : `${refusal.commit} ${refusal.error.message}`;
  if (host.memory.read().refused === key) return [];
  const records =
    refusal === null
      ? []
      : [
          await host.audit.append(
            draftOfRefusal(
              await about(host, request, refusal.commit),
              refusal.error.message,
              await momentOf(host),
            ),
          ),
        ];
  // a crash before this line records the refusal once more: better twice than never
  await host.memory.update((memory) => ({ ...memory, refused: key }));
  return records;
}

/** @param guest null: the host as a whole */
export async function recordPause(host: Host, guest: string | null, pause: Pause): Promise<void> {
  const { reason, until } = pause;
  const end = until === null ? 'until resumed' : `until ${until}`;
  const text = `${guest === null ? '' : `${guest}: `}${reason} (${end})`;
  await host.audit.append(draftOfPause(await aboutNow(host), 'paused', text, await momentOf(host)));
}

export async function recordResume(host: Host, guest: string | null, pause: Pause): Promise<void> {
  const text = `${guest === null ? '' : `${guest} `}was paused since ${pause.since}: ${pause.reason}`;
  await host.audit.append(draftOfPause(await aboutNow(host), 'resumed', text, await momentOf(host)));
}

async function recordAttempt(
  host: Host,
  { spec }: Desired,
  { attempt, outcomes, pending, seen, lease, agentNotes }: CarriedOut,
): Promise<AuditRecord> {
  if (attempt === null) throw new Error('there is no attempt to record');
  const exposed = standing(host.memory.read(), spec.guests);
  const notes = [
    ...host.takeRepairs(),
    ...agentNotes,
    ...seen.plan.notes,
    ...seen.plan.held.map(({ why }) => why),
    ...exposed.doubts,
  ];
  await noteStanding(host, spec, seen.observation, (guest) => probesOf(spec, guest, outcomes));
  const moment = await momentOf(host, boxesHere(spec, seen.observation));
  const draft = {
    ...draftOfAttempt(attempt.header, outcomes, pending, notes, moment, exposed.refusals),
    ...(lease === null ? {} : { lease }),
  };
  await attempt.complete(draft);
  const record = await host.audit.append(draft);
  await attempt.close();
  await keepWhatWorked(host);
  for (const [guest, took] of withDurations(host.memory.read(), outcomes)) {
    await host.memory.updateGuest(guest, took);
  }
  return record;
}

/** Those that ran in what is asked for, the last time that they did; null: none have. */
function probesOf({ guests }: HostSpec, name: string, outcomes: CarriedOut['outcomes']) {
  const fingerprint = guests.find((guest) => guest.name === name)?.fingerprint;
  const last = outcomes.findLast(
    ({ action, probes }) =>
      probes.length > 0 &&
      'target' in action &&
      action.guest === name &&
      action.target.spec.fingerprint === fingerprint,
  );
  return last?.probes ?? null;
}

/** What guests go back to must stay in the mirror, also when the branch is rewritten. */
async function keepWhatWorked(host: Host): Promise<void> {
  for (const [guest, { good }] of Object.entries(host.memory.read().guests)) {
    if (good !== null) await host.mirror.keep(`good-${guest}`, good.commit);
  }
}

async function recordQuietRun(
  host: Host,
  desired: Desired,
  done: CarriedOut,
  waiting: string | null,
  request: Request,
): Promise<readonly AuditRecord[]> {
  const repairs = host.takeRepairs();
  if (waiting !== null && waiting !== host.memory.read().waiting) {
    const notes = [...repairs, ...done.agentNotes];
    await noteStanding(host, desired.spec, done.seen.observation);
    const draft = draftOfWaiting(
      await about(host, request, desired.commit),
      done.pending,
      notes,
      await momentOf(host, boxesHere(desired.spec, done.seen.observation)),
    );
    return [await host.audit.append(draft)];
  }
  const last = await host.audit.last();
  const due =
    last === null ||
    host.clock.now() - Date.parse(last.time) >= desired.spec.checkInEvery ||
    // the records move where one says that they do, and not before
    (last.auditRepo ?? null) !== desired.spec.auditRepo ||
    (await isAwaited(host, desired, done.seen, last));
  const alarm = desired.stale !== null && host.memory.read().stale !== desired.commit;
  if (!due && !alarm && repairs.length === 0) return [];
  const record = await checkIn(host, desired, done, repairs, request);
  if (alarm) await host.memory.update((memory) => ({ ...memory, stale: desired.commit }));
  return [record];
}

async function checkIn(
  host: Host,
  desired: Desired,
  { seen, pending }: CarriedOut,
  repairs: readonly string[],
  request: Request,
): Promise<AuditRecord> {
  const proven = seen.observation.guests.filter(
    ({ builtFrom, machine }) =>
      builtFrom !== null && machine.state === 'present' && machine.power === 'running',
  );
  const probes = (await Promise.all(proven.map(({ name }) => host.probe(name)))).flat();
  const exposures = await lookInto(
    host,
    proven.map(({ name }) => name),
  );
  await noteStanding(host, desired.spec, seen.observation, (name) =>
    proven.some((guest) => guest.name === name) ? probes.filter(({ guest }) => guest === name) : null,
  );
  const exposed = standing(host.memory.read(), desired.spec.guests);
  const problems = [
    ...repairs,
    ...(desired.stale === null ? [] : [desired.stale]),
    ...seen.plan.held.map(({ why }) => why),
    ...seen.observation.unknown.map(({ guest, why }) => `${guest ?? 'the host'} cannot be observed: ${why}`),
    ...pending.map(({ action, gates }) => `${action.id} waits: ${gates[0]?.detail ?? 'it is next'}`),
    ...exposed.refusals,
  ];
  const draft = draftOfCheckIn(
    await about(host, request, desired.commit),
    problems,
    probes,
    await momentOf(host, boxesHere(desired.spec, seen.observation)),
    { exposures, doubts: exposed.doubts },
  );
  const record = await host.audit.append(draft);
  await host.maintain();
  return record;
}

/** Looks who can get into these guests, and remembers it. */
async function lookInto(host: Host, guests: readonly string[]): Promise<ReadonlyMap<string, Exposure>> {
  const exposures = await host.examine(guests);
  for (const [guest, exposure] of exposures) await host.memory.updateGuest(guest, { exposure });
  return exposures;
}

async function about(host: Host, request: Pick<Request, 'trigger'>, commit: string) {
  return { id: host.newId(), trigger: request.trigger, desired: await host.mirror.describe(commit) };
}

async function aboutNow(host: Host) {
  const applied = host.memory.read().applied;
  return {
    id: host.newId(),
    trigger: 'manual' as const,
    desired: applied && (await host.mirror.describe(applied.commit)),
  };
}
