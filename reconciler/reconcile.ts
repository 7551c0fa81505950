/** The loop body: one reconcile of one host. Data flows one way, from Git to the audit, and each step has its folder. */
import { carryOut } from './apply/carry-out.ts';
import { finishInterrupted } from './apply/finish-interrupted.ts';
import { finishReboot } from './apply/finish-reboot.ts';
import { leaseGates } from './apply/lease-holder.ts';
import type { ActionOutcome } from './apply/outcome.ts';
import { account, recordRefusal } from './audit/account.ts';
import type { AuditRecord, Trigger } from './audit/record.ts';
import { type Accepted, acceptCommit, type Desired, remember } from './desired/accept.ts';
import { askAgents } from './gate/agents-now.ts';
import { freeActions, holdGuests } from './gate/gate.ts';
import { gateNow, standstillsNow } from './gate/gate-now.ts';
import type { GatedAction } from './gate/gates.ts';
import { mendedMeanwhile } from './gate/mended-meanwhile.ts';
import type { Host } from './host-ports.ts';
import type { HostObservation } from './observed/observation.ts';
import type { Plan } from './plan/plan.ts';
import { planNow } from './plan/plan-now.ts';
import { NO_LIMITS } from './plan/targets.ts';
import type { FleetAnswer } from './rollout/ask.ts';
import { noteLook, standings } from './rollout/note.ts';
import type { GuestProgress } from './rollout/progress.ts';

/** What is asked of one reconcile. */
export type Request = {
  readonly trigger: Trigger;
  /** `--now`: opens the window, never the job gate. */
  readonly forceWindow: boolean;
  /** A drain may outlive this reconcile and go on in the next (the daemon); otherwise it is undone when a job runs. */
  readonly holdDrain: boolean;
  readonly signal: AbortSignal;
  /** Told what is seen and about to be done, before anything is: so that `status` can say so meanwhile. */
  readonly onSeen?: (report: Report) => Promise<void>;
};

/** What one look at the host saw, and what is to be done about it. */
export type Seen = {
  readonly observation: HostObservation;
  readonly plan: Plan;
  readonly gated: readonly GatedAction[];
  /** How far each declared guest is with what is asked of it. */
  readonly progress: ReadonlyMap<string, GuestProgress>;
  /** What the fleet says of the changes that are being rolled out; null: nobody had to be asked. */
  readonly fleet: FleetAnswer | null;
};

/** What one reconcile saw and did. */
export type Report = {
  readonly accepted: Accepted;
  /** The last look, after whatever was done; null when there is no commit to go by. */
  readonly seen: Seen | null;
  /** What was tried, in order. */
  readonly outcomes: readonly ActionOutcome[];
  /** What is still to be done, each with what holds it. */
  readonly pending: readonly GatedAction[];
  readonly records: readonly AuditRecord[];
};

/** Fetch, resolve, observe, plan, gate, apply, record. */
export async function reconcile(host: Host, request: Request): Promise<Report> {
  const recovered = [...(await finishInterrupted(host)), ...(await finishReboot(host))];
  const accepted = await acceptCommit(host, request.trigger !== 'poll');
  const refused = await recordRefusal(host, accepted, request);
  const { desired } = accepted;
  if (desired === null) return { ...nothingSeen(accepted), records: [...recovered, ...refused] };
  host.assertSigner(desired);
  await remember(host, desired.commit);
  await host.admitPeers(desired.commit);
  const look = () => lookAt(host, accepted, desired, request);
  const first = await look();
  await noteLook(host, desired.spec, first);
  await request.onSeen?.({ accepted, seen: first, outcomes: [], pending: first.gated, records: [] });
  const done = await carryOut(host, desired, first, look, request);
  const recorded = await account(host, desired, done, request, accepted.resting);
  return { accepted, ...done, records: [...recovered, ...refused, ...recorded] };
}

/** The same up to the gates, with nothing changed and nothing remembered: `plan`, and `sync --dry-run`. */
export async function preview(host: Host, request: Request): Promise<Report> {
  const accepted = await acceptCommit(host, true);
  if (accepted.desired === null) return nothingSeen(accepted);
  const { desired } = accepted;
  const seen = await lookAt(host, accepted, desired, request);
  const refused = await leaseGates(host, desired, freeActions(seen.gated), seen.observation);
  const leased = holdGuests(seen.gated, refused);
  const jobs = await askAgents(host, freeActions(leased), desired.spec, seen.observation, request.signal);
  const gated = holdGuests(leased, jobs);
  return { accepted, seen: { ...seen, gated }, outcomes: [], pending: gated, records: [] };
}

/** Observe, plan, gate. */
export async function lookAt(
  host: Host,
  { offline, resting }: Accepted,
  desired: Desired,
  request: Request,
): Promise<Seen> {
  const { spec, commit } = desired;
  const observation = await host.observe(spec, commit);
  const progress = standings(host, spec, observation);
  const now = host.clock.now();
  const mended = mendedMeanwhile(standstillsNow(host.memory.read(), spec), spec, observation, now);
  if (spec.rollout !== null) {
    const { planRollout } = await import('./rollout/look.ts');
    const view = {
      desired,
      rollout: spec.rollout,
      observation,
      progress,
      mended,
      offline: offline ?? resting,
    };
    return { observation, progress, ...(await planRollout(host, view, request)) };
  }
  const plan = planNow(desired, observation, now, { ...NO_LIMITS, heldBack: mended });
  const gated = gateNow(host, spec, observation, plan, request);
  return { observation, plan, gated, progress, fleet: null };
}

function nothingSeen(accepted: Accepted): Report {
  return { accepted, seen: null, outcomes: [], pending: [], records: [] };
}
