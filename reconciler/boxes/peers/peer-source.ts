/**
 * Another host of the fleet as a source of a box: `<sha256>.box` in its folder, or, while it is still fetching that itself, the chunks
 * it has of it.
 *
 * Nothing it gives is believed. The list of chunks is the right one if its digest is that of the catalogue, a chunk if its digest is
 * that of the list, the file if its digest is that of the catalogue: whoever fetches sees to that, and shuns who gave something else.
 */
import { keepConnection } from '../sources/kept-connection.ts';
import { readAhead } from '../sources/read-ahead.ts';
import { SFTP_LIMITS, type SftpConnection, type SftpFile } from '../sources/sftp-connection.ts';
import { type Resume, type Source, type SourceBody, SourceMissed } from '../sources/source.ts';
import type { Peer } from './peer.ts';
import { connectPeer } from './peer-connection.ts';

export type PeerSource = Source & {
  /** Name of the host. */
  readonly name: string;
  /**
   * What it says it has of the box now: all of it, or the chunks whose bit is set (chunk i: bit `i & 7` of byte `i >> 3`); null:
   * nothing. @param count how many chunks the box has
   */
  have(count: number, signal: AbortSignal): Promise<'all' | Uint8Array | null>;
  /** The list of chunks; null: it has none. */
  list(signal: AbortSignal): Promise<Uint8Array | null>;
};

/** Of a box of 100 GB with chunks of the usual size, twice. Bytes. */
const LARGEST_LIST = 128 * 1024 * 1024;

/** Connects when it is first asked for something. @param sha256 of the box @param key private key of this host, a file */
export function openPeer(peer: Peer, sha256: string, key: string, limits = SFTP_LIMITS): PeerSource {
  const at = (ending: string) => `${peer.folder === '/' ? '' : peer.folder}/${sha256}${ending}`;
  const { ask, close } = keepConnection(() => connectPeer(peer, key, limits));

  async function have(count: number, there: SftpConnection): Promise<'all' | Uint8Array | null> {
    if ((await there.size(at('.box'))) !== null) return 'all';
    const bits = await wholeFile(there, at('.box.have'), Math.ceil(count / 8));
    if (bits?.length === Math.ceil(count / 8)) return bits;
    // while we asked, the partial may have become the box
    return (await there.size(at('.box'))) === null ? null : 'all';
  }

  async function openPart(part: Resume, there: SftpConnection, signal: AbortSignal): Promise<SourceBody> {
    // once more the whole: between the two questions, the partial may have become the box
    const names = part.to === null ? ['.box'] : ['.box', '.box.partial', '.box'];
    const file = await firstOf(there, names.map(at));
    if (file === null) throw new SourceMissed(`${peer.name} has nothing of it now`);
    const to = part.to ?? file.size;
    if (part.from <= to && to <= file.size) {
      const chunks = readAhead(file, part.from, to, signal);
      return { from: part.from, size: file.size, validator: null, chunks, close: file.close };
    }
    file.close();
    throw new SourceMissed(
      `has ${file.size} bytes of it, and was asked for those from ${part.from} to ${to}`,
    );
  }

  return {
    name: peer.name,
    address: `peers: ${peer.name}`,
    open: (part, signal) => ask(signal, (there) => openPart(part, there, signal)),
    have: (count, signal) => ask(signal, (there) => have(count, there)),
    list: (signal) => ask(signal, (there) => wholeFile(there, at('.chunks'), LARGEST_LIST)),
    close,
  };
}

async function firstOf(there: SftpConnection, paths: readonly string[]): Promise<SftpFile | null> {
  for (const path of paths) {
    const file = await there.open(path);
    if (file !== null) return file;
  }
  return null;
}

/** null: there is none, or more than `most` bytes of it. */
async function wholeFile(there: SftpConnection, path: string, most: number): Promise<Uint8Array | null> {
  const file = await there.open(path);
  if (file === null) return null;
  try {
    if (file.size > most) return null;
    const parts: Uint8Array[] = [];
    for await (const part of readAhead(file, 0, file.size)) parts.push(part);
    return Buffer.concat(parts);
  } finally {
    file.close();
  }
}
