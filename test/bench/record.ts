/** Group `record`: what it costs to believe the account. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { readCheckpoint, writeCheckpoint } from '../../reconciler/audit/checkpoint.ts';
import { verifyAudit } from '../../reconciler/audit/verify.ts';
import { median, type Result } from './measure.ts';
import { SignedAccount } from './signed-account.ts';

const HOSTS = 8;
const RECORDS = 100_000;
const MORE = 10;
const RUNS = 7;
/** Signatures that Git checks by `ssh-keygen`; the time for all of them is scaled from these. */
const SAMPLE = 200;

export async function recordGroup(): Promise<readonly Result[]> {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-bench-record-'));
  try {
    const long = await anAccount(root, 'long');
    await long.account.write(RECORDS);
    const full = await verify(long, 'none');
    const theirs = await gitsOwn(long);
    await verify(long, 'keep');
    const incremental: number[] = [];
    const alone: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      await long.account.write(MORE);
      incremental.push(await verify(long, 'keep'));
      const short = await anAccount(root, `short-${run}`);
      await short.account.write(MORE);
      alone.push(await verify(short, 'keep'));
    }
    return [
      {
        ...compared(median(incremental), median(alone), 'ms'),
        name: 'verify-incremental',
        what: `${MORE} records more after ${RECORDS} of ${HOSTS} hosts; an account of ${MORE} from its beginning; median of ${RUNS}`,
        budget: '≤ 2.00',
        withinBudget: median(incremental) / median(alone) <= 2,
      },
      {
        ...compared(full / 1000, theirs / 1000, 's'),
        name: 'verify-full',
        what: `${RECORDS} records; git log --format=%G? of ${SAMPLE} of them, scaled to all`,
        budget: '≤ 0.10',
        withinBudget: full / theirs <= 0.1,
      },
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

type Bench = Awaited<ReturnType<typeof anAccount>>;

async function anAccount(root: string, name: string) {
  const gitDir = join(root, `${name}.git`);
  await execa('git', ['init', '--quiet', '--bare', gitDir]);
  const tree = await execa('git', [`--git-dir=${gitDir}`, 'hash-object', '-t', 'tree', '-w', '--stdin'], {
    input: '',
  });
  const who = { NAME: 'Ada Approver', EMAIL: 'ada@example.org', DATE: '2021-12-31T12:00:00Z' };
  const env = Object.fromEntries(
    Object.entries(who).flatMap(([key, value]) => [
      [`GIT_AUTHOR_${key}`, value],
      [`GIT_COMMITTER_${key}`, value],
    ]),
  );
  const made = await execa(
    'git',
    [`--git-dir=${gitDir}`, 'commit-tree', '-m', 'Declare the fleet (#7)', tree.stdout],
    { env },
  );
  const account = new SignedAccount(gitDir, made.stdout, HOSTS);
  return { gitDir, watched: made.stdout, account, checkpointFile: join(root, `${name}.checkpoint.json`) };
}

/** Milliseconds. @param keep `none`: without a checkpoint before or after */
async function verify(
  { gitDir, watched, account, checkpointFile }: Bench,
  keep: 'keep' | 'none',
): Promise<number> {
  const start = performance.now();
  const { checkpoint } = keep === 'keep' ? await readCheckpoint(checkpointFile) : { checkpoint: null };
  const verified = await verifyAudit({
    gitDir,
    watched,
    hosts: account.hosts.map((host) => ({
      host: host.name,
      tip: host.tip() === '' ? null : host.tip(),
      keys: { keys: [{ key: host.publicKey, named: true, overlapped: false, revoked: null }] },
      known: [],
    })),
    history: { watched, root: 'desired-state', hosts: {} },
    checkpoint,
    full: false,
    now: Date.now(),
  });
  if (keep === 'keep') await writeCheckpoint(checkpointFile, verified.checkpoint);
  const took = performance.now() - start;
  const [finding] = verified.hosts.flatMap(({ findings }) => findings);
  if (finding !== undefined)
    throw new Error(`the account of the benchmark is not whole: ${JSON.stringify(finding)}`);
  return took;
}

/** Milliseconds that Git would take for every signature, by a part of them. */
async function gitsOwn({ gitDir, account }: Bench): Promise<number> {
  const signers = join(gitDir, 'signers');
  writeFileSync(signers, account.hosts.map(({ name, publicKey }) => `${name} ${publicKey}\n`).join(''));
  const [host] = account.hosts;
  const start = performance.now();
  const log = ['log', `--max-count=${SAMPLE}`, '--format=%G?', host?.tip() ?? ''];
  const { stdout } = await execa('git', [
    `--git-dir=${gitDir}`,
    '-c',
    `gpg.ssh.allowedSignersFile=${signers}`,
    ...log,
  ]);
  const took = performance.now() - start;
  if (new Set(stdout.split('\n')).size !== 1 || !stdout.startsWith('G'))
    throw new Error(`Git says ${stdout}`);
  return (took * RECORDS) / SAMPLE;
}

function compared(ours: number, theirs: number, unit: string) {
  return { ratio: ours / theirs, ours, theirs, unit };
}
