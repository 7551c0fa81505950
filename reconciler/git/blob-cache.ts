/**
 * Contents by object id, which never change: from one commit to the next most files stay, and each would cost a Git process to
 * read again.
 */

/** Small files only, and few: a daemon is to stay small. Bytes. */
const LARGEST = 64 * 1024;
const ALL_TOGETHER = 2 * 1024 * 1024;

export type BlobCache = (oid: string, read: () => Promise<Buffer>) => Promise<Buffer>;

export function blobCache(): BlobCache {
  const kept = new Map<string, Buffer>();
  let bytes = 0;
  return async (oid, read) => {
    const known = kept.get(oid);
    if (known !== undefined) return known;
    const content = await read();
    if (content.length > LARGEST) return content;
    if (bytes + content.length > ALL_TOGETHER) {
      kept.clear();
      bytes = 0;
    }
    kept.set(oid, content);
    bytes += content.length;
    return content;
  };
}
