/** A roll-out that waits for its first wave, builder1, and what another host decides by what it reads of that. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { recordPath } from '../../../reconciler/audit/paths.ts';
import { HOUR, iso } from '../../../reconciler/clock.ts';
import { decideRollout } from '../../../reconciler/rollout/decide.ts';
import { openWords } from '../../../reconciler/rollout/open-words.ts';
import type { GuestProgress, Member } from '../../../reconciler/rollout/progress.ts';
import { wavesOf } from '../../../reconciler/rollout/waves.ts';
import {
  type AccountHost,
  type AccountLab,
  openAccountLab,
  someDraft,
} from '../../unit/audit/account-lab.ts';
import { rolloutOf } from '../../unit/plan/builders.ts';

const GUEST = 'azure-agent';
const CHANGE = 'f'.repeat(64);
const ROLLOUT = rolloutOf({ waves: [{ hosts: { by: 'name', hosts: ['builder1'] }, soak: HOUR }] });

export type Wave = {
  readonly lab: AccountLab;
  /** The first wave. */
  readonly canary: AccountHost;
  /** Another host of the fleet, whose key is stolen. */
  readonly other: AccountHost;
  /** A record of the canary, made and pushed. */
  says(state: GuestProgress['state']): Promise<void>;
  /** A record that says that the canary has soaked, pushed onto its branch. @param key that signs it; null: none does */
  forge(key: string | null): Promise<void>;
  /** Whether the host may take the change now, and why not. */
  decides(): Promise<string>;
};

export async function openWave(): Promise<Wave> {
  const lab = await openAccountLab();
  onTestFinished(lab.dispose);
  await lab.repo.remoteGit('config', 'uploadpack.allowFilter', 'true');
  const [reader, canary, other] = [
    await lab.host('builder2'),
    await lab.host('builder1'),
    await lab.host('builder3'),
  ];
  const words = openWords({
    ...{ gitDir: reader.gitDir, folder: join(lab.root, 'words'), mirror: reader.mirror },
    ...{ path: 'desired-state', pattern: () => 'audit/{host}' },
  });
  const keys = new Map([canary, other].map(({ name, publicKey }) => [name, [publicKey]]));
  const members = ['builder1', 'builder2'].map(
    (name): Member => ({ name, labels: [], guests: new Map([[GUEST, CHANGE]]), broken: null }),
  );
  const draftOf = (state: GuestProgress['state']) =>
    someDraft(lab.desired, { progress: { [GUEST]: progress(state) } });
  return {
    lab,
    canary,
    other,
    says: async (state) => {
      await canary.log.append(draftOf(state));
      await canary.log.push();
    },
    forge: async (key) => {
      const draft = draftOf('healthy');
      const path = recordPath('builder1', draft.time, draft.id);
      const record = {
        apiVersion: 'boxreeve/v1',
        host: 'builder1',
        sequence: 9,
        previous: null,
        ...draft,
        witness: {},
      };
      await lab.repo.git('fetch', '--quiet', 'origin', 'audit/builder1');
      await lab.repo.git('checkout', '--quiet', '--detach', 'FETCH_HEAD');
      lab.repo.write(path, JSON.stringify(record));
      await lab.repo.git('add', '--all');
      const commit = ['commit', '--quiet', '-m', `x\n\nBoxreeve-Record: ${path}`];
      await (key === null ? lab.repo.git(...commit) : lab.tamper(key, ...commit));
      await lab.repo.git('push', '--quiet', '--force', 'origin', 'HEAD:refs/heads/audit/builder1');
    },
    decides: async () => {
      await reader.mirror.fetch();
      const decision = decideRollout({
        ...{ rollout: ROLLOUT, host: 'builder2', guest: GUEST, change: CHANGE, resumes: [], now: Date.now() },
        waves: wavesOf(ROLLOUT.waves, members),
        words: await words.words({ keys }, ['builder1']),
      });
      return decision.may === 'go' ? 'go' : `${decision.may}: ${decision.detail}`;
    },
  };
}

function progress(state: GuestProgress['state']): GuestProgress {
  const healthyMs = state === 'healthy' ? 2 * HOUR : null;
  const since = iso(Date.now() - 2 * HOUR);
  return { fingerprint: CHANGE, state, since, healthyMs, probed: true, detail: 'init.sh ended with 1' };
}
