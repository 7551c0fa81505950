/**
 * A host, as the steps of a reconcile see it: every effect behind a port. `host.ts` wires the real ones; tests and
 * simulations hand in models.
 */
import type { Activity, CiAgent } from './agents/ci-agent.ts';
import type { ActionOutcome, AttemptLog, ProbeResult } from './apply/outcome.ts';
import type { Outbox } from './audit/outbox.ts';
import type { AuditLog, RecordDraft } from './audit/record.ts';
import type { Clock } from './clock.ts';
import type { WantedBox } from './desired/catalogued-box.ts';
import type { AgentSpec, BoxSpec, HostSpec, LockServer } from './desired/spec.ts';
import type { Exposure } from './exposure/exposure.ts';
import type { GitMirror, TrustCheck } from './git/ports.ts';
import type { Logger } from './log.ts';
import type { Notifier } from './notify/open-notifier.ts';
import type { MemoryStore } from './observed/memory.ts';
import type { HostObservation } from './observed/observation.ts';
import type { Action } from './plan/plan.ts';
import type { Leases } from './rollout/lease/leases.ts';
import type { RevertWanted } from './rollout/propose-revert.ts';
import type { Resumes } from './rollout/resumes.ts';
import type { FleetWords } from './rollout/words.ts';

export type Host = {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly mirror: GitMirror;
  readonly trust: TrustCheck;
  readonly resumes: Pick<Resumes, 'given'>;
  /** Proposes a branch that takes a change back; resolves to what came of it, in a sentence for the record. */
  proposeRevert(wanted: RevertWanted, signal?: AbortSignal): Promise<string>;
  readonly memory: MemoryStore;
  readonly audit: AuditLog;
  readonly outbox: Outbox;
  readonly words: FleetWords;
  /** Whether the remote is asked now, or left alone for a while because it failed. */
  readonly contact: RemoteContact;
  /** What a commit asks of this host. Throws InvalidDesiredState. */
  resolve(commit: string): Promise<HostSpec>;
  /** Lets those hosts read this one's box files that the commit names, and no others. Failing is told, and tried again at the next call. */
  admitPeers(commit: string): Promise<void>;
  /** A box of the catalogue as a commit has it. Throws a BoxreeveError where there is none. */
  catalogued(commit: string, wanted: WantedBox): Promise<BoxSpec>;
  observe(spec: HostSpec, commit: string): Promise<HostObservation>;
  /** Carries out actions in order; never throws for what an action met. */
  apply(
    actions: readonly Action[],
    attempt: AttemptLog,
    signal: AbortSignal,
  ): Promise<readonly ActionOutcome[]>;
  /** Runs the probes of a guest that was proven healthy. */
  probe(guest: string): Promise<readonly ProbeResult[]>;
  /** Looks who can get into guests that are up, by guest. */
  examine(guests: readonly string[]): Promise<ReadonlyMap<string, Exposure>>;
  readonly agent: (spec: AgentSpec) => CiAgent;
  /** Rights to have guests out of service, of a lock server or of the fleet's branches. */
  readonly leases: (fleetLock: LockServer | null) => Leases;
  /** What tells others what becomes of changes; loaded and opened when it is asked for. */
  notifier(): Promise<Notifier>;
  versions(): Promise<RecordDraft['versions']>;
  /** Ends what a crashed reconciler left running. */
  endSurvivors(processes: readonly { readonly pid: number; readonly startedAt: string }[]): Promise<void>;
  /** Looks into a guest for a process that runs a job of its CI system. */
  readonly witness: (guest: string, signal?: AbortSignal) => Promise<Activity>;
  /** Guests whose job was waited for in vain, and when to try again (ms since the epoch): known to the process only. */
  readonly gaveUp: Map<string, number>;
  /** What was put right of the host itself since the last call (a damaged index, say), in sentences for the record. */
  takeRepairs(): readonly string[];
  /** Housekeeping that is due now and then: packing the mirror. Failing does no harm. */
  maintain(): Promise<void>;
  newId(): string;
  /** Another one after every boot; null: this system does not say. */
  bootId(): Promise<string | null>;
  /** Asks the system to reboot, and waits for the end; resolves to why that did not come. Rejects when `signal` is aborted first. */
  reboot(signal: AbortSignal): Promise<string>;
  /**
   * Throws InvalidHostConfig if the commit this host goes by does not name the key it signs with: nothing may be done whose account
   * nobody would believe.
   */
  assertSigner(desired: { readonly commit: string; readonly spec: HostSpec }): void;
  /** Throws if a record could not be signed: nothing may be done that cannot be accounted for. */
  assertCanRecord(): Promise<void>;
};

/** Back-off from a remote that is away, kept in the process. */
export interface RemoteContact {
  /** Whether to ask now; `eager` (a person or a watched file asked) always does. */
  due(eager: boolean): boolean;
  succeeded(): void;
  failed(why: string): void;
  /** It answered, and is to be left alone for so many milliseconds, since all hosts of the fleet come to it. */
  rest(ms: number): void;
  /** Why the remote could not be reached the last time; null when it could. */
  readonly problem: string | null;
}
