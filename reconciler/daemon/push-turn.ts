/**
 * When this host's records go to the remote: at once, or, in a large fleet and where nobody waits for them, in a turn of their own.
 * Records that are kept back go together, in one push. Known to the process only: a daemon that starts pushes what it finds.
 */
import { isNews } from '../audit/news.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { HostSpec } from '../desired/spec.ts';
import { longestKeptBack } from '../git/pace.ts';

export type PushTurn = {
  /** Takes note of new records, in order. @param spec what the host goes by; null: nothing */
  add(records: readonly AuditRecord[], spec: HostSpec | null): void;
  /** Whether what is not pushed is to be pushed now. */
  due(): boolean;
  /** The remote has all of it. */
  pushed(): void;
};

/** @param random a number in [0, 1): hosts that record in one moment are not to push in one */
export function pushTurn(now: () => number, random: () => number): PushTurn {
  let told: AuditRecord | null = null;
  let last: AuditRecord | null = null;
  let notBefore: number | null = null;
  return {
    add: (records, spec) => {
      const soaks = spec?.rollout?.waves.map(({ soak }) => soak) ?? [];
      for (const record of records) {
        last = record;
        if (spec === null || isNews(record, told, soaks)) notBefore = 0;
        else notBefore ??= now() + random() * longestKeptBack(spec);
      }
    },
    due: () => notBefore === null || now() >= notBefore,
    pushed: () => {
      told = last ?? told;
      notBefore = null;
    },
  };
}
