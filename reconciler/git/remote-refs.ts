/** What one `ls-remote` says. Pure. */
import { isObjectId } from './git-command.ts';

/** Refs of the remote by their full name. */
export type RemoteRefs = ReadonlyMap<string, string>;

/** Reads the output of `git ls-remote`; lines that are none of its own are passed over. */
export function parseRemoteRefs(output: string): RemoteRefs {
  const refs = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [id, name] = line.split('\t');
    if (id !== undefined && name !== undefined && isObjectId(id)) refs.set(name, id);
  }
  return refs;
}

/** Tips of the audit branches of hosts, by host. `pattern` is `audit.branch` of the fleet, with `{host}`. */
export function auditTips(refs: RemoteRefs, pattern: string): Record<string, string> {
  const [before = '', after = ''] = `refs/heads/${pattern}`.split('{host}');
  const tips: [string, string][] = [];
  for (const [name, id] of refs) {
    if (!name.startsWith(before) || !name.endsWith(after)) continue;
    const host = name.slice(before.length, name.length - after.length);
    if (host !== '' && !host.includes('/')) tips.push([host, id]);
  }
  // a host may be called anything, and an assignment would take `__proto__` for more than a name
  return Object.fromEntries(tips);
}
