/** Names of the audit: refs, and where a record lies in its branch. Pure. */
import { REMOTE } from '../git/repository.ts';

/** The host's own chain in its repository: what is there, is recorded. */
export function localRef(host: string): string {
  return `refs/boxreeve/audit/${host}`;
}

/** What a remote is known to have of it. */
export function pushedRef(host: string, remote = REMOTE): string {
  return remote === REMOTE ? `refs/boxreeve/pushed/${host}` : `refs/boxreeve/pushed-to/${remote}/${host}`;
}

/** `audit/{host}` for one host. */
export function auditBranch(pattern: string, host: string): string {
  return pattern.replace('{host}', host);
}

/** `audit/<host>/<yyyy>/<mm>/<time>-<id>.json`; the time as ISO 8601 in its basic form, which any file system takes. */
export function recordPath(host: string, time: string, id: string): string {
  const basic = time.replace(/[-:]/g, '').replace(/\.\d+/, '');
  return `audit/${host}/${time.slice(0, 4)}/${time.slice(5, 7)}/${basic}-${id}.json`;
}
