/**
 * Looks who can get into guests that are up:
 *
 *  1. beyond the host: asks every listening socket of this host that is bound beyond loopback for its host key; a guest's own key
 *     there is that guest's SSH, by whatever means it was forwarded;
 *  2. with a key, or a password, that everybody knows: tries.
 *
 * Load it when it is needed: an idle daemon does without.
 */
import type { ExposureKind } from '../desired/spec.ts';
import type { SshTarget } from '../observed/memory.ts';
import type { Exposure, Finding } from './exposure.ts';
import { type Listener, showListener } from './listeners.ts';
import { listeningBeyondLoopback, reachableAt } from './listening-now.ts';
import { type LogIns, type Tried, tryLogIns, type WellKnownKey } from './log-in.ts';
import { type Offered, offeredKey } from './offered-key.ts';
import { wellKnownKeys } from './well-known-keys.ts';

/** A guest that is up, and how Vagrant said to reach it. Its host key is pinned. */
export type Subject = { readonly guest: string; readonly ssh: SshTarget };

export type ExamineDeps = {
  readonly vagrantHome: string;
  /** The host's listening sockets beyond loopback. Throws if they cannot be told. */
  readonly listening?: () => Promise<readonly Listener[]>;
};

/** Sockets that are asked at most, and at one time. */
const MOST_LISTENERS = 256;
const AT_ONCE = 32;
/** The user that boxes come with. */
const WELL_KNOWN_USER = 'vagrant';

/** By guest. Never throws for what it met: that is unknown, and says why. */
export async function examine(
  subjects: readonly Subject[],
  { vagrantHome, listening = listeningBeyondLoopback }: ExamineDeps,
): Promise<ReadonlyMap<string, Exposure>> {
  const [ports, keys] = await Promise.all([askListeners(listening), wellKnownKeys(vagrantHome)]);
  const findings = await Promise.all(
    subjects.map(async ({ guest, ssh }) => {
      const found = [reachOf(ssh, ports), ...(await logIns(ssh, keys))];
      return [guest, together(found)] as const;
    }),
  );
  return new Map(findings);
}

/** What the sockets answered; `unasked` says what was not asked, and why. */
export type Ports = {
  readonly answers: readonly { readonly at: Listener; readonly offered: Offered }[];
  readonly unasked: string | null;
};

async function askListeners(listening: () => Promise<readonly Listener[]>): Promise<Ports> {
  try {
    const all = await listening();
    const asked = all.slice(0, MOST_LISTENERS);
    const answers: { at: Listener; offered: Offered }[] = [];
    for (let begin = 0; begin < asked.length; begin += AT_ONCE) {
      const some = asked.slice(begin, begin + AT_ONCE);
      const offers = some.map(async (at) => ({ at, offered: await offeredKey(reachableAt(at), at.port) }));
      answers.push(...(await Promise.all(offers)));
    }
    const over = all.length - asked.length;
    return {
      answers,
      unasked: over === 0 ? null : `${over} of ${all.length} listening ports were not asked`,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { answers: [], unasked: `the host's listening ports cannot be read: ${why}` };
  }
}

type Found = { readonly violation?: Finding; readonly unknown?: Finding };

/** Pure: whether one of the ports is this guest's SSH. */
export function reachOf({ hostKey }: SshTarget, { answers, unasked }: Ports): Found {
  const kind = 'ssh-beyond-host';
  if (hostKey === null) return { unknown: { kind, detail: 'the host key of the guest is not known' } };
  const open = answers.filter(({ offered }) => offered.state === 'ssh' && offered.hostKey === hostKey);
  if (open.length > 0) {
    const where = open.map(({ at }) => showListener(at)).join(' and ');
    return {
      violation: { kind, detail: `its SSH answers on ${where} of this host, which others can reach` },
    };
  }
  const silent = answers.flatMap(({ at, offered }) =>
    offered.state === 'unknown' ? [`${showListener(at)} did not show its host key: ${offered.why}`] : [],
  );
  const why = [...(unasked === null ? [] : [unasked]), ...silent];
  return why.length === 0 ? {} : { unknown: { kind, detail: why.join('; ') } };
}

/** As the user that Vagrant logs in as, and as the one that everybody knows. */
async function logIns(ssh: SshTarget, keys: readonly WellKnownKey[]): Promise<Found[]> {
  if (ssh.hostKey === null) {
    const why = 'the host key of the guest is not known, so nothing is shown to it';
    return (['insecure-key', 'password-login'] as const).map((kind) => ({ unknown: { kind, detail: why } }));
  }
  const found: Found[] = [];
  for (const user of new Set([ssh.user, WELL_KNOWN_USER])) {
    found.push(...judge(user, await tryLogIns(ssh, user, keys), keys.length));
  }
  return found;
}

function judge(user: string, { key, password }: LogIns, keys: number): Found[] {
  const noKeys: Tried = {
    state: 'unknown',
    why: "none of Vagrant's well-known keys is in its home folder here",
  };
  return [
    foundBy('insecure-key', user, keys === 0 ? noKeys : key, "Vagrant's well-known key "),
    foundBy('password-login', user, password, ''),
  ];
}

function foundBy(kind: ExposureKind, user: string, tried: Tried, what: string): Found {
  switch (tried.state) {
    case 'refused':
      return {};
    case 'let-in':
      return { violation: { kind, detail: `it lets in ${user} with ${what}${tried.how}` } };
    case 'unknown':
      return { unknown: { kind, detail: `${tried.why} (as ${user})` } };
  }
}

function together(found: readonly Found[]): Exposure {
  return {
    violations: found.flatMap(({ violation }) => violation ?? []),
    unknown: found.flatMap(({ unknown }) => unknown ?? []),
  };
}
