/**
 * What a host can be asked to do, one thing at a time: by the daemon's own loop, through its socket, or by a command that
 * took the host's lock itself. After each, the status on disk is what it should be.
 */
import writeFileAtomic from 'write-file-atomic';
import type { Trigger } from '../audit/record.ts';
import { iso } from '../clock.ts';
import type { WantedBox } from '../desired/catalogued-box.ts';
import { AuditDiverged, RemoteUnreachable } from '../errors.ts';
import { standing } from '../exposure/standing.ts';
import { inForce, standstillsOf } from '../gate/standstill.ts';
import type { Host } from '../host-ports.ts';
import { withReboot } from '../observed/memory.ts';
import { preview, type Report, reconcile } from '../reconcile.ts';
import { removeAnswers, writeAnswers } from '../report/answer-files.ts';
import type { FetchDocument, PruneDocument } from '../report/box-documents.ts';
import { buildStatus, lastRecordOf } from '../report/build-status.ts';
import { lastStatus } from '../report/last-status.ts';
import type { StatusDocument } from '../report/status.ts';
import { type SyncDocument, syncDocument } from '../report/sync-document.ts';
import type { StateDir } from '../state-dir.ts';
import { type PauseRequest, pauseHost, resumeHost } from './pausing.ts';
import { pushTurn } from './push-turn.ts';

export type SyncRequest = {
  readonly trigger: Trigger;
  readonly forceWindow: boolean;
  readonly dryRun: boolean;
  readonly retryFailed: boolean;
};

export type Service = ReturnType<typeof openService>;

/** What is asked of the host's boxes: see tend-boxes.ts. */
export type BoxRequest =
  | { readonly do: 'prune'; readonly dryRun: boolean }
  | { readonly do: 'fetch'; readonly wanted: WantedBox };

/** The daemon that serves; null for a command that does it itself. */
export type Daemon = StatusDocument['daemon'];

/** A status that stays the same is still said to be so now and then, in milliseconds. */
const SAY_AGAIN = 60_000;

/**
 * @param dirs where the last status is kept for when no daemon answers
 * @param daemon a drain may go on from one reconcile to the next only where there is a next
 * @param signal aborted: the step under way is given a moment, then cut; nothing new begins
 */
export function openService(host: Host, dirs: StateDir, daemon: Daemon, signal: AbortSignal) {
  let turn: Promise<unknown> = Promise.resolve();
  let status: StatusDocument | null = null;
  let planned = '';
  const pushes = pushTurn(host.clock.now, Math.random);

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work, work);
    turn = result.catch(() => undefined);
    return result;
  }

  async function sync(request: SyncRequest): Promise<SyncDocument> {
    const asked = {
      trigger: request.trigger,
      forceWindow: request.forceWindow,
      holdDrain: daemon !== null,
      signal,
    };
    if (request.dryRun) return describe(await preview(host, asked), null, true);
    if (request.retryFailed) await forgetFailures(host);
    const report = await reconcile(host, { ...asked, onSeen: tellPlan });
    pushes.add(report.records, report.accepted.desired?.spec ?? null);
    const waits = daemon !== null && request.trigger === 'poll' && !pushes.due();
    const auditProblem = waits ? null : await pushAll();
    await refreshStatus(report, auditProblem);
    if (report.outcomes.some(({ result }) => result === 'begun') && (await stayedUp())) return sync(request);
    host.log.debug(
      { event: 'reconciled', trigger: request.trigger, changed: report.outcomes.length },
      'reconciled',
    );
    return describe(report, auditProblem, false);
  }

  async function pushAll(): Promise<string | null> {
    const problem = await push(host);
    if ((await host.audit.unpushed()) === 0) pushes.pushed();
    return problem;
  }

  async function tendBoxes(request: BoxRequest): Promise<PruneDocument | FetchDocument> {
    const asked = { trigger: 'manual' as const, forceWindow: false, holdDrain: daemon !== null, signal };
    const [{ fetchAhead, pruneBoxes }, { fetchDocument, pruneDocument }] = await Promise.all([
      import('../tend-boxes.ts'),
      import('../report/box-documents.ts'),
    ]);
    if (request.do === 'prune') {
      const tended = await pruneBoxes(host, asked, request.dryRun);
      const auditProblem = request.dryRun ? null : await push(host);
      return pruneDocument(host.name, tended, request.dryRun, auditProblem);
    }
    const tended = await fetchAhead(host, asked, request.wanted);
    return fetchDocument(host.name, request.wanted, tended, await push(host));
  }

  /**
   * Goes down for a reboot whose record is made, and pushed if the remote is there. True if that did not come about: another run
   * records so, and boots the guests.
   */
  async function stayedUp(): Promise<boolean> {
    host.log.warn({ event: 'reboot' }, 'this host is rebooted now');
    const problem = await host.reboot(signal).catch(() => null);
    if (problem === null) return false;
    host.log.error({ event: 'reboot-failed' }, problem);
    await host.memory.update((memory) => {
      const asked = memory.reboot?.asked;
      return asked ? withReboot(memory, { asked: { ...asked, problem } }) : memory;
    });
    return true;
  }

  /** Logs a plan when it is another than the last, and shows it in the status while it is carried out. */
  async function tellPlan(report: Report): Promise<void> {
    const plan = report.seen?.plan;
    const key = JSON.stringify([plan?.commit, plan?.actions.map(({ id, reason }) => [id, reason])]);
    if (plan === undefined || key === planned) return;
    planned = key;
    const words = plan.actions.length === 0 ? 'nothing to do' : plan.actions.map(({ id }) => id).join(', ');
    host.log.info(
      { event: 'planned', commit: plan.commit, actions: plan.actions.length },
      `at ${plan.commit.slice(0, 7)}: ${words}`,
    );
    if (plan.actions.length > 0) await refreshStatus(report, null);
  }

  async function describe(
    report: Report,
    auditProblem: string | null,
    dryRun: boolean,
  ): Promise<SyncDocument> {
    const commit = report.accepted.desired?.commit;
    return syncDocument({
      host: host.name,
      report,
      exposed: standing(host.memory.read(), report.accepted.desired?.spec.guests ?? []),
      auditProblem,
      dryRun,
      unpushed: await host.audit.unpushed(),
      desired: commit === undefined ? null : await host.mirror.describe(commit),
    });
  }

  async function refreshStatus(report: Report, auditProblem: string | null): Promise<void> {
    const commit = report.accepted.desired?.commit;
    const next = buildStatus({
      host: host.name,
      now: host.clock.now(),
      report,
      memory: host.memory.read(),
      desired: commit === undefined ? null : await host.mirror.describe(commit),
      lastRecord: await host.audit.last(),
      unpushed: await host.audit.unpushed(),
      auditProblem,
    });
    await keepStatus(next);
  }

  async function keepStatus(found: StatusDocument): Promise<void> {
    const next = { ...found, daemon };
    const same =
      status !== null && JSON.stringify({ ...next, time: '' }) === JSON.stringify({ ...status, time: '' });
    // an idle host hardly writes
    if (same && status !== null && Date.parse(next.time) - Date.parse(status.time) < SAY_AGAIN) return;
    status = next;
    try {
      await writeFileAtomic(dirs.status, JSON.stringify(next), { mode: 0o600 });
      if (daemon !== null) await writeAnswers(dirs, next);
    } catch (error) {
      // a full disk must not end a reconcile that is done
      host.log.warn({ event: 'status-unwritten', error: String(error) }, 'the status could not be written');
    }
  }

  async function pause(request: PauseRequest): Promise<void> {
    await pauseHost(host, request);
    await afterPause();
  }

  async function resume(guest: string | null): Promise<boolean> {
    if (!(await resumeHost(host, guest))) return false;
    await afterPause();
    return true;
  }

  async function afterPause(): Promise<void> {
    const auditProblem = await push(host);
    const { pause: held, pausedGuests = {} } = host.memory.read();
    const before = status ?? lastStatus(dirs);
    const now = host.clock.now();
    const guestsHeld = standstillsOf({ pause: null, pausedGuests }).filter((each) => inForce(each, now));
    await keepStatus({
      ...before,
      host: host.name,
      time: iso(now),
      paused: held && { reason: held.reason, until: held.until },
      holds: [...guestsHeld, ...before.holds.filter(({ place }) => place !== null)],
      lastRecord: lastRecordOf(await host.audit.last()),
      unpushed: await host.audit.unpushed(),
      auditProblem,
    });
  }

  return {
    sync: (request: SyncRequest) => inTurn(() => sync(request)),
    pause: (request: PauseRequest) => inTurn(() => pause(request)),
    /** @param guest null: the host as a whole */
    resume: (guest: string | null) => inTurn(() => resume(guest)),
    tendBoxes: (request: BoxRequest) => inTurn(() => tendBoxes(request)),
    /** The last status; null before the first reconcile. Answers at once, also while one is under way. */
    status: () => status,
    /** Resolves when nothing is under way, and nobody answers for this service any more. */
    close: async () => {
      await turn;
      if (daemon !== null) await removeAnswers(dirs);
    },
  };
}

async function forgetFailures(host: Host): Promise<void> {
  for (const guest of Object.keys(host.memory.read().guests))
    await host.memory.updateGuest(guest, { failed: null });
  await host.memory.update((memory) => withReboot(memory, { failedAt: null }));
}

/** Pushes what the remote lacks. A remote that is away keeps nothing from being done; a diverged branch is a problem. */
async function push(host: Host): Promise<string | null> {
  try {
    if ((await host.audit.unpushed()) > 0) await host.audit.push();
    return null;
  } catch (error) {
    if (error instanceof RemoteUnreachable) {
      host.log.warn({ why: error.message }, 'records wait until the remote can be reached');
      return null;
    }
    if (error instanceof AuditDiverged) return error.message;
    throw error;
  }
}
