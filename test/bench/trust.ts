/** Group `trust`: a long history of signed commits, judged once. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { execa } from 'execa';
import { openTrustCheck } from '../../reconciler/trust/trust.ts';
import { newInfraRepo } from '../lab/infra-repo.ts';
import type { Result } from './measure.ts';
import { type SoftwareKey, signCommit, softwareKey } from './software-key.ts';

const COMMITS = 10_000;
/** Every so many commits one of the desired state, and every so many a merge of a branch of one commit. */
const CHANGES = 5;
const MERGES = 20;
/** `git log` is asked for so many, and its time scaled: all of them would take minutes. */
const SAMPLE = 300;

export async function trustGroup(): Promise<readonly Result[]> {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-bench-trust-'));
  try {
    return [await longHistory(root)];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function longHistory(root: string): Promise<Result> {
  const key = softwareKey();
  const repo = await newInfraRepo(root);
  repo.write('desired-state/fleet.yaml', 'kind: Fleet\ntrust: { requireSignedCommits: true }\n');
  repo.write('desired-state/trust/approvers', `ada@example.org ${key.publicKey}\n`);
  repo.write(
    'desired-state/trust/rules.yaml',
    'rules: [{ paths: ["hosts/"], approvers: [ada@example.org] }]\n',
  );
  const base = await repo.merge('Begin');
  const trees = await makeTrees(repo);
  const gitDir = join(repo.folder, '.git');
  const tip = makeHistory(gitDir, base, trees, key);
  await repo.git('update-ref', 'refs/heads/long', tip);
  const pins = { firstCommit: null, firstKey: null, revokedKeys: [], now: Date.now };
  const trust = openTrustCheck({ gitDir, path: 'desired-state', ...pins });
  const start = performance.now();
  await trust.check(tip, base);
  const ours = (performance.now() - start) / 1000;
  const signers = join(root, 'signers');
  writeFileSync(signers, `ada@example.org ${key.publicKey}\n`);
  const begun = performance.now();
  const { stdout } = await execa(
    'git',
    ['-c', `gpg.ssh.allowedSignersFile=${signers}`, 'log', `-${SAMPLE}`, '--format=%G?', 'long'],
    { cwd: repo.folder },
  );
  if (stdout.split('\n').some((letter) => letter !== 'G'))
    throw new Error('Git does not take these signatures');
  const theirs = ((performance.now() - begun) / 1000) * (COMMITS / SAMPLE);
  return {
    name: 'trust-10000',
    ratio: ours / theirs,
    ours,
    theirs,
    unit: 's',
    what: `a history of ${COMMITS} signed commits judged, against git log --format=%G? (${SAMPLE} of them, scaled)`,
    budget: '1/5',
    withinBudget: ours <= theirs / 5,
  };
}

/** Some states of the desired state, to go back and forth between. */
async function makeTrees(repo: Awaited<ReturnType<typeof newInfraRepo>>): Promise<readonly string[]> {
  const trees: string[] = [];
  for (let count = 0; count < 50; count += 1) {
    repo.write(`desired-state/hosts/builder${count % 10}.yaml`, `name: builder\nlabels: [n${count}]\n`);
    await repo.git('add', '--all');
    trees.push(await repo.git('write-tree'));
  }
  return trees;
}

/** Returns the tip. */
function makeHistory(gitDir: string, base: string, trees: readonly string[], key: SoftwareKey): string {
  const began = Math.floor(Date.now() / 1000) - COMMITS * 60;
  let [tip, state, made] = [base, 0, 0];
  const commit = (parents: readonly string[], at: number) => {
    const who = `Ada <ada@example.org> ${began + made * 60} +0000`;
    const tree = trees[at % trees.length] ?? '';
    const lines = [
      `tree ${tree}`,
      ...parents.map((id) => `parent ${id}`),
      `author ${who}`,
      `committer ${who}`,
    ];
    made += 1;
    return store(gitDir, signCommit(lines.join('\n'), `Change ${made}\n`, key));
  };
  while (made < COMMITS) {
    if (made % CHANGES === 0) state += 1;
    if (made % MERGES !== 0 || made + 2 > COMMITS) tip = commit([tip], state);
    else {
      const side = commit([tip], state + 1);
      tip = commit([tip, side], state + 1);
      state += 1;
    }
  }
  return tip;
}

/** As a loose object: no process for each. */
function store(gitDir: string, commit: string): string {
  const bytes = Buffer.from(commit);
  const object = Buffer.concat([Buffer.from(`commit ${bytes.length}\0`), bytes]);
  const id = createHash('sha1').update(object).digest('hex');
  const folder = join(gitDir, 'objects', id.slice(0, 2));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, id.slice(2)), deflateSync(object));
  return id;
}
