/** The form of `memory.json`, checked whenever it is read. A change of form that old files do not have needs a new version. */
import type {
  AgentSpec,
  BoxSpec,
  ExposureKind,
  GuestFile,
  GuestSpec,
  LockServer,
  ProbeSpec,
  SpanSpec,
  WindowSpec,
} from '../desired/spec.ts';
import type { Exposure, Finding } from '../exposure/exposure.ts';
import type { Pause } from '../gate/gates.ts';
import type { Failure, GuestProgress, Halt } from '../rollout/progress.ts';
import {
  type Check,
  either,
  isBoolean,
  isNumber,
  isOneOf,
  isString,
  listOf,
  objectOf,
  optional,
  orNull,
  recordOf,
} from './check.ts';
import type { GuestMemory, Memory, RebootMemory, RolloutMemory, SshTarget } from './memory.ts';

const strings = listOf(isString);

const isBoxSpec = objectOf<BoxSpec>({
  name: isString,
  version: isString,
  provider: isString,
  sha256: isString,
  size: isNumber,
  sources: strings,
  chunks: optional(isString),
});

const isGuestFile = objectOf<GuestFile>({
  path: isString,
  executable: isBoolean,
  oid: isString,
  sha256: isString,
  size: isNumber,
});

const isProbeSpec = objectOf<ProbeSpec>({ name: isString, run: isString, expect: orNull(isString) });

const isAgentSpec: Check<AgentSpec> = either(
  objectOf<Extract<AgentSpec, { system: 'none' }>>({ system: isOneOf('none') }),
  either(
    objectOf<Extract<AgentSpec, { system: 'command' }>>({
      system: isOneOf('command'),
      drain: strings,
      idle: strings,
      undrain: strings,
    }),
    objectOf<Exclude<AgentSpec, { system: 'none' | 'command' }>>({
      system: isOneOf('azure-pipelines', 'github-actions', 'gitlab-runner', 'buildkite', 'jenkins'),
      settings: recordOf(isString),
    }),
  ),
);

const span = {
  days: listOf(isOneOf('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')),
  from: isString,
  to: isString,
};
const window = { name: isString, timezone: isString, except: optional(strings) };

const isWindowSpec: Check<WindowSpec> = either(
  objectOf<Extract<WindowSpec, SpanSpec>>({ ...window, ...span }),
  either(
    objectOf<Extract<WindowSpec, { spans: unknown }>>({ ...window, spans: listOf(objectOf<SpanSpec>(span)) }),
    objectOf<Extract<WindowSpec, { cron: unknown }>>({ ...window, cron: isString, for: isNumber }),
  ),
);

const isExposureKind: Check<ExposureKind> = isOneOf('ssh-beyond-host', 'insecure-key', 'password-login');

const isFinding = objectOf<Finding>({ kind: isExposureKind, detail: isString });

const isGuestSpec = objectOf<GuestSpec>({
  name: isString,
  box: isBoxSpec,
  provider: isString,
  env: recordOf(isString),
  secrets: strings,
  files: listOf(isGuestFile),
  agent: isAgentSpec,
  log: isString,
  probes: listOf(isProbeSpec),
  timeouts: objectOf<GuestSpec['timeouts']>({ up: isNumber, drain: isNumber, probe: isNumber }),
  window: orNull(isWindowSpec),
  recycleEvery: orNull(isNumber),
  urgent: optional(isString),
  interruptJobs: optional(isString),
  refuses: optional(listOf(isExposureKind)),
  fingerprint: isString,
});

const isSshTarget = objectOf<SshTarget>({
  host: isString,
  port: isNumber,
  user: isString,
  identityFiles: strings,
  hostKey: orNull(isString),
});

const isProgress = objectOf<GuestProgress>({
  fingerprint: isString,
  state: isOneOf('pending', 'healthy', 'unhealthy', 'failed'),
  since: isString,
  healthyMs: orNull(isNumber),
  probed: isBoolean,
  detail: isString,
});

const isGuestMemory = objectOf<GuestMemory>({
  built: orNull(
    objectOf<NonNullable<GuestMemory['built']>>({
      spec: isGuestSpec,
      commit: isString,
      at: isString,
      machineId: isString,
      ssh: isSshTarget,
    }),
  ),
  building: orNull(
    objectOf<NonNullable<GuestMemory['building']>>({
      fingerprint: isString,
      commit: isString,
      at: isString,
      machineName: isString,
    }),
  ),
  good: orNull(
    objectOf<NonNullable<GuestMemory['good']>>({ spec: isGuestSpec, commit: isString, at: isString }),
  ),
  failed: orNull(
    objectOf<NonNullable<GuestMemory['failed']>>({
      fingerprint: isString,
      commit: isString,
      at: isString,
      error: isString,
      refused: optional(listOf(isExposureKind)),
    }),
  ),
  drained: orNull(
    objectOf<NonNullable<GuestMemory['drained']>>({
      since: isString,
      byOther: isBoolean,
      agent: isAgentSpec,
      over: optional(isBoolean),
    }),
  ),
  tookMs: optional(listOf(isNumber)),
  exposure: optional(
    orNull(objectOf<Exposure>({ violations: listOf(isFinding), unknown: listOf(isFinding) })),
  ),
  progress: optional(orNull(isProgress)),
  previous: optional(
    orNull(objectOf<NonNullable<GuestMemory['previous']>>({ spec: isGuestSpec, commit: isString })),
  ),
});

const isHalt = objectOf<Halt>({
  guest: isString,
  change: isString,
  failures: listOf(objectOf<Failure>({ host: isString, since: isString, detail: isString })),
});

const isPause = objectOf<Pause>({ reason: isString, since: isString, until: orNull(isString) });

export const isMemory: Check<Memory> = objectOf<Memory>({
  version: isOneOf(1),
  host: isString,
  applied: orNull(objectOf<NonNullable<Memory['applied']>>({ commit: isString, at: isString })),
  guests: recordOf(isGuestMemory),
  pause: orNull(isPause),
  pausedGuests: optional(recordOf(isPause)),
  waiting: orNull(isString),
  refused: orNull(isString),
  stale: optional(isString),
  lease: optional(
    orNull(
      objectOf<NonNullable<Memory['lease']>>({
        fleetLock: orNull(objectOf<LockServer>({ url: isString, group: isString })),
        repo: optional(orNull(isString)),
      }),
    ),
  ),
  reboot: optional(
    objectOf<RebootMemory>({
      asked: orNull(
        objectOf<NonNullable<RebootMemory['asked']>>({
          record: isString,
          at: isString,
          bootId: isString,
          after: orNull(isString),
          reason: isString,
          problem: optional(isString),
        }),
      ),
      after: orNull(isString),
      failedAt: orNull(isString),
    }),
  ),
  rollout: optional(objectOf<RolloutMemory>({ halts: listOf(isHalt), told: strings })),
});
