/**
 * Which hosts say that they hold a box's file, by the newest record of each.
 *
 * Nobody's signature is checked here, on purpose: what is read decides only who is asked first. A host that lies is asked in vain, and
 * what it gives is held against the signed catalogue like all else.
 */
import { newestRecords } from '../../audit/newest-records.ts';
import { parseRecord } from '../../audit/parse-record.ts';
import { auditBranch } from '../../audit/paths.ts';
import type { AuditRecord } from '../../audit/record.ts';

export type Holdings = {
  /** @param tips newest commits of the hosts' audit branches, by host. Throws RemoteUnreachable or GitFailed. */
  holders(
    sha256: string,
    tips: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<ReadonlySet<string>>;
};

export type HoldingsParts = {
  /** Bare repository for this alone; made when it is first needed. */
  readonly gitDir: string;
  /** URL or path of the repository that hosts push to. */
  readonly remote: () => string;
  /** `audit/{host}` */
  readonly pattern: () => string;
};

export function openHoldings(parts: HoldingsParts): Holdings {
  /** By host: the commit its record is of, and the digests of the files it says it holds. */
  const known = new Map<string, { readonly tip: string; readonly files: ReadonlySet<string> }>();

  async function learn(tips: ReadonlyMap<string, string>, signal?: AbortSignal): Promise<void> {
    const branches = [...tips.keys()].map((host) => [host, auditBranch(parts.pattern(), host)] as const);
    for await (const { host, bytes } of newestRecords(
      parts.gitDir,
      parts.remote(),
      new Map(branches),
      signal,
    ))
      known.set(host, { tip: tips.get(host) ?? '', files: await filesIn(host, bytes) });
  }

  return {
    holders: async (sha256, tips, signal) => {
      const moved = Object.entries(tips).filter(([host, tip]) => known.get(host)?.tip !== tip);
      if (moved.length > 0) await learn(new Map(moved), signal);
      return new Set(Object.keys(tips).filter((host) => known.get(host)?.files.has(sha256)));
    },
  };
}

async function filesIn(host: string, bytes: Buffer | null): Promise<ReadonlySet<string>> {
  if (bytes === null) return new Set();
  const parsed = await parseRecord(bytes);
  return new Set(parsed.ok && parsed.record.host === host ? filesOf(parsed.record) : []);
}

/** Digests of the box files that a host had after the run. */
function filesOf(record: AuditRecord): readonly string[] {
  const boxes: unknown = 'boxes' in record ? record.boxes : [];
  return (Array.isArray(boxes) ? boxes : []).flatMap((box: unknown) => (isHeld(box) ? [box.sha256] : []));
}

function isHeld(box: unknown): box is { readonly sha256: string } {
  if (typeof box !== 'object' || box === null || !('file' in box) || !('sha256' in box)) return false;
  return box.file === true && typeof box.sha256 === 'string';
}
