/** Words given at the same moment, and over a connection that breaks: with real Git, and a repository for each approver. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RemoteUnreachable } from '../../../reconciler/errors.ts';
import { openMirror } from '../../../reconciler/git/mirror.ts';
import { type Gave, giveResume } from '../../../reconciler/rollout/give-resume.ts';
import { openResumes } from '../../../reconciler/rollout/resumes.ts';
import { openTrustScene, type Person, type TrustScene } from '../../lab/trust-scene.ts';

const CHANGE = 'c'.repeat(64);
const FAILURE = { host: 'builder1', since: '2026-11-20T10:00:00.000Z', detail: 'init failed' };
const PEOPLE = ['ada', 'bo', 'cy', 'di'];
const path = process.env.PATH;

let scene: TrustScene;
beforeEach(async () => {
  scene = await openTrustScene(PEOPLE);
});
afterEach(() => {
  process.env.PATH = path;
  scene.dispose();
});

async function repositoryOf() {
  const gitDir = join(mkdtempSync(join(scene.root, 'own-')), 'mirror.git');
  const log = { info: () => undefined, debug: () => undefined };
  const about = { branch: 'main', path: 'desired-state', log, alone: true };
  const mirror = await openMirror({ gitDir, remote: scene.repo.url, ...about });
  const resumes = openResumes({ gitDir, path: 'desired-state', mirror, revokedKeys: [], now: Date.now });
  return { gitDir, mirror, resumes };
}

/** @param meanwhile done once, between looking and pushing */
async function give(by: Person, meanwhile?: () => Promise<unknown>): Promise<Gave> {
  const person = { ...by, email: by.name };
  const { signal } = new AbortController();
  const { gitDir, mirror: real, resumes } = await repositoryOf();
  let left = meanwhile;
  const fetch = async () => {
    const tip = await real.fetch();
    const work = left;
    left = undefined;
    await work?.();
    return tip;
  };
  const parts = { gitDir, mirror: { ...real, fetch }, resumes, person, now: Date.now, signal };
  return giveResume(parts, { guest: 'agent', change: CHANGE, failures: [FAILURE], reason: 'r' });
}

/** Whose words a host reads. */
async function givers(): Promise<readonly (string | null)[]> {
  const { mirror, resumes } = await repositoryOf();
  const given = await resumes.given(await mirror.fetch(), new Map([['agent', CHANGE]]));
  return given.map(({ by }) => by).toSorted();
}

/** A `git` in front of the real one: what `before` says is done with each push, then the real one, if it is let. */
async function pushesLike(script: (git: string) => string): Promise<void> {
  const { stdout: git } = await execa('which', ['git']);
  const folder = mkdtempSync(join(scene.root, 'bin-'));
  const text = `#!/bin/sh\ncase " $* " in *' push '*) ${script(git)};; esac\nexec '${git}' "$@"\n`;
  writeFileSync(join(folder, 'git'), text, { mode: 0o755 });
  process.env.PATH = `${folder}:${path}`;
}

it('words that are given at the same moment are all there', async () => {
  const people = await Promise.all(PEOPLE.map((name) => scene.person(name)));
  await Promise.all(people.map((by) => give(by)));
  expect(await givers()).toEqual(people.map(({ name }) => name));
});

it('a word that another gives in between is not taken away', async () => {
  const [ada, bo] = [await scene.person('ada'), await scene.person('bo')];
  await give(ada, () => give(bo));
  expect(await givers()).toEqual([ada.name, bo.name]);
});

it('a word that arrived, and whose answer did not, is given once', async () => {
  await pushesLike((git) => `'${git}' "$@"; exit 1`);
  const { commit } = await give(await scene.person('ada'));
  process.env.PATH = path;
  const listed = await scene.repo.remoteGit(
    'log',
    '--format=%H',
    `boxreeve/resume-agent-${CHANGE.slice(0, 12)}`,
  );
  expect(listed).toBe(commit);
});

it('a word that did not arrive is no word: whoever gave it is told', async () => {
  await pushesLike(() => 'exit 1');
  await expect(give(await scene.person('ada'))).rejects.toThrow(RemoteUnreachable);
  process.env.PATH = path;
  expect(await givers()).toEqual([]);
});

it('a word is laid behind what a stranger pushed there, and counts all the same', async () => {
  const eve = await scene.person('eve');
  const junk = await scene.commit('Junk', eve);
  await scene.git(
    'push',
    '--quiet',
    'origin',
    `${junk}:refs/heads/boxreeve/resume-agent-${CHANGE.slice(0, 12)}`,
  );
  await give(await scene.person('ada'));
  expect(await givers()).toEqual(['ada@example.org']);
});
