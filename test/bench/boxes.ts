/**
 * Group `boxes`: what it costs to bring a box to hosts. Each host is a network namespace with a link of its own, a real sshd and a
 * Node process that fetches; what is compared are scp, rsync and curl on the same links.
 */
import { delta } from './boxes/delta.ts';
import { fanOut } from './boxes/fan-out.ts';
import { memory } from './boxes/memory.ts';
import { singleStreams } from './boxes/single-stream.ts';
import type { Result } from './measure.ts';

export async function boxesGroup(): Promise<readonly Result[]> {
  return [await fanOut(), await delta(), ...(await singleStreams()), await memory()];
}
