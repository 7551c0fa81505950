/** What is written when the disk is full, on a disk that is: a small file system in memory, which takes root to mount. */
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActionOutcome } from '../../reconciler/apply/outcome.ts';
import { openAuditLog } from '../../reconciler/audit/audit-log.ts';
import { type AttemptHeader, openOutbox } from '../../reconciler/audit/outbox.ts';
import { openReserve } from '../../reconciler/audit/reserve.ts';
import { openMirror } from '../../reconciler/git/mirror.ts';
import { newInfraRepo } from '../lab/infra-repo.ts';
import { newKey, someDraft } from '../unit/audit/account-lab.ts';

const COMMIT = 'a'.repeat(40);
const PAGE = 4096;
let root: string;
let disk: string;
let reserveFile: string;
let journal: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-full-'));
  disk = mkdtempSync(join(root, 'disk-'));
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=12m,mode=700', 'tmpfs', disk]);
  reserveFile = join(disk, 'reserve');
  journal = join(disk, 'outbox', 'attempt.jsonl');
});
afterEach(async () => {
  await execa('umount', ['-l', disk]);
  rmSync(root, { recursive: true, force: true });
});

function free(): number {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
}

/** Fills the disk up to so many bytes. */
function fill(left: number): void {
  const filler = openSync(join(disk, 'filler'), 'w');
  try {
    while (free() > left) writeSync(filler, Buffer.alloc(Math.min(free() - left, 64 * PAGE), 1));
  } finally {
    closeSync(filler);
  }
}

function newOutbox() {
  return openOutbox(join(disk, 'outbox'), openReserve(reserveFile), () => '2026-11-23T12:00:02.000Z');
}

const { id, desired } = someDraft(COMMIT);
if (desired === null) throw new Error('a draft names a commit');
const header: AttemptHeader = { id, trigger: 'poll', startedAt: '2026-11-23T12:00:00.000Z', desired };

const action: ActionOutcome['action'] = {
  kind: 'remove-box',
  from: 'vagrant',
  file: null,
  frees: null,
  id: 'remove-box azure-ci-node 2022.2.17',
  box: { name: 'azure-ci-node', version: '2022.2.17', provider: 'lxc' },
  reason: 'no guest uses it',
  before: 'azure-ci-node 2022.2.17',
  after: '',
  disruptive: false,
  needs: [],
};
const outcome: ActionOutcome = {
  action,
  result: 'done',
  startedAt: '2026-11-23T12:00:01.000Z',
  durationMs: 1,
  exitStatus: 0,
  output: 'x'.repeat(3 * PAGE),
  error: null,
  guestAtFault: false,
  probes: [],
};

describe('on a full disk', () => {
  it('the journal is written all the same, with the room that was kept for it', async () => {
    const attempt = await newOutbox().open(header);
    await attempt.begin(action);
    expect(existsSync(reserveFile)).toBe(true);
    fill(0);
    await attempt.end(outcome);
    expect(await newOutbox().interrupted()).toMatchObject({ outcomes: [outcome], underWay: null });
    expect(existsSync(reserveFile)).toBe(false);
  });

  it('with no room kept, a line that does not fit is refused loudly and leaves no half of itself', async () => {
    const attempt = await newOutbox().open(header);
    await attempt.begin(action);
    rmSync(reserveFile);
    fill(PAGE);
    const before = readFileSync(journal, 'utf8');
    await expect(attempt.end(outcome)).rejects.toThrow(/ENOSPC/);
    expect(readFileSync(journal, 'utf8')).toBe(before);
    rmSync(join(disk, 'filler'));
    await attempt.end(outcome);
    expect(await newOutbox().interrupted()).toMatchObject({ outcomes: [outcome], underWay: null });
  });

  it('an attempt that cannot be written down does not begin', async () => {
    const outbox = newOutbox();
    await (await outbox.open(header)).close();
    rmSync(reserveFile);
    fill(0);
    await expect(outbox.open(header)).rejects.toThrow(/ENOSPC/);
    expect(await outbox.interrupted()).toBe(null);
  });

  it('what room is left is not taken for a reserve that does not fit', async () => {
    fill(64 * PAGE);
    const before = free();
    expect(await openReserve(reserveFile).use(async () => free())).toBe(before);
    expect(existsSync(reserveFile)).toBe(false);
  });

  it('a record is signed and appended, with the room that was kept for it', async () => {
    const repo = await newInfraRepo(root);
    repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
    const tip = await repo.merge('Begin');
    const { key, publicKey } = await newKey(root, 'builder1');
    const gitDir = join(disk, 'mirror.git');
    const log = { info: () => undefined, debug: () => undefined };
    const mirror = await openMirror({
      gitDir,
      remote: repo.url,
      branch: 'main',
      path: 'desired-state',
      log,
      alone: true,
    });
    await mirror.fetch();
    const audit = openAuditLog({
      gitDir,
      host: 'builder1',
      signingKey: key,
      publicKey,
      ownRepo: null,
      repo: () => null,
      remote: async () => mirror.auditRemote(),
      branch: () => 'audit/builder1',
      witness: () => ({}),
      reserve: openReserve(reserveFile),
    });
    await audit.append(someDraft(tip));
    fill(0);
    const draft = someDraft(tip);
    expect(await audit.append(draft)).toMatchObject({ sequence: 2, id: draft.id });
    expect(await audit.push()).toEqual({ pushed: 2 });
  });
});
