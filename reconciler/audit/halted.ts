/** The record of a change that is halted: by each host on which it failed, once. */
import type { Desired } from '../desired/accept.ts';
import type { Host } from '../host-ports.ts';
import { guestIn, NO_ROLLOUT } from '../observed/memory.ts';
import type { Request } from '../reconcile.ts';
import { haltKey } from '../rollout/note.ts';
import type { Halt } from '../rollout/progress.ts';
import { draftOfHalt } from './draft.ts';
import { momentOf } from './moment.ts';
import type { AuditRecord } from './record.ts';

/** Others need no such record: all that this host says from now on tells of the halt. */
export async function recordHalts(
  host: Host,
  desired: Desired,
  { trigger, signal }: Pick<Request, 'trigger' | 'signal'>,
): Promise<readonly AuditRecord[]> {
  const { halts, told } = host.memory.read().rollout ?? NO_ROLLOUT;
  const news = halts.filter(
    (halt) => !told.includes(haltKey(halt)) && halt.failures.some((failure) => failure.host === host.name),
  );
  const records: AuditRecord[] = [];
  for (const halt of news) {
    const about = { id: host.newId(), trigger, desired: await host.mirror.describe(desired.commit) };
    const proposed = await proposalFor(host, desired, halt, signal);
    records.push(await host.audit.append(draftOfHalt(about, halt, proposed, await momentOf(host))));
    // a crash before this line records it once more: better twice than never
    await host.memory.update(({ rollout = NO_ROLLOUT, ...memory }) => ({
      ...memory,
      rollout: { ...rollout, told: [...rollout.told, haltKey(halt)] },
    }));
  }
  return records;
}

/** What came of proposing a way back; nothing where the fleet does not ask for one. Safe to repeat. */
async function proposalFor(
  host: Host,
  { commit, spec }: Desired,
  { guest, change, failures }: Halt,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (spec.rollout?.proposeRevert !== true) return [];
  const fingerprint = spec.guests.find(({ name }) => name === guest)?.fingerprint;
  const memory = guestIn(host.memory.read(), guest);
  // what worked last is the change itself, where that failed after it had been proven
  const good = [memory?.good, memory?.previous].find((each) => each && each.spec.fingerprint !== fingerprint);
  const worked = good ? { commit: good.commit, box: good.spec.box } : null;
  return [await host.proposeRevert({ guest, change, commit, worked, failures }, signal)];
}
