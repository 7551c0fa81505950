/** Sources by the scheme of their address. */
import { openFile } from './file.ts';
import { openHttp } from './http.ts';
import { type OpenSource, type Source, SourceMissed } from './source.ts';

const SOURCES: Readonly<Record<string, OpenSource>> = {
  'file:': openFile,
  'http:': openHttp,
  'https:': openHttp,
};

export type SourceParts = { readonly ssh: { readonly key: string | null; readonly knownHosts: string } };

/** Throws SourceMissed for a kind that this version does not know. */
export function sourceFor(address: string, _parts: SourceParts): Source {
  const scheme = /^[a-z][a-z0-9+.-]*:/.exec(address)?.[0] ?? address;
  const openSource = Object.hasOwn(SOURCES, scheme) ? SOURCES[scheme] : undefined;
  if (openSource === undefined) {
    throw new SourceMissed(`sources of the kind ${scheme} are not supported by this version`);
  }
  return { address, open: (resume, signal) => openSource(address, resume, signal), close: () => {} };
}
