/** The note beside a box's file: what it is, and that its digest was right. Read by whoever asks what this host has. */
import writeFileAtomic from 'write-file-atomic';
import type { BoxSpec } from '../desired/spec.ts';
import { noteOf } from './download/files.ts';

export type BoxNote = {
  readonly name: string;
  readonly version: string;
  readonly provider: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
  /** Digest of its chunk list; null if the catalogue named none. */
  readonly chunks: string | null;
  /** When its digest was found right: ISO 8601, UTC; null: it is asked for, and not here yet. */
  readonly verifiedAt: string | null;
  /**
   * Addresses of the sources that gave it, a blank between; empty if all of it was here. One word of observed/box-files.ts where a
   * person asked for it.
   */
  readonly from: string;
};

export async function writeNote(
  file: string,
  box: BoxSpec,
  verifiedAt: string | null,
  from: readonly string[],
): Promise<void> {
  const { name, version, provider, size, sha256, chunks = null } = box;
  const note: BoxNote = { name, version, provider, size, sha256, chunks, verifiedAt, from: from.join(' ') };
  await writeFileAtomic(noteOf(file), `${JSON.stringify(note, null, 2)}\n`, { mode: 0o644 });
}
