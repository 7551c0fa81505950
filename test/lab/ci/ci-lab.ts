/** What the tests of every CI system ask of its fake server. */
import type { Clock } from '../../../reconciler/clock.ts';
import type { AgentSpec } from '../../../reconciler/desired/spec.ts';
import type { CiServer } from './http-server.ts';

/** Time that passes only when someone waits; servers read it too. */
export type VirtualClock = Clock & { now(): number; advance(ms: number): void; during: (ms: number) => void };

export function virtualClock(start = Date.parse('2026-01-14T20:04:00Z')): VirtualClock {
  let now = start;
  const clock: VirtualClock = {
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
    during: () => undefined,
    sleep: async (ms) => {
      now += ms;
      clock.during(ms);
    },
  };
  return clock;
}

export type CiLab = {
  readonly server: CiServer;
  readonly spec: AgentSpec;
  /** Secrets by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Gives the agent a job if the system would; whether it did. */
  assign(): boolean;
  finish(): void;
  /** Whether a job runs on the agent, whatever the system says. */
  working(): boolean;
  /** Jobs that were cancelled or cut off by what was asked of the system. */
  killed(): number;
  /** Whether the system would give the agent a job. */
  assignable(): boolean;
  /** What a person does in the web page. */
  takenOffByPerson(): void;
  unregister(): void;
  /** The guest is built anew: its agent registers again, as its vendor's does. */
  reregister(): void;
};

export type CiLabStart = (clock: VirtualClock) => Promise<CiLab>;
