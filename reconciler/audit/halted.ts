/** The record of a change that is halted: by each host on which it failed, once. */
import type { Desired } from '../desired/accept.ts';
import type { Host } from '../host-ports.ts';
import { NO_ROLLOUT } from '../observed/memory.ts';
import type { Request } from '../reconcile.ts';
import { haltKey } from '../rollout/note.ts';
import { draftOfHalt } from './draft.ts';
import { momentOf } from './moment.ts';
import type { AuditRecord } from './record.ts';

/** Others need no such record: all that this host says from now on tells of the halt. */
export async function recordHalts(
  host: Host,
  { commit }: Desired,
  { trigger }: Pick<Request, 'trigger'>,
): Promise<readonly AuditRecord[]> {
  const { halts, told } = host.memory.read().rollout ?? NO_ROLLOUT;
  const news = halts.filter(
    (halt) => !told.includes(haltKey(halt)) && halt.failures.some((failure) => failure.host === host.name),
  );
  const records: AuditRecord[] = [];
  for (const halt of news) {
    const about = { id: host.newId(), trigger, desired: await host.mirror.describe(commit) };
    records.push(await host.audit.append(draftOfHalt(about, halt, await momentOf(host))));
    // a crash before this line records it once more: better twice than never
    await host.memory.update(({ rollout = NO_ROLLOUT, ...memory }) => ({
      ...memory,
      rollout: { ...rollout, told: [...rollout.told, haltKey(halt)] },
    }));
  }
  return records;
}
