/** `resolve-10000`: what a commit asks of one host, in a fleet of 10 000 and in a fleet of 10. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveHost } from '../../../reconciler/desired/resolve.ts';
import { openMirror } from '../../../reconciler/git/mirror.ts';
import { writeCatalogue, writeFleet, writeGuest, writeHost } from '../../lab/desired-state.ts';
import { newInfraRepo } from '../../lab/infra-repo.ts';
import { median, type Result } from '../measure.ts';

const LARGE = 10_000;
const SMALL = 10;
const RUNS = 21;
const MOST = 2;

export async function resolveInLargeFleet(): Promise<Result> {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-bench-resolve-'));
  try {
    const small = await aFleet(join(root, 'small'), SMALL);
    const large = await aFleet(join(root, 'large'), LARGE);
    const times = { small: [] as number[], large: [] as number[] };
    for (let run = 0; run < RUNS; run += 1) {
      times.small.push(await resolveOnce(small));
      times.large.push(await resolveOnce(large));
    }
    const [ours, theirs] = [median(times.large), median(times.small)];
    return {
      name: 'resolve-10000',
      ratio: ours / theirs,
      ours,
      theirs,
      unit: 'ms',
      what: `one host of ${LARGE}, from a commit; one host of ${SMALL}; median of ${RUNS}`,
      budget: `≤ ${MOST.toFixed(2)}`,
      withinBudget: ours / theirs <= MOST,
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

type Fleet = Awaited<ReturnType<typeof aFleet>>;

/** As a host has it after its fetch. */
async function aFleet(root: string, hosts: number) {
  const repo = await newInfraRepo(root);
  writeFleet(repo);
  writeCatalogue(repo, [
    { version: '1.0.0', sha256: 'a'.repeat(64), size: 1, sources: ['file:///boxes/one.box'] },
  ]);
  writeGuest(repo, { version: '1.0.0' });
  const publicKey = `ssh-ed25519 ${KEY}`;
  for (let index = 1; index <= hosts; index += 1) writeHost(repo, { name: `builder${index}`, publicKey });
  const commit = await repo.merge('Declare the fleet');
  const mirror = await openMirror({
    gitDir: join(root, 'mirror.git'),
    remote: repo.url,
    branch: 'main',
    path: 'desired-state',
    log: { info: () => undefined, debug: () => undefined },
    alone: true,
  });
  await mirror.fetch();
  return { mirror, commit };
}

/** A key of the right form, which nothing is signed with here. */
const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIJxRBJsHCcGZ5LxxSGPDPHBn2vjcXyt2HgAXJtCG1K0d';

/** Milliseconds. */
async function resolveOnce({ mirror, commit }: Fleet): Promise<number> {
  const start = performance.now();
  await resolveHost(mirror.tree(commit), 'desired-state', 'builder7');
  return performance.now() - start;
}
