/**
 * vagrant-lxc: the machine id is the container's name. Read from files, with no child process:
 *
 * - a container exists if `<lxcpath>/<name>/config` does; that is how `lxc-ls` finds containers. A folder without it is
 *   what `lxc-create` leaves when it is killed at its very start: empty, and no container to any tool of LXC;
 * - it runs if its monitor listens on the abstract socket `<lxcpath>/<name>/command`, as /proc/net/unix shows. `lxc-info`
 *   asks the same socket and calls a container without one STOPPED. A frozen container counts as running.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../vagrant-files.ts';
import { firstLineOf } from './ask-tool.ts';
import { answerEach, exists, gone, type MachineAnswer, type Provider, unknown } from './provider.ts';

const SYSTEM_CONFIG = '/etc/lxc/lxc.conf';
const DEFAULT_PATH = '/var/lib/lxc';
/** Names as lxc takes them; nothing else becomes part of a path. */
const CONTAINER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/;
/** Flag of a socket that accepts connections (`__SO_ACCEPTCON`), as the fourth column of /proc/net/unix shows it. */
const LISTENING = '00010000';
/** Longer names of sockets are hashed by lxc, and cannot be looked for. */
const LONGEST_SOCKET_NAME = 105;

export const lxc: Provider = {
  async machines(ids) {
    const path = lxcPath();
    const listening = listeningSockets();
    return answerEach(ids, (id) => lookAt(path, id, listening));
  },
  version: () => firstLineOf('lxc-create', ['--version']),
};

/** Folder of the containers of vagrant-lxc, which makes them as root. */
export function lxcPath(): string {
  return /^\s*lxc\.lxcpath\s*=\s*(\S+)/m.exec(contentOf(SYSTEM_CONFIG) ?? '')?.[1] ?? DEFAULT_PATH;
}

function lookAt(path: string, id: string, listening: ReadonlySet<string> | undefined): MachineAnswer {
  if (!CONTAINER_NAME.test(id)) return unknown(`${JSON.stringify(id)} is no name of a container`);
  const socket = `@${join(path, id, 'command')}`;
  const runs = listening?.has(socket);
  switch (presence(join(path, id, 'config'))) {
    case 'there':
      if (runs === undefined || socket.length > LONGEST_SOCKET_NAME) return exists('unknown');
      return exists(runs ? 'running' : 'stopped');
    case 'missing':
      // Without the folder of all containers (a disk not mounted, lxc not installed) nothing can be said.
      if (presence(path) !== 'there') return unknown(`the folder of LXC containers, ${path}, is missing`);
      return runs ? unknown(`the container ${id} runs, but its config is missing`) : gone;
    case 'hidden':
      return unknown(`${join(path, id)} may only be read by root, as whom vagrant-lxc makes containers`);
  }
}

function presence(path: string): 'there' | 'missing' | 'hidden' {
  try {
    statSync(path);
    return 'there';
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'hidden';
  }
}

/** Names of abstract sockets that accept connections; undefined where the system does not tell. */
function listeningSockets(): ReadonlySet<string> | undefined {
  const table = contentOf('/proc/net/unix');
  return table === undefined ? undefined : listeningIn(table);
}

/** The same of the text of /proc/net/unix. Pure. */
export function listeningIn(table: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const line of table.split('\n')) {
    const start = line.indexOf(' @');
    if (start > 0 && line.split(/\s+/, 4)[3] === LISTENING) names.add(line.slice(start + 1));
  }
  return names;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
