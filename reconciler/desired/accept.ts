/**
 * Which commit this host goes by.
 *
 * 1. The tip of the watched branch, if it may follow the last one accepted and what it says of this host is valid.
 * 2. Otherwise the last one accepted: a refused commit changes nothing, and drift from the old one is still put right.
 * 3. A commit whose key host.yaml revokes is not gone by from the next look on, though the branch did not move.
 * 4. A host that lost its memory goes on from the last commit on its own signed record: forgetting opens no way back.
 * 5. With none of these there is nothing to go by, and nothing is done.
 */
import { iso } from '../clock.ts';
import { InvalidDesiredState, RemoteUnreachable, UntrustedCommit } from '../errors.ts';
import { restBetweenReads } from '../git/pace.ts';
import type { Host } from '../host-ports.ts';
import { staleness } from './freshness.ts';
import type { HostSpec } from './spec.ts';

export type Refusal = { readonly commit: string; readonly error: InvalidDesiredState | UntrustedCommit };

export type Desired = {
  readonly commit: string;
  readonly spec: HostSpec;
  /** That nothing newer has come for too long; null if it has, or need not. */
  readonly stale: string | null;
};

export type Accepted = {
  /** What to go by; null: nothing. */
  readonly desired: Desired | null;
  readonly refusal: Refusal | null;
  /** Why the remote could not be asked; null when it was, or when it was other hosts' turn. */
  readonly offline: string | null;
  /** Whose turn it was instead, so that nobody asked; null: this host's. */
  readonly resting: string | null;
};

/** @param eager ask the remote even while backing off from it, or while others are to have their turn */
export async function acceptCommit(host: Host, eager: boolean): Promise<Accepted> {
  // a lease must be renewed, and what it was taken for must not wait for a turn
  const asked = await askForTip(host, eager || Boolean(host.memory.read().lease));
  const accepted = { ...(await acceptOf(host, asked)), resting: asked.resting };
  if (asked.offline === null && asked.resting === null && accepted.desired !== null) {
    const { fleetSize, rollout } = accepted.desired.spec;
    host.contact.rest(restBetweenReads(fleetSize, rollout !== null && host.memory.read().waiting !== null));
  }
  return accepted;
}

async function acceptOf(host: Host, asked: Asked): Promise<Omit<Accepted, 'resting'>> {
  const remembered = host.memory.read().applied?.commit ?? null;
  if (remembered !== null || asked.tip === null) return follow(host, asked, remembered);
  try {
    return await follow(host, asked, await host.audit.lastFollowed());
  } catch (error) {
    // whether there is a record to go on from is not known: that is no first contact
    if (error instanceof RemoteUnreachable) return { desired: null, refusal: null, offline: error.message };
    if (!(error instanceof InvalidDesiredState)) throw error;
    return { desired: null, refusal: { commit: asked.tip, error }, offline: asked.offline };
  }
}

type Asked = Pick<Accepted, 'offline' | 'resting'> & { readonly tip: string | null };

/** @param applied the commit to descend from; null at first contact */
async function follow(
  host: Host,
  { tip, offline }: Asked,
  applied: string | null,
): Promise<Omit<Accepted, 'resting'>> {
  const judged = tip === null ? null : await judge(host, tip, applied);
  if (judged?.spec)
    return { desired: await asDesired(host, judged.commit, judged.spec), refusal: null, offline };
  const refusal = judged?.refusal ?? null;
  if (applied === null || !(await holds(host, applied))) return { desired: null, refusal, offline };
  return { desired: await asDesired(host, applied, await host.resolve(applied)), refusal, offline };
}

async function asDesired(host: Host, commit: string, spec: HostSpec): Promise<Desired> {
  if (spec.freshness === null) return { commit, spec, stale: null };
  const committedAt = await host.mirror.committedAt(commit);
  return { commit, spec, stale: staleness(commit, committedAt, spec.freshness, host.clock.now()) };
}

/**
 * Whether the last commit accepted can still be gone by. One known by the record alone may be gone from the remote; one that was
 * signed by a key that host.yaml revoked since is believed no more. Then there is nothing to go by.
 */
async function holds(host: Host, applied: string): Promise<boolean> {
  if ((await host.mirror.desiredTreeId(applied)) === null) return false;
  try {
    await host.trust.check(applied, applied);
    return true;
  } catch (error) {
    if (error instanceof UntrustedCommit) return false;
    throw error;
  }
}

/** Remembers the commit as the one to descend from. Done before anything of it is applied. */
export async function remember(host: Host, commit: string): Promise<void> {
  if (host.memory.read().applied?.commit === commit) return;
  await host.mirror.keep('applied', commit);
  await host.memory.update((memory) => ({ ...memory, applied: { commit, at: iso(host.clock.now()) } }));
}

async function askForTip(host: Host, eager: boolean): Promise<Asked> {
  if (!host.contact.due(eager)) {
    const offline = host.contact.problem;
    return { tip: await host.mirror.lastTip(), offline, resting: offline === null ? OTHERS_TURN : null };
  }
  try {
    const tip = await host.mirror.fetch();
    host.contact.succeeded();
    return { tip, offline: null, resting: null };
  } catch (error) {
    if (!(error instanceof RemoteUnreachable)) throw error;
    host.contact.failed(error.message);
    return { tip: await host.mirror.lastTip(), offline: error.message, resting: null };
  }
}

const OTHERS_TURN = 'in a large fleet the hosts take turns, and this one asks again within minutes';

type Judged =
  | { readonly commit: string; readonly spec: HostSpec; readonly refusal: null }
  | { readonly commit: string; readonly spec: null; readonly refusal: Refusal };

async function judge(host: Host, tip: string, applied: string | null): Promise<Judged> {
  try {
    await host.trust.check(tip, applied);
    return { commit: tip, spec: await host.resolve(tip), refusal: null };
  } catch (error) {
    if (error instanceof InvalidDesiredState || error instanceof UntrustedCommit) {
      return { commit: tip, spec: null, refusal: { commit: tip, error } };
    }
    throw error;
  }
}
