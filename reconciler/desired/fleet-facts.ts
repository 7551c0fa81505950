/** What a commit says of the whole fleet that a roll-out goes by: hosts, labels, keys, and what is asked of each of their guests. */
import { RolloutBlocked } from '../errors.ts';
import type { FleetFacts, Member } from '../rollout/progress.ts';
import { auditKeysIn } from './audit-keys.ts';
import { DesiredFiles } from './desired-files.ts';
import { fingerprintOf } from './fingerprint.ts';
import { readFleetRules } from './fleet-rules.ts';
import { type CheckedGuest, checkGuest, placeBuild } from './resolve-guest.ts';
import type { DesiredTree } from './tree.ts';

/** Stands for the host's name wherever it is part of a guest, so that a change has one name on all hosts. */
export const ANY_HOST = '{host}';

/**
 * Reads every host's file, so it is asked only where a change is to come. A host whose file is wrong is told as broken: it is not
 * left out, since it may be in any wave. Throws RolloutBlocked if a guest of this host cannot be read.
 *
 * @param root folder of the desired state in the repository
 * @param guests those of the asking host; of others nothing is said
 */
export async function readFleetFacts(
  tree: DesiredTree,
  root: string,
  guests: readonly string[],
): Promise<FleetFacts> {
  const files = new DesiredFiles(tree, root);
  const rules = await readFleetRules(files);
  const fingerprints = new Map<string, (host: string) => string>();
  for (const name of guests) {
    const checked = await checkGuest(files, name, rules);
    if (checked === undefined) throw new RolloutBlocked(`guest ${name} of ${tree.revision} cannot be read`);
    fingerprints.set(name, placedFingerprint(checked));
  }
  const members: Member[] = [];
  const keys = new Map<string, readonly string[]>();
  let guestCount = 0;
  for (const name of (await files.names('hosts')).toSorted()) {
    const host = await files.host(name);
    if (host === undefined) {
      const broken = `${files.path(`hosts/${name}.yaml`)} cannot be read`;
      members.push({ name, labels: [], guests: new Map(), broken });
      continue;
    }
    guestCount += host.data.guests.length;
    const { auditKey, nextAuditKey, revoked } = auditKeysIn(host.data);
    const good = [auditKey, nextAuditKey].filter((key) => key !== null);
    keys.set(
      name,
      good.filter((key) => !revoked.some((other) => other.key === key)),
    );
    members.push({
      name,
      labels: host.data.labels ?? [],
      guests: new Map(
        host.data.guests.flatMap((guest) => {
          const fingerprint = fingerprints.get(guest)?.(name);
          return fingerprint === undefined ? [] : [[guest, fingerprint] as const];
        }),
      ),
      broken: null,
    });
  }
  const changes = new Map([...fingerprints].map(([guest, placed]) => [guest, placed(ANY_HOST)]));
  return { members, changes, guestCount, keys };
}

/** The fingerprint that `placeGuest` gives it on a host; made once where no host's name is part of it. */
function placedFingerprint(checked: CheckedGuest): (host: string) => string {
  const place = (host: string) => fingerprintOf(placeBuild(checked, host));
  if (Object.values(checked.guest.data.env ?? {}).some((value) => value.includes(ANY_HOST))) return place;
  const same = place(ANY_HOST);
  return () => same;
}
