/**
 * Watches a machine for canaries while something runs: the command line and the environment of every process, and every file in
 * some folders. By looking again and again, in a thread of its own: what lives for less than a few milliseconds may pass unseen.
 */
import { Worker } from 'node:worker_threads';
import type { Canary } from './canaries.ts';

export type Sighting = {
  readonly canary: string;
  readonly where: 'cmdline' | 'environ' | 'file';
  /** Command lines from the process up to the first one, or the path of the file. */
  readonly lineage: readonly string[];
};

export type LeakWatch = {
  /** Ends the watch. How many processes and files were looked at says that it was awake. */
  end(): Promise<{
    readonly sightings: readonly Sighting[];
    readonly processes: number;
    readonly files: number;
  }>;
};

export type WatchRequest = {
  readonly canaries: readonly Canary[];
  readonly folders: readonly string[];
};

export async function watchForLeaks(request: WatchRequest): Promise<LeakWatch> {
  const worker = new Worker(new URL('./leak-watcher.ts', import.meta.url), { workerData: request });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  return {
    end: () =>
      new Promise((resolve, reject) => {
        worker.once('message', (found) => {
          void worker.terminate();
          resolve(found);
        });
        worker.once('error', reject);
        worker.postMessage('end');
      }),
  };
}
