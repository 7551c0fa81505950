/**
 * What a person asks of this host's boxes between two reconciles: to make room now, or to fetch a box ahead of time. The same steps
 * as in a reconcile, on a part of its plan, and recorded like any other change.
 */
import { carryOut } from './apply/carry-out.ts';
import { finishInterrupted } from './apply/finish-interrupted.ts';
import { account } from './audit/account.ts';
import { acceptCommit, type Desired, remember } from './desired/accept.ts';
import type { WantedBox } from './desired/catalogued-box.ts';
import type { BoxSpec } from './desired/spec.ts';
import { gateNow } from './gate/gate-now.ts';
import type { GatedAction } from './gate/gates.ts';
import type { Host } from './host-ports.ts';
import { boxActionId } from './plan/boxes.ts';
import { showBytes } from './plan/bytes.ts';
import type { Action } from './plan/plan.ts';
import { boxTitle } from './plan/subject.ts';
import { lookAt, type Report, type Request, type Seen } from './reconcile.ts';

export type Tended = Pick<Report, 'accepted' | 'outcomes' | 'pending' | 'records'> & {
  /** What was, or would be, done. */
  readonly chosen: readonly GatedAction[];
  /** Removals that wait for something else of the plan. */
  readonly later: readonly Action[];
};

/** Removes the boxes and files that the plan removes and that wait for nothing. @param dryRun only says what that would be */
export async function pruneBoxes(host: Host, request: Request, dryRun: boolean): Promise<Tended> {
  return tend(host, request, dryRun, async (_desired, { gated }) =>
    gated.filter(({ action }) => action.kind === 'remove-box' && action.needs.length === 0),
  );
}

/** Fetches the file of a box of the catalogue, which then stays for a while. Throws what `catalogued` throws. */
export async function fetchAhead(host: Host, request: Request, wanted: WantedBox): Promise<Tended> {
  return tend(host, request, false, async ({ commit, spec }, { observation, plan }) => {
    const box = await host.catalogued(commit, wanted);
    // one that is about to go is asked for once more, and so stays
    const goes = plan.actions.some((action) => action.kind === 'remove-box' && action.file === box.sha256);
    if (observation.fetched.includes(box.sha256) && !goes) return [];
    const asked = { ...plan, actions: [fetchAction(box)], held: [], notes: [] };
    return gateNow(host, spec, observation, asked, request);
  });
}

function fetchAction(box: BoxSpec): Action {
  return {
    kind: 'fetch-box',
    id: boxActionId('fetch-box', box),
    box,
    ahead: true,
    reason: 'asked for ahead of time: boxreeve box fetch',
    before: '',
    after: `file of ${boxTitle(box)}, ${showBytes(box.size)}`,
    disruptive: false,
    needs: [],
  };
}

async function tend(
  host: Host,
  request: Request,
  dryRun: boolean,
  choose: (desired: Desired, seen: Seen) => Promise<readonly GatedAction[]>,
): Promise<Tended> {
  const recovered = dryRun ? [] : await finishInterrupted(host);
  const accepted = await acceptCommit(host, true);
  const nothing = { accepted, outcomes: [], pending: [], records: recovered, chosen: [], later: [] };
  const { desired } = accepted;
  if (desired === null) return nothing;
  const look = () => lookAt(host, accepted, desired, request);
  const seen = await look();
  const chosen = await choose(desired, seen);
  const later = seen.plan.actions.filter(({ kind, needs }) => kind === 'remove-box' && needs.length > 0);
  if (dryRun || chosen.length === 0) return { ...nothing, chosen, later };
  host.assertSigner(desired);
  await remember(host, desired.commit);
  const done = await carryOut(host, desired, { ...seen, gated: chosen }, look, request);
  if (done.attempt === null) return { ...nothing, chosen, later, pending: done.pending };
  const records = [...recovered, ...(await account(host, desired, done, request))];
  return { ...nothing, chosen, later, outcomes: done.outcomes, records };
}
