/** A roll-out that is halted, and words of whoever would have it go on. */
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { resumeBranch, resumeBytes } from '../../../reconciler/rollout/resume-form.ts';
import { openResumes } from '../../../reconciler/rollout/resumes.ts';
import { openTrustScene, type Person, type TrustScene } from '../../lab/trust-scene.ts';

export const CHANGE = 'c'.repeat(64);
const GUEST = 'agent';
const FAILURE = { host: 'builder1', since: '2026-11-20T10:00:00.000Z' };

export type HaltScene = {
  readonly scene: TrustScene;
  /** An approver. */
  readonly ada: Person;
  /** Pushes a word to the branch of `CHANGE`. @param of the change that it is about @param by null: nobody signs it */
  give(by: Person | null, of?: string): Promise<void>;
  /** What a host takes to be forgiven. */
  forgiven(): Promise<readonly unknown[]>;
};

export async function openHalt(): Promise<HaltScene> {
  const scene = await openTrustScene();
  onTestFinished(() => scene.dispose());
  const ada = await scene.person('ada');
  const resumes = openResumes({
    gitDir: join(scene.root, 'mirror.git'),
    path: 'desired-state',
    mirror: scene.mirror,
    revokedKeys: [],
    now: Date.now,
  });
  const git = async (args: readonly string[], input?: string) =>
    (await execa('git', ['-C', scene.repo.folder, ...args], input === undefined ? {} : { input })).stdout;
  return {
    scene,
    ada,
    give: async (by, of = CHANGE) => {
      const word = resumeBytes({
        guest: GUEST,
        change: of,
        forgiven: [FAILURE],
        reason: 'the disk was full',
      });
      const blob = await git(['hash-object', '-w', '--stdin'], word.toString());
      const tree = await git(['mktree'], `100644 blob ${blob}\tresume.json\n`);
      const signing = by === null ? [] : ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${by.key}`];
      const sign = by === null ? [] : ['-S'];
      const name = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
      const commit = await git([...name, ...signing, 'commit-tree', ...sign, '-m', 'Go on', tree]);
      await git([
        'push',
        '--quiet',
        '--force',
        'origin',
        `${commit}:refs/heads/${resumeBranch(GUEST, CHANGE)}`,
      ]);
    },
    forgiven: async () => resumes.given(await scene.mirror.fetch(), new Map([[GUEST, CHANGE]])),
  };
}
