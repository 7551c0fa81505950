/** A box in a catalogue, servers that give it or something else, and a host that fetches it. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type FetchDeps, fetchBox } from '../../../reconciler/boxes/fetch.ts';
import type { BoxSpec } from '../../../reconciler/desired/spec.ts';
import { anySource } from '../../unit/boxes/any-source.ts';
import { type BoxServer, startBoxServer } from '../../unit/boxes/box-server.ts';
import { scratch, silent } from './scene.ts';

/** A real server, whose manners can be changed; it ends with the test. */
export async function serve(content: Buffer): Promise<BoxServer> {
  const server = await startBoxServer(content);
  onTestFinished(server.close);
  return server;
}

/** The catalogue's word for these bytes. */
export function boxOf(content: Buffer, ...sources: string[]): BoxSpec {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { name: 'org/node', version: '1.0.0', provider: 'lxc', sha256, size: content.length, sources };
}

/** Where its file goes to. */
function placeOf({ sha256 }: BoxSpec): string {
  return join(scratch(), 'boxes', `${sha256}.box`);
}

export type Fetched = {
  /** null: it has the file. */
  readonly problem: string | null;
  /** Names in the folder of boxes. */
  readonly here: readonly string[];
  readonly file: string;
};

export async function fetchIt(box: BoxSpec, more: Partial<FetchDeps> = {}): Promise<Fetched> {
  const file = placeOf(box);
  const { signal } = new AbortController();
  const problem = await fetchBox(box, { file, log: silent, signal, source: anySource, ...more }).then(
    () => null,
    (error: unknown) => String(error),
  );
  return { problem, here: readdirSync(dirname(file)), file };
}
