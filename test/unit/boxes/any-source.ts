/** Sources as a host opens them that has no key and knows no server. */
import type { Source } from '../../../reconciler/boxes/sources/source.ts';
import { sourceFor } from '../../../reconciler/boxes/sources/sources.ts';

export function anySource(address: string): Source {
  return sourceFor(address, { ssh: { key: null, knownHosts: '/dev/null' }, sha256: '' });
}
