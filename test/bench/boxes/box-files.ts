/** Box files for measuring, laid where a host keeps its own. */
import { linkSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chunkListDigest } from '../../../reconciler/boxes/chunks/chunk-list.ts';
import { describeFile } from '../../../reconciler/boxes/chunks/describe.ts';
import type { Description } from '../../../reconciler/boxes/chunks/description.ts';
import type { BoxSpec } from '../../../reconciler/desired/spec.ts';
import type { NetHost } from '../../lab/net-hosts.ts';

export type HeldBox = Pick<BoxSpec, 'sha256' | 'size'> & { readonly chunks: string };

/**
 * Makes a file the box of a host: under its digest, with its chunk list beside it.
 * @param described what is known of it; it is read once for it if not
 */
export async function hold(host: NetHost, file: string, described?: Description): Promise<HeldBox> {
  const { size, sha256, list } = described ?? (await describeFile(file));
  const place = (name: string) => join(host.sftp.folder, `${sha256}${name}`);
  renameSync(file, place('.box'));
  // where hosts look at each other's boxes, and where a source's address has it
  writeFileSync(place('.chunks'), list);
  linkSync(place('.chunks'), place('.box.chunks'));
  return { sha256, size, chunks: chunkListDigest(list) };
}

/**
 * As the catalogue has it.
 * @param source other hosts, unless it says otherwise
 * @param mode `whole`: the catalogue has no chunk list of it
 */
export function catalogued(
  { sha256, size, chunks }: HeldBox,
  source = 'peers:',
  mode: 'chunked' | 'whole' = 'chunked',
): BoxSpec {
  const box = { name: 'bench', version: '1.0.0', provider: 'lxc', sha256, size, sources: [source] };
  return mode === 'whole' ? box : { ...box, chunks };
}

/** The box of a host, as an address of its sshd. */
export function sftpAddress({ sftp, address }: NetHost, { sha256 }: HeldBox): string {
  return `sftp://${sftp.user}@${address}:${sftp.port}/boxes/${sha256}.box`;
}
