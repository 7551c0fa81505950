/**
 * From what a host should be and what it is to what is to be done. Pure: no clock, no I/O.
 *
 * What a guest is to be
 *  1. What the commit declares, unless that very fingerprint failed here: then what last worked, if it is another one; and
 *     the failed one is held until the desired state changes.
 *  2. What could not be observed is held, not acted on. If the host as a whole could not be, nothing is.
 *     A guest that a roll-out holds back is what last worked meanwhile, or, where the roll-out goes back, what it was before.
 *  3. Two guests cannot have two files under one box name, version and provider: the declared one goes first, the other is held.
 *
 * What is done about its machine
 *  4. None there, or removed below Vagrant: create it.
 *  5. Running, but lost from Vagrant's records: if it is ours and proven, put the record back; else build it anew.
 *  6. A build of ours that was cut before it was proven: build it anew, at any time, since nothing is in service there.
 *  7. Not built by us: drift, build it anew.
 *  8. Built by us from anything else than it should be: build it anew, and say what differs.
 *  9. Right, but stopped: boot it. Nobody can tell whether it runs: hold it.
 * 10. Right, and due for a recycle: build it anew.
 * 11. Not declared any more: remove it if it is ours, else leave it. Machines nobody ever declared are never touched.
 *
 * Boxes
 * 12. What a guest is to be built from is fetched and added before, whenever there is room, window or not.
 * 13. Another file under the same name and version is replaced if nothing stands on it, or only guests that are built anew
 *     anyway; these are then removed first and created afterwards. If anything else stands on it, its guests are held.
 * 14. A box is added only after its file is there, and a guest built only after its box is.
 * 15. A box is removed if the catalogue has its name, Boxreeve added it, and no guest is, or is to be, built from it. As many of
 *     the newest versions as `keep.older` says stay all the same.
 * 16. Not before every guest that stands on it, or would go back to it, is proven on another; never while anything else stands on it.
 * 17. Not while any part of the host could not be observed.
 *
 * Box files
 * 18. The file of a box goes with the box. It goes before if Vagrant has the box and nobody has a use for the file, or if it is a
 *     download that did not end of a box that nobody needs now; not while a guest would go back to a box that only the file has.
 * 19. What a person built, imported or fetched ahead stays for 30 days; what Boxreeve does not know, for ever.
 *
 * The host
 * 20. It is rebooted for its age or for a named change, after everything else: see reboot.ts.
 *
 * Order: fetch, add, create and start, rebuild what is unproven, then what disturbs (rebuild, remove), then remove boxes, then reboot.
 */
import type { HostSpec } from '../desired/spec.ts';
import type { HostObservation } from '../observed/observation.ts';
import { supplyBoxes } from './boxes.ts';
import { removeFormer } from './former-guests.ts';
import { draftGuest, isSettled } from './guest-actions.ts';
import { decideGuest } from './guests.ts';
import { keepsFile } from './keep.ts';
import { removeOldBoxes } from './old-boxes.ts';
import { inOrder } from './order.ts';
import type { Plan } from './plan.ts';
import { planReboot } from './reboot.ts';
import { aimAt, leftAlone, NO_LIMITS, type RolloutLimits } from './targets.ts';

export type PlanInput = {
  readonly spec: HostSpec;
  /** The commit that asks for it. */
  readonly commit: string;
  readonly observation: HostObservation;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Absent: nothing is held back. */
  readonly limits?: RolloutLimits;
};

export function makePlan({ spec, commit, observation, now, limits = NO_LIMITS }: PlanInput): Plan {
  const notes = observation.strangers.map(
    ({ name, folder, provider, box }) =>
      `${name} in ${folder} (${provider}, box ${box}) is not declared, and not touched`,
  );
  const unknown = observation.unknown.find(({ guest }) => guest === null);
  if (unknown !== undefined) {
    return { host: spec.host, commit, actions: [], held: [leftAlone(null, unknown.why)], notes, spare: [] };
  }
  const aims = aimAt(spec, commit, observation, limits);
  const decided = aims.guests.map((guest) => ({ ...guest, decision: decideGuest(spec.place, guest, now) }));
  const former = removeFormer(spec, observation);
  const leaving = new Map(
    former.drafts.map(({ action }) => [action.kind === 'remove-guest' ? action.guest : '', action.id]),
  );
  const supply = supplyBoxes(decided, leaving, observation, (box) => keepsFile(spec, box));
  const guests = decided.map((guest) => ({ guest, ...draftGuest(guest, supply) }));
  const proofs = new Map([
    ...leaving,
    ...guests.flatMap(({ guest, proof }): [string, string][] =>
      proof === null ? [] : [[guest.desired.name, proof]],
    ),
  ]);
  const old = removeOldBoxes({
    spec,
    observation,
    now,
    needed: [
      ...[...spec.guests, ...aims.guests.map(({ target }) => target.spec)].map(({ box }) => box),
      ...limits.kept,
    ],
    supply: supply.drafts,
    proofOf: (guest) => proofs.get(guest) ?? null,
    mayGoBack: new Set([
      ...spec.guests.map(({ name }) => name),
      ...former.held.flatMap(({ guest }) => guest ?? []),
    ]),
    settled: (guest) => decided.some((other) => other.desired.name === guest && isSettled(other)),
  });
  const reboot = planReboot(spec, observation, now);
  return {
    host: spec.host,
    commit,
    actions: inOrder([
      ...supply.drafts,
      ...guests.flatMap(({ drafts }) => drafts),
      ...former.drafts,
      ...old.drafts,
      ...reboot.drafts,
    ]),
    held: [...aims.held, ...guests.flatMap(({ held }) => held), ...former.held, ...reboot.held],
    notes: [...notes, ...former.notes, ...old.notes],
    spare: old.spare,
  };
}
