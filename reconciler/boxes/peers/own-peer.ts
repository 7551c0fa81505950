/** What the commit that this host follows says of it as a peer. Reads what is here; asks nobody. */
import { DesiredFiles } from '../../desired/desired-files.ts';
import { commitTree } from '../../git/commit-tree.ts';
import type { HostConfig } from '../../host-config.ts';
import { peekMemory } from '../../observed/memory-store.ts';
import type { StateDir } from '../../state-dir.ts';
import { type Peer, peerOf } from './peer.ts';

export type OwnPeer =
  /** This host has followed no commit yet. */
  | { readonly state: 'not-begun' }
  /** Its file has no `peer:`. */
  | { readonly state: 'none' }
  | { readonly state: 'peer'; readonly peer: Peer };

/** Throws GitFailed where the repository of the host cannot be read. */
export async function ownPeer(
  { name, path }: Pick<HostConfig, 'name' | 'path'>,
  dirs: Pick<StateDir, 'memory' | 'mirror'>,
): Promise<OwnPeer> {
  const applied = peekMemory(dirs.memory, name)?.applied ?? null;
  if (applied === null) return { state: 'not-begun' };
  const host = await new DesiredFiles(commitTree(dirs.mirror, applied.commit), path).host(name);
  const peer = host === undefined ? null : peerOf(host.data);
  return peer === null ? { state: 'none' } : { state: 'peer', peer };
}
