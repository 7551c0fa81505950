/** A change that an approver was talked into: read in a hurry, signed and merged. */
import { BOX, GUEST, writeGuest } from '../../lab/desired-state.ts';
import type { InfraRepo } from '../../lab/infra-repo.ts';
import { hostFile, openScene, type Poll } from './scene.ts';

export const GUEST_FOLDER = `desired-state/guests/${GUEST}`;
export const BOX_FILE = `desired-state/boxes/${BOX}.yaml`;
export const FLEET_FILE = 'desired-state/fleet.yaml';
export const HOST_FILE = 'desired-state/hosts/builder1.yaml';

export type Contribution = {
  /** What the host went by until then: one guest, on one box. */
  readonly before: string;
  /** What the host says to the change. */
  readonly poll: Poll;
};

export async function contribute(change: (repo: InfraRepo) => unknown): Promise<Contribution> {
  const { repo, ada, builder1, host } = await openScene();
  repo.write(HOST_FILE, hostFile('builder1', builder1, [GUEST]));
  repo.write(BOX_FILE, boxFile(['2022.2.24']));
  writeGuest(repo, { version: '2022.2.24' });
  const before = await repo.merge('Add a guest', ada.key);
  const judge = await host();
  await judge.poll();
  await change(repo);
  await repo.merge('Tidy up', ada.key);
  return { before, poll: await judge.poll() };
}

/** The catalogue of the box, each version with bytes of its own. */
export function boxFile(versions: readonly string[]): string {
  const entries = versions.map((version, at) => ({
    version,
    provider: 'lxc',
    sha256: String(at + 1).repeat(64),
    size: 1000,
    sources: ['peers:'],
  }));
  return `${JSON.stringify({ kind: 'Box', name: BOX, versions: entries }, null, 2)}\n`;
}
