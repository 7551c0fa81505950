/** What `vagrant ssh-config` prints, as the target of a connection. Pure. */
import type { SshTarget } from '../observed/memory.ts';

/** null if it does not say where to connect to. The host key is not in it: that is pinned at the first connection. */
export function parseSshConfig(output: string): SshTarget | null {
  const values = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    // trimmed apart: in one pattern a long run of blanks would be gone through once for each of them
    const [, key, value] = /^\s+(\w+)\s+(\S.*)$/.exec(line.trimEnd()) ?? [];
    if (key === undefined || value === undefined) continue;
    const known = values.get(key);
    if (known === undefined) values.set(key, [unquoted(value)]);
    else known.push(unquoted(value));
  }
  const host = values.get('HostName')?.[0];
  const port = Number(values.get('Port')?.[0] ?? 22);
  const user = values.get('User')?.[0];
  if (!host || !user || !Number.isInteger(port) || port < 1 || port > 65535) return null;
  return { host, port, user, identityFiles: values.get('IdentityFile') ?? [], hostKey: null };
}

/** Vagrant quotes paths with spaces. */
function unquoted(value: string): string {
  return (
    value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value
  ).trim();
}
