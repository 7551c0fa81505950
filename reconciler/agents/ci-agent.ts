/** A guest's agent as its CI system sees it (AGENTS: drain first, then ask, then act; undrain on every way out). */

/** Whether a job runs. Every failure to know is `unknown`, and counts as busy. */
export type Activity =
  | { readonly state: 'idle' }
  | { readonly state: 'busy'; readonly detail: string }
  | { readonly state: 'unknown'; readonly detail: string };

export type DrainResult =
  /** Nothing new will be assigned, by our doing. */
  | { readonly state: 'drained' }
  /** It was off its pool before we came, by someone else's doing: leave it so afterwards. */
  | { readonly state: 'already'; readonly detail: string }
  /** The system has no agent of this name: nothing can be running on it, nothing need be put back. */
  | { readonly state: 'absent'; readonly detail: string }
  /** It could not be done, or could not be seen to have been done. Do not act. */
  | { readonly state: 'failed'; readonly detail: string };

/** How an agent stands in its pool, asked without changing anything. */
export type Standing =
  | {
      readonly state: 'registered';
      /** Whether the system has contact with it; null if it does not say. */
      readonly online: boolean | null;
      /** Whether the system would give it a job. */
      readonly assignable: boolean;
      /** Where it would not: whether the system itself shows that we took it off. Left out where it keeps no such mark. */
      readonly ours?: boolean;
    }
  | { readonly state: 'absent' }
  | { readonly state: 'unknown'; readonly detail: string };

export interface CiAgent {
  /** For messages: `azure-pipelines agent builder3 in macOS-pool`. */
  describe(): string;
  /** Safe to repeat. Resolves once the system has confirmed it; what goes wrong is `failed`, never thrown. */
  drain(signal?: AbortSignal): Promise<DrainResult>;
  /** Never throws: what goes wrong is `unknown`. */
  activity(signal?: AbortSignal): Promise<Activity>;
  /** Left out where the system cannot be asked without changing something. Never throws. */
  standing?(signal?: AbortSignal): Promise<Standing>;
  /** Safe to repeat. Throws if the agent could not be put back: then it is tried again at the next run. */
  undrain(signal?: AbortSignal): Promise<void>;
  /**
   * Only where a system has no other way to keep jobs away: takes the idle agent off its pool for good, which is also the last
   * question. The guest built anew registers itself. Never throws.
   */
  deregister?(signal?: AbortSignal): Promise<Activity>;
  /** How long to wait between the questions that must all say idle, in milliseconds. */
  readonly settleMs: number;
  /** How many times to ask; 2 if left out. */
  readonly asks?: number;
}
