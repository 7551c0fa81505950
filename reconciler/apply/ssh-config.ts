/** What `vagrant ssh-config` prints, as the target of a connection. Pure. */
import type { SshTarget } from '../observed/memory.ts';

/** null if it does not say where to connect to. The host key is not in it: that is pinned at the first connection. */
export function parseSshConfig(output: string): SshTarget | null {
  const values = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const match = /^\s+(\w+)\s+(.+?)\s*$/.exec(line);
    const [, key, value] = match ?? [];
    if (key !== undefined && value !== undefined)
      values.set(key, [...(values.get(key) ?? []), unquoted(value)]);
  }
  const host = values.get('HostName')?.[0];
  const port = Number(values.get('Port')?.[0] ?? 22);
  const user = values.get('User')?.[0];
  if (host === undefined || user === undefined || !Number.isInteger(port) || port < 1 || port > 65535)
    return null;
  return { host, port, user, identityFiles: values.get('IdentityFile') ?? [], hostKey: null };
}

/** Vagrant quotes paths with spaces. */
function unquoted(value: string): string {
  return value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
}
