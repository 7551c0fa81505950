/** What `boxreeve audit archive` did, for people and as a document. Pure. */
import { ARCHIVE_BRANCH } from '../audit/archive/archive-form.ts';
import type { ArchiveMade } from '../audit/archive/make-archive.ts';

export function archiveDocument({ commit, added, hosts }: ArchiveMade) {
  return {
    branch: ARCHIVE_BRANCH,
    commit,
    added,
    hosts: hosts.map(({ host, tip, records, time, left }) => ({ host, tip, records, time, left })),
  };
}

export function showArchive({ commit, added, hosts }: ArchiveMade): string {
  if (commit === null)
    return 'there are no records from before that month, and no host has left: nothing is archived';
  const lines = hosts.map(
    ({ host, tip, records, time, left }) =>
      `${host}: ${records} records up to ${tip.slice(0, 9)} (${time.slice(0, 10)})${left ? ', left the fleet: its branch may be deleted' : ''}`,
  );
  const end = `${ARCHIVE_BRANCH} is at ${commit.slice(0, 9)}${added ? '' : ' as it was: there was nothing to add'}`;
  return [...lines, end].join('\n');
}
