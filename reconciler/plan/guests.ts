/** What is to be done about one guest, and why: rules 4 to 10 of make-plan.ts. Boxes are seen to afterwards. */
import { showDuration } from '../duration.ts';
import type { BuiltFrom, Machine, ObservedGuest } from '../observed/observation.ts';
import { overrideText } from './override.ts';
import { shortCommit, whatChanged } from './reasons.ts';
import { recycleDue } from './recycle.ts';
import { boxTitle } from './subject.ts';
import type { AimedGuest } from './targets.ts';

export type Rebuild = {
  readonly do: 'rebuild';
  readonly reason: string;
  readonly disruptive: boolean;
  readonly recycle: boolean;
};

export type GuestDecision =
  | { readonly do: 'nothing' }
  | { readonly do: 'hold'; readonly why: string }
  | { readonly do: 'create'; readonly reason: string }
  | Rebuild
  | { readonly do: 'boot'; readonly reason: string }
  /** Vagrant is told of the machine again; then, if that is not what it should be, it is built anew. */
  | {
      readonly do: 'restore';
      readonly reason: string;
      readonly builtFrom: BuiltFrom;
      readonly afterwards: Rebuild | null;
    };

const NOTHING: GuestDecision = { do: 'nothing' };

export function decideGuest(place: number, aimed: AimedGuest, now: number): GuestDecision {
  const decision = decideMachine(place, aimed, now);
  if (!('reason' in decision)) return decision;
  if (aimed.target.role === 'desired') return shouted(decision, aimed);
  if ('recycle' in decision && decision.recycle) return decision;
  return { ...decision, reason: `${decision.reason} (going back to what last worked)` };
}

/** A change that goes before what would hold it says so wherever its reason is read. */
function shouted(decision: GuestDecision, { target }: AimedGuest): GuestDecision {
  if (decision.do === 'restore' && decision.afterwards !== null) {
    return { ...decision, afterwards: shoutedRebuild(decision.afterwards, target.spec) };
  }
  return decision.do === 'rebuild' ? shoutedRebuild(decision, target.spec) : decision;
}

function shoutedRebuild(rebuild: Rebuild, spec: AimedGuest['target']['spec']): Rebuild {
  if (rebuild.recycle || !rebuild.disruptive) return rebuild;
  return { ...rebuild, reason: `${rebuild.reason}${overrideText(spec)}` };
}

/** What the machine that exists was built from by us; null if it was not us, or if the build was not proven. */
export function provenBuild({ machine, builtFrom }: ObservedGuest): BuiltFrom | null {
  if (machine.state === 'absent' || builtFrom === null) return null;
  return builtFrom.machineId === machine.id ? builtFrom : null;
}

function decideMachine(place: number, aimed: AimedGuest, now: number): GuestDecision {
  const { observed } = aimed;
  switch (observed.machine.state) {
    case 'absent':
      return { do: 'create', reason: whyAbsent(observed) };
    case 'vanished':
      return { do: 'create', reason: 'its machine was removed below Vagrant: the provider no longer has it' };
    case 'forgotten':
      return decideForgotten(aimed, observed.machine);
    case 'present':
      return decidePresent(place, aimed, observed.machine, now);
  }
}

function whyAbsent({ unfinished, lastGood }: ObservedGuest): string {
  if (unfinished !== null) return `the build begun at ${unfinished.at} was cut before its machine was there`;
  return lastGood === null
    ? 'it does not exist yet'
    : 'its machine is gone: it was destroyed, not by Boxreeve';
}

function decideForgotten(aimed: AimedGuest, machine: Machine & { state: 'forgotten' }): GuestDecision {
  const { observed, target } = aimed;
  const builtFrom = provenBuild(observed);
  if (builtFrom !== null) {
    const right = builtFrom.spec.fingerprint === target.spec.fingerprint;
    const reason = `Vagrant lost its record of machine ${machine.id}, which the provider still has`;
    return { do: 'restore', reason, builtFrom, afterwards: right ? null : rebuildChanged(aimed, builtFrom) };
  }
  if (machine.power === 'unknown')
    return { do: 'hold', why: 'nobody can tell whether its machine is running' };
  if (observed.unfinished !== null) return rebuildCut(observed.unfinished);
  return {
    do: 'rebuild',
    reason: `the provider has machine ${machine.id} in its place, which neither Vagrant nor Boxreeve knows`,
    disruptive: true,
    recycle: false,
  };
}

function decidePresent(
  place: number,
  aimed: AimedGuest,
  machine: Machine & { state: 'present' },
  now: number,
): GuestDecision {
  const { observed, target } = aimed;
  if (machine.power === 'unknown')
    return { do: 'hold', why: 'nobody can tell whether its machine is running' };
  const builtFrom = provenBuild(observed);
  if (builtFrom === null) {
    return observed.unfinished === null ? rebuildByHand(machine) : rebuildCut(observed.unfinished);
  }
  if (builtFrom.spec.fingerprint !== target.spec.fingerprint) return rebuildChanged(aimed, builtFrom);
  if (machine.power === 'stopped') {
    return { do: 'boot', reason: 'it is what it should be, but not running' };
  }
  return decideRecycle(place, aimed, builtFrom, now);
}

function rebuildByHand({ box }: Machine & { state: 'present' }): Rebuild {
  const from = box === null ? 'nobody knows what' : `box ${boxTitle(box)}`;
  return {
    do: 'rebuild',
    reason: `its machine was made by hand from ${from}, not by Boxreeve`,
    disruptive: true,
    recycle: false,
  };
}

/** Its machine was never proven, so never in service: nothing is taken away. */
function rebuildCut(unfinished: NonNullable<ObservedGuest['unfinished']>): Rebuild {
  return {
    do: 'rebuild',
    reason: `the build begun at ${unfinished.at} (${shortCommit(unfinished.commit)}) was cut before it was proven`,
    disruptive: false,
    recycle: false,
  };
}

function rebuildChanged({ observed, target }: AimedGuest, builtFrom: BuiltFrom): Rebuild {
  return {
    do: 'rebuild',
    reason: whatChanged(builtFrom, target.spec, observed.lineChanges),
    disruptive: true,
    recycle: false,
  };
}

function decideRecycle(place: number, aimed: AimedGuest, builtFrom: BuiltFrom, now: number): GuestDecision {
  const { window, recycleEvery } = aimed.desired;
  const builtAt = Date.parse(builtFrom.at);
  if (!recycleDue({ place, window, every: recycleEvery, builtAt, now })) return NOTHING;
  return {
    do: 'rebuild',
    reason: `recycle: last built ${showDuration(now - builtAt)} ago`,
    disruptive: true,
    recycle: true,
  };
}
