/** The record that a commit of a host's own chain adds. */
import { GitFailed } from '../errors.ts';
import { git, lines } from '../git/git-command.ts';
import { parseRecord, recordDigest } from './parse-record.ts';
import type { AuditRecord } from './record.ts';

/** Throws GitFailed if there is none. @param commit here, with its contents */
export async function recordAt(
  gitDir: string,
  host: string,
  commit: string,
): Promise<{ readonly record: AuditRecord; readonly digest: string }> {
  const added = await git(gitDir, ['diff-tree', '--root', '--no-commit-id', '-r', '--name-only', commit]);
  const bytes = await git(gitDir, ['cat-file', 'blob', `${commit}:${lines(added)[0] ?? ''}`]);
  const parsed = await parseRecord(bytes);
  if (!parsed.ok)
    throw new GitFailed(
      `a record of ${host} (commit ${commit.slice(0, 7)}) ${parsed.why}; look at it: git --git-dir=${gitDir} show ${commit}`,
    );
  return { record: parsed.record, digest: recordDigest(bytes) };
}
