/** Which boxes the hosts of a fleet have, by their own newest records that say so. */
import { openSignedCommits } from '../trust/signed-commits.ts';
import { readRecords } from './fleet-account.ts';
import { judgeKey } from './host-keys.ts';
import type { RecordedBox } from './record.ts';
import type { HostInput } from './verify.ts';

export type BoxesTold = {
  readonly host: string;
  /** Commit of the record; null: no record of this host says which boxes it has. */
  readonly commit: string | null;
  /** When the record was made, ISO 8601 UTC. */
  readonly time: string | null;
  /** Whether the host signed it; `detail` says by whom, or why it cannot be believed. */
  readonly verified: boolean;
  readonly detail: string;
  readonly boxes: readonly RecordedBox[];
};

/** Records of a host that are looked through: most say which boxes it has, refusals and pauses do not. */
const MOST_READ = 50;
/** What stands before the record is `audit verify`'s to look at. */
const NONE_BEFORE = -1;

export async function boxesTold(gitDir: string, { host, tip, keys }: HostInput): Promise<BoxesTold> {
  const records = tip === null ? [] : await readRecords(gitDir, tip, MOST_READ);
  const found = records.find(({ record }) => record.boxes !== undefined);
  if (found === undefined) {
    const detail = tip === null ? 'it has recorded nothing yet' : 'no record of late says which boxes it has';
    return { host, commit: null, time: null, verified: false, detail, boxes: [] };
  }
  const { commit, record } = found;
  const [read] = await openSignedCommits(gitDir).read([commit]);
  const verdict = judgeKey(read?.signature ?? { kind: 'none' }, keys, NONE_BEFORE, new Map());
  const foreign = record.host === host ? null : `is a record of ${record.host}`;
  const verified = verdict.state === 'good' && foreign === null;
  const why = verdict.state === 'good' ? '' : verdict.why;
  return {
    ...{ host, commit, time: record.time, verified },
    detail: verified ? `signed by ${host}` : (foreign ?? why),
    boxes: record.boxes ?? [],
  };
}
