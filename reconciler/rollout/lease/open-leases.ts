/** A host's leases, from where the desired state says; what is held of another place is given back there first. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { LockServer } from '../../desired/spec.ts';
import { REMOTE } from '../../git/repository.ts';
import type { HostConfig } from '../../host-config.ts';
import type { Memory, MemoryStore } from '../../observed/memory.ts';
import type { LeaseAnswer, LeaseNeed, Leases } from './leases.ts';

export type LeasesParts = {
  readonly config: Pick<HostConfig, 'name' | 'signingKey'>;
  readonly gitDir: string;
  /** The repository that hosts push to, as the commit gone by has it; null: the infra repo. */
  readonly repo: () => string | null;
  /** Name of the Git remote of a repository. */
  readonly remote: (repo: string | null) => Promise<string>;
  readonly memory: Pick<MemoryStore, 'read' | 'update'>;
  readonly clock: Pick<Clock, 'now'>;
};

/** Where leases are. */
type Place = NonNullable<Memory['lease']>;

/** Loaded when a lease is needed: most runs of a daemon need none. */
export function openLeases(parts: LeasesParts): (fleetLock: LockServer | null) => Leases {
  const opened = new Map<string, Promise<Leases>>();
  const at = (place: Place) => {
    const key = keyOf(place);
    const found = opened.get(key) ?? open(parts, place);
    opened.set(key, found);
    return found;
  };
  const placeOf = (fleetLock: LockServer | null) => ({ fleetLock, repo: parts.repo() });

  async function giveBack(): Promise<void> {
    const held = parts.memory.read().lease;
    if (held) await (await at(held)).release();
  }

  async function ask(place: Place, question: (leases: Leases) => Promise<LeaseAnswer>): Promise<LeaseAnswer> {
    const held = parts.memory.read().lease;
    if (held && keyOf(held) !== keyOf(place)) await giveBack();
    return question(await at(place));
  }

  return (lock) => ({
    hold: (need: LeaseNeed) => ask(placeOf(lock), (leases) => leases.hold(need)),
    peek: async (need: LeaseNeed) => (await at(placeOf(lock))).peek(need),
    release: giveBack,
  });
}

function keyOf({ fleetLock, repo }: Place): string {
  return fleetLock === null ? `git ${repo ?? ''}` : `${fleetLock.group} ${fleetLock.url}`;
}

async function open(
  { config, gitDir, remote, memory, clock }: LeasesParts,
  { fleetLock: lock, repo = null }: Place,
): Promise<Leases> {
  const remembered = () => Boolean(memory.read().lease);
  const remember = async (held: boolean) => {
    await memory.update((before) => ({ ...before, lease: held ? { fleetLock: lock, repo } : null }));
  };
  if (lock !== null) {
    const { fleetLock } = await import('./fleet-lock.ts');
    return fleetLock({ ...lock, url: lock.url.replace(/\/+$/, ''), host: config.name, remembered, remember });
  }
  const [{ gitLeases }, { leaseBranches }] = await Promise.all([
    import('./git-leases.ts'),
    import('./git-refs.ts'),
  ]);
  const { name: host, signingKey } = config;
  const where = { gitDir, host, signingKey, now: clock.now };
  const name = await remote(repo);
  const refs = leaseBranches({ ...where, remote: () => name });
  const leases = gitLeases({ refs, host, now: clock.now, newId: randomUUID, remembered, remember });
  if (name === REMOTE) return leases;
  const [{ afterThoseLeft }, { LEFT_LEASES }] = await Promise.all([
    import('./leases-left.ts'),
    import('./branches.ts'),
  ]);
  const left = leaseBranches({ ...where, remote: () => REMOTE, into: LEFT_LEASES });
  return afterThoseLeft(leases, left, host, clock.now);
}
