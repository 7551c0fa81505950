/** The second record of a reboot: whether the host came back as another boot, or never went. */
import { draftOfAttempt } from '../audit/draft.ts';
import { momentOf } from '../audit/moment.ts';
import type { AuditRecord } from '../audit/record.ts';
import { iso } from '../clock.ts';
import type { Host } from '../host-ports.ts';
import { type RebootMemory, withReboot } from '../observed/memory.ts';
import { rebootAction } from '../plan/reboot.ts';
import type { ActionOutcome } from './outcome.ts';
import { done } from './step.ts';

/** Records what came of a reboot that was asked for, once; whatever dies in between, the chain takes one id once. */
export async function finishReboot(host: Host): Promise<readonly AuditRecord[]> {
  const asked = host.memory.read().reboot?.asked ?? null;
  const bootId = asked === null ? null : await host.bootId();
  // which boot this is cannot be told: the next run may know, and nothing is claimed meanwhile
  if (asked === null || bootId === null) return [];
  const now = host.clock.now();
  const happened = bootId !== asked.bootId;
  const { applied } = host.memory.read();
  const header = {
    id: asked.record,
    trigger: 'recovery' as const,
    startedAt: asked.at,
    desired: applied && (await host.mirror.describe(applied.commit)),
  };
  const outcome = outcomeOf(asked, happened, now);
  const draft = draftOfAttempt(header, [outcome], [], [], await momentOf(host));
  const record = await host.audit.append(draft);
  const known = happened ? { after: asked.after, failedAt: null } : { failedAt: iso(now) };
  await host.memory.update((memory) => withReboot(memory, { asked: null, ...known }));
  return [record];
}

function outcomeOf(asked: NonNullable<RebootMemory['asked']>, happened: boolean, now: number): ActionOutcome {
  return {
    ...done,
    action: rebootAction({
      bootId: asked.bootId,
      named: asked.after,
      reason: asked.reason,
      before: 'going down',
    }),
    result: happened ? 'done' : 'failed',
    startedAt: asked.at,
    durationMs: Math.max(0, now - Date.parse(asked.at)),
    error: happened ? null : (asked.problem ?? 'the host is still in the boot that was to end'),
  };
}
