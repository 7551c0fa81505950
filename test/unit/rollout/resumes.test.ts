import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Resume } from '../../../reconciler/rollout/progress.ts';
import { parseResume, resumeBranch, resumeBytes } from '../../../reconciler/rollout/resume-form.ts';
import { openResumes, type Resumes } from '../../../reconciler/rollout/resumes.ts';
import { openTrustScene, type Person, type TrustScene } from '../../lab/trust-scene.ts';

const CHANGE = 'c'.repeat(64);
const FAILURE = { host: 'builder1', since: '2026-11-20T10:00:00.000Z' };
const OTHER = { host: 'builder2', since: '2026-11-20T11:00:00.000Z' };
const BRANCH = resumeBranch('agent', CHANGE);

let scene: TrustScene;
let ada: Person;
let bo: Person;
beforeEach(async () => {
  scene = await openTrustScene();
  [ada, bo] = [await scene.person('ada'), await scene.person('bo')];
});
afterEach(() => scene.dispose());

type Given = {
  readonly by: Person | null;
  readonly forgiven?: Resume['forgiven'];
  readonly parent?: string;
  readonly date?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly branch?: string;
};

/** Pushes a word, made with Git's own commands; returns its commit. */
async function give({ by, forgiven = [FAILURE], parent, date, files, branch = BRANCH }: Given) {
  const word = resumeBytes({ guest: 'agent', change: CHANGE, forgiven, reason: 'the disk was full' });
  const all = Object.entries(files ?? { 'resume.json': word.toString() });
  const entries = await Promise.all(
    all.map(async ([name, input]) => {
      const args = ['-C', scene.repo.folder, 'hash-object', '-w', '--stdin'];
      return `100644 blob ${(await execa('git', args, { input })).stdout}\t${name}\n`;
    }),
  );
  const tree = await execa('git', ['-C', scene.repo.folder, 'mktree'], { input: entries.join('') });
  const signing = by === null ? [] : ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${by.key}`];
  const args = [...(by === null ? [] : ['-S']), ...(parent === undefined ? [] : ['-p', parent])];
  const at = date ?? '2026-11-21T00:00:00Z';
  const made = await execa(
    'git',
    ['-C', scene.repo.folder, ...signing, 'commit-tree', ...args, '-m', 'Go on', tree.stdout],
    {
      env: {
        ...{ GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.org', GIT_AUTHOR_DATE: at },
        ...{ GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.org', GIT_COMMITTER_DATE: at },
      },
    },
  );
  await scene.git('push', '--quiet', '--force', 'origin', `${made.stdout}:refs/heads/${branch}`);
  return made.stdout;
}

function open(revokedKeys: readonly string[] = []): Resumes {
  return openResumes({
    gitDir: join(scene.root, 'mirror.git'),
    path: 'desired-state',
    mirror: scene.mirror,
    revokedKeys,
    now: Date.now,
  });
}

/** What a host that goes by the newest commit takes to be forgiven. */
async function forgiven(resumes = open()): Promise<readonly Pick<Resume, 'forgiven'>[]> {
  const tip = await scene.mirror.fetch();
  const given = await resumes.given(tip, new Map([['agent', CHANGE]]));
  return given.map((resume) => ({ forgiven: resume.forgiven }));
}

describe('who may let a halted roll-out go on', () => {
  it('is an approver, whose word says what he forgives, and why', async () => {
    const commit = await give({ by: ada });
    const tip = await scene.mirror.fetch();
    expect(await open().given(tip, new Map([['agent', CHANGE]]))).toStrictEqual([
      {
        ...{ guest: 'agent', change: CHANGE, forgiven: [FAILURE], commit, by: 'ada@example.org' },
        ...{ reason: 'the disk was full', at: Date.parse('2026-11-21T00:00:00Z') },
      },
    ]);
  });

  it('is nobody whose key no approver has', async () => {
    await give({ by: await scene.person('eve') });
    expect(await forgiven()).toEqual([]);
  });

  it('is nobody who does not sign', async () => {
    await give({ by: null });
    expect(await forgiven()).toEqual([]);
  });

  it('is an approver by the commit that the host goes by, not by an older one', async () => {
    await give({ by: bo });
    scene.approvers(scene.line(ada));
    await scene.commit('Let bo go', ada);
    await scene.push();
    expect(await forgiven()).toEqual([]);
  });

  it('is no approver whose key host.yaml revokes', async () => {
    await give({ by: ada });
    expect(await forgiven(open([ada.publicKey]))).toEqual([]);
  });

  it('is no approver whose key had expired when it failed, whatever date he writes', async () => {
    scene.approvers(scene.line(ada), scene.line(bo, 'valid-before="20261120Z"'));
    await scene.commit('Let the key of bo expire', ada);
    await scene.push();
    await give({ by: bo, date: '2026-11-01T00:00:00Z' });
    expect(await forgiven()).toEqual([]);
  });

  it('is an approver with a key that had expired, for what failed before', async () => {
    scene.approvers(scene.line(ada), scene.line(bo, 'valid-before="202611201030Z"'));
    await scene.commit('Let the key of bo expire', ada);
    await scene.push();
    await give({ by: bo, date: '2026-11-20T10:15:00Z' });
    expect(await forgiven()).toHaveLength(1);
  });

  it('is whoever may change the guest, and no other approver', async () => {
    scene.repo.write(
      'desired-state/trust/rules.yaml',
      'kind: TrustRules\nrules:\n  - { paths: ["guests/agent/"], approvers: [bo@example.org] }\n',
    );
    await scene.commit('Leave the agent to bo', ada);
    await scene.push();
    const first = await give({ by: ada });
    expect(await forgiven()).toEqual([]);
    await give({ by: bo, parent: first });
    expect(await forgiven()).toEqual([{ forgiven: [FAILURE] }]);
  });

  it('is no forge, whose signature stands for nobody', async () => {
    scene.repo.write('desired-state/trust/rules.yaml', 'kind: TrustRules\nforges: [bo@example.org]\n');
    await scene.commit('Have bo merge', ada);
    await scene.push();
    await give({ by: bo });
    expect(await forgiven()).toEqual([]);
  });

  it('are as many approvers as a change of the guest takes signatures', async () => {
    scene.repo.write(
      'desired-state/trust/rules.yaml',
      'kind: TrustRules\nrules:\n  - { paths: ["guests/**"], signatures: 2 }\n',
    );
    await scene.commit('Ask for two', ada);
    await scene.push();
    const first = await give({ by: ada });
    const again = await give({ by: ada, parent: first });
    expect(await forgiven()).toEqual([]);
    await give({ by: bo, parent: again, forgiven: [FAILURE, OTHER] });
    const all = (await forgiven()).flatMap((resume) => resume.forgiven);
    expect(new Set(all.map(({ host }) => host))).toEqual(new Set(['builder1']));
  });

  it('is whoever can push, where the fleet asks for no signatures', async () => {
    scene.repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
    await scene.commit('Ask for nothing', ada);
    await scene.push();
    await give({ by: null });
    expect(await forgiven()).toEqual([{ forgiven: [FAILURE] }]);
  });
});

describe('a word on its branch', () => {
  it('stays when another approver adds his own, and when a stranger adds his', async () => {
    const first = await give({ by: ada });
    const second = await give({ by: bo, parent: first, forgiven: [OTHER] });
    await give({ by: await scene.person('eve'), parent: second, forgiven: [] });
    expect(await forgiven()).toEqual([{ forgiven: [OTHER] }, { forgiven: [FAILURE] }]);
  });

  it('counts for the change it names alone, whatever the branch is called', async () => {
    const change = 'd'.repeat(64);
    await give({ by: ada, branch: resumeBranch('agent', change) });
    const tip = await scene.mirror.fetch();
    expect(await open().given(tip, new Map([['agent', change]]))).toEqual([]);
  });

  it('is none if its commit holds anything else: an approver may have signed it for another purpose', async () => {
    const word = resumeBytes({ guest: 'agent', change: CHANGE, forgiven: [FAILURE], reason: '' }).toString();
    await give({ by: ada, files: { 'resume.json': word, 'unrelated.md': 'x' } });
    expect(await forgiven()).toEqual([]);
  });

  it('is none if it cannot be read', async () => {
    await give({ by: ada, files: { 'resume.json': '{"guest":"agent"' } });
    expect(await forgiven()).toEqual([]);
  });

  it('counts no more when its branch is gone', async () => {
    await give({ by: ada });
    const resumes = open();
    expect(await forgiven(resumes)).toHaveLength(1);
    await scene.git('push', '--quiet', 'origin', `:refs/heads/${BRANCH}`);
    expect(await forgiven(resumes)).toEqual([]);
  });

  it('is read by its own process as it was written', () => {
    const word = { guest: 'a', change: CHANGE, forgiven: [FAILURE], reason: 'ä "quoted"\nline' };
    expect(parseResume(resumeBytes(word))).toEqual(word);
    expect(parseResume(Buffer.from(JSON.stringify({ ...word, forgiven: [{ host: 'a', since: 'x' }] })))).toBe(
      null,
    );
  });
});
