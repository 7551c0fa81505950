/**
 * After a crash: ends what was left running, and writes the record of the attempt that was cut. The journal is closed only
 * when its record is on the chain; dying in between leads here again, and the chain takes one id once.
 */
import { draftOfInterrupted } from '../audit/draft.ts';
import { momentOf } from '../audit/moment.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { Host } from '../host-ports.ts';

export async function finishInterrupted(host: Host): Promise<readonly AuditRecord[]> {
  const left = await host.outbox.interrupted();
  if (left === null) return [];
  host.log.warn({ attempt: left.header.id }, 'an attempt was cut; its record is written now');
  await host.endSurvivors(left.processes);
  const record = await host.audit.append(draftOfInterrupted(left, await momentOf(host)));
  await left.close();
  return [record];
}
