/** Puts together what boxes are fetched with on this host. What seldom happens is loaded when it does. */
import type { BoxSpec } from '../desired/spec.ts';
import type { HostConfig } from '../host-config.ts';
import type { Logger } from '../log.ts';
import type { StateDir } from '../state-dir.ts';
import type { Fetched } from './download/fetch-deps.ts';

export type Boxes = {
  /** Brings a box's file here, checked. Throws a BoxreeveError that says what was tried. */
  fetch(box: BoxSpec, signal: AbortSignal): Promise<Fetched>;
};

export type BoxesParts = {
  readonly config: Pick<HostConfig, 'sftp' | 'downloadLimit'>;
  readonly dirs: StateDir;
  readonly log: Logger;
};

export function openBoxes({ config, dirs, log }: BoxesParts): Boxes {
  /** Sources that gave wrong bytes, for as long as this process lives. */
  const shunned = new Set<string>();
  return {
    fetch: async (box, signal) => {
      const { fetchBox } = await import('./fetch.ts');
      const { sourceFor } = await import('./sources/sources.ts');
      const source = (address: string) => sourceFor(address, { ssh: config.sftp, sha256: box.sha256 });
      return fetchBox(box, { file: dirs.boxFile(box.sha256), log, signal, shunned, source });
    },
  };
}
