/** Sources by the scheme of their address. */
import { openFile } from './file.ts';
import { openHttp } from './http.ts';
import { ociSource } from './oci.ts';
import { type SshIdentity, sftpSource } from './sftp.ts';
import { type OpenSource, type Source, SourceMissed } from './source.ts';

export type SourceParts = {
  readonly ssh: SshIdentity;
  /** Digest of the file that is wanted: a registry goes by that alone. */
  readonly sha256: string;
};

/** Throws SourceMissed for an address that is none, or of a kind that this version does not know. */
export function sourceFor(address: string, { ssh, sha256 }: SourceParts): Source {
  const scheme = /^[a-z][a-z0-9+.-]*:/.exec(address)?.[0] ?? address;
  switch (scheme) {
    case 'file:':
      return stateless(address, openFile);
    case 'http:':
    case 'https:':
      return stateless(address, openHttp);
    case 'sftp:':
      return sftpSource(address, ssh);
    case 'oci:':
      return ociSource(address, sha256);
    case 's3:':
      throw new SourceMissed('is not fetched by its s3:// address: write the https:// address of the bucket');
    default:
      throw new SourceMissed(`is of a kind (${scheme}) that this version does not know`);
  }
}

function stateless(address: string, openSource: OpenSource): Source {
  return { address, open: (resume, signal) => openSource(address, resume, signal), close: () => {} };
}
