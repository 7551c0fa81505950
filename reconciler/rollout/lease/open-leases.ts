/** A host's leases, from where the desired state says; what is held of another place is given back there first. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { LockServer } from '../../desired/spec.ts';
import type { Mirror } from '../../git/mirror.ts';
import type { HostConfig } from '../../host-config.ts';
import type { MemoryStore } from '../../observed/memory.ts';
import type { LeaseAnswer, LeaseNeed, Leases } from './leases.ts';

export type LeasesParts = {
  readonly config: Pick<HostConfig, 'name' | 'signingKey'>;
  readonly gitDir: string;
  readonly mirror: Pick<Mirror, 'auditRemote'>;
  readonly memory: Pick<MemoryStore, 'read' | 'update'>;
  readonly clock: Pick<Clock, 'now'>;
};

/** Loaded when a lease is needed: most runs of a daemon need none. */
export function openLeases(parts: LeasesParts): (fleetLock: LockServer | null) => Leases {
  const opened = new Map<string, Promise<Leases>>();
  const at = (lock: LockServer | null) => {
    const key = keyOf(lock);
    const found = opened.get(key) ?? open(parts, lock);
    opened.set(key, found);
    return found;
  };

  async function giveBack(): Promise<void> {
    const held = parts.memory.read().lease;
    if (held) await (await at(held.fleetLock)).release();
  }

  async function ask(
    lock: LockServer | null,
    question: (leases: Leases) => Promise<LeaseAnswer>,
  ): Promise<LeaseAnswer> {
    const held = parts.memory.read().lease;
    if (held && keyOf(held.fleetLock) !== keyOf(lock)) await giveBack();
    return question(await at(lock));
  }

  return (lock) => ({
    hold: (need: LeaseNeed) => ask(lock, (leases) => leases.hold(need)),
    peek: async (need: LeaseNeed) => (await at(lock)).peek(need),
    release: giveBack,
  });
}

function keyOf(lock: LockServer | null): string {
  return lock === null ? '' : `${lock.group} ${lock.url}`;
}

async function open(
  { config, gitDir, mirror, memory, clock }: LeasesParts,
  lock: LockServer | null,
): Promise<Leases> {
  const remembered = () => Boolean(memory.read().lease);
  const remember = async (held: boolean) => {
    await memory.update((before) => ({ ...before, lease: held ? { fleetLock: lock } : null }));
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
  const refs = leaseBranches({ gitDir, remote: mirror.auditRemote, host, signingKey, now: clock.now });
  return gitLeases({ refs, host, now: clock.now, newId: randomUUID, remembered, remember });
}
