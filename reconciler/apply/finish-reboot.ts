/** The second record of a reboot: whether the host came back as another boot, or never went. */
import { draftOfAttempt } from '../audit/draft.ts';
import type { AuditRecord } from '../audit/record.ts';
import { iso } from '../clock.ts';
import type { Host } from '../host-ports.ts';
import { fingerprintsIn } from '../observed/fingerprints.ts';
import { NO_REBOOT, type RebootMemory } from '../observed/memory.ts';
import type { ActionOutcome } from './outcome.ts';

/** Records what came of a reboot that was asked for, once; whatever dies in between, the chain takes one id once. */
export async function finishReboot(host: Host): Promise<readonly AuditRecord[]> {
  const memory = host.memory.read().reboot ?? NO_REBOOT;
  const { asked } = memory;
  if (asked === null) return [];
  const now = host.clock.now();
  const happened = (await host.bootId()) !== asked.bootId;
  const { applied } = host.memory.read();
  const header = {
    id: asked.record,
    trigger: 'recovery' as const,
    startedAt: asked.at,
    desired: applied && (await host.mirror.describe(applied.commit)),
  };
  const draft = draftOfAttempt(header, [outcomeOf(asked, happened, now)], [], [], {
    time: iso(now),
    versions: await host.versions(),
    fingerprints: fingerprintsIn(host.memory.read()),
  });
  const record = await host.audit.append(draft);
  await host.memory.update((all) => ({
    ...all,
    reboot: happened
      ? { asked: null, after: asked.after, failedAt: null }
      : { ...memory, asked: null, failedAt: iso(now) },
  }));
  return [record];
}

function outcomeOf(asked: NonNullable<RebootMemory['asked']>, happened: boolean, now: number): ActionOutcome {
  return {
    action: {
      kind: 'reboot-host',
      id: 'reboot-host',
      bootId: asked.bootId,
      named: asked.after,
      reason: asked.reason,
      before: 'going down',
      after: 'booted anew',
      disruptive: true,
      needs: [],
    },
    result: happened ? 'done' : 'failed',
    startedAt: asked.at,
    durationMs: Math.max(0, now - Date.parse(asked.at)),
    exitStatus: null,
    output: '',
    error: happened ? null : (asked.problem ?? 'the host is still in the boot that was to end'),
    guestAtFault: false,
    probes: [],
  };
}
