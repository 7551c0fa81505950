import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../../reconciler/audit/checkpoint.ts';
import {
  type AccountHost,
  type AccountLab,
  kindsIn,
  newKey,
  openAccountLab,
  someDraft,
} from './account-lab.ts';

let lab: AccountLab;
let one: AccountHost;
let two: AccountHost;
let auditor: AccountHost;
let tip: string;

beforeEach(async () => {
  lab = await openAccountLab();
  [one, two, auditor] = [await lab.host('builder1'), await lab.host('builder2'), await lab.host('auditor')];
  tip = await lab.declare({
    builder1: `auditKey: ${one.publicKey}`,
    builder2: `auditKey: ${two.publicKey}`,
  });
  await record(one, 3);
  await two.mirror.fetch();
  await record(two, 2);
});
afterEach(() => lab.dispose());

async function record(host: AccountHost, count = 1): Promise<void> {
  for (let made = 0; made < count; made += 1) await host.log.append(someDraft(tip));
  await host.log.push();
}

/** What a first verification leaves. */
async function first(): Promise<Checkpoint> {
  const verified = await lab.audit(auditor);
  expect(kindsIn(verified)).toEqual([]);
  return verified.checkpoint;
}

async function counts(asked: Parameters<AccountLab['audit']>[1]) {
  const { hosts } = await lab.audit(auditor, asked);
  return hosts.map(({ host, records, checked, findings }) => [host, records, checked, findings.length]);
}

async function force(host: AccountHost, revision: string): Promise<void> {
  await lab.repo.remoteGit(
    'update-ref',
    `refs/heads/audit/${host.name}`,
    `refs/heads/audit/${host.name}${revision}`,
  );
}

describe('a verification after another', () => {
  it('looks at the new records alone, and counts all of them', async () => {
    const checkpoint = await first();
    expect(await counts({ checkpoint })).toEqual([
      ['builder1', 3, 0, 0],
      ['builder2', 2, 0, 0],
    ]);
    await record(one, 2);
    expect(await counts({ checkpoint })).toEqual([
      ['builder1', 5, 2, 0],
      ['builder2', 2, 0, 0],
    ]);
  });

  it('looks at everything if it is asked to', async () => {
    expect(await counts({ checkpoint: await first(), full: true })).toEqual([
      ['builder1', 3, 3, 0],
      ['builder2', 2, 2, 0],
    ]);
  });

  it('looks at a host again when its keys changed, and at all of them when a key was revoked', async () => {
    const checkpoint = await first();
    const next = await newKey(lab.root, 'next');
    tip = await lab.declare({ builder1: `auditKey: ${one.publicKey}\nnextAuditKey: ${next.publicKey}` });
    expect(await counts({ checkpoint })).toEqual([
      ['builder1', 3, 3, 0],
      ['builder2', 2, 0, 0],
    ]);
    tip = await lab.declare({
      builder1: `auditKey: ${next.publicKey}\nrevokedAuditKeys: [{ key: ${one.publicKey} }]`,
    });
    // the other host had seen all three
    expect(await counts({ checkpoint })).toEqual([
      ['builder1', 3, 3, 0],
      ['builder2', 2, 2, 0],
    ]);
  });

  it('looks at everything again when the watched branch was rewound below what records went by', async () => {
    tip = await lab.repo.merge('Change nothing of the keys');
    await record(one);
    const checkpoint = await first();
    await lab.repo.remoteGit('update-ref', 'refs/heads/main', 'refs/heads/main~1');
    expect(kindsIn(await lab.audit(auditor, { checkpoint }))).toEqual(['builder1 unknown-commit']);
  });

  it('finds what is wrong with a new record, and finds it again the time after', async () => {
    const checkpoint = await first();
    await record({ ...one, log: lab.logOf({ ...one, key: two.key, publicKey: two.publicKey }) });
    const verified = await lab.audit(auditor, { checkpoint });
    expect(kindsIn(verified)).toEqual(['builder1 wrong-key']);
    expect(kindsIn(await lab.audit(auditor, { checkpoint: verified.checkpoint }))).toEqual([
      'builder1 wrong-key',
    ]);
  });
});

describe('what was verified is a witness', () => {
  it('that a branch which no longer has it was cut short', async () => {
    await record(one);
    const checkpoint = await first();
    await force(one, '~1');
    const verified = await lab.audit(auditor, { checkpoint });
    expect(verified.hosts.flatMap(({ findings }) => findings)).toEqual([
      expect.objectContaining({
        host: 'builder1',
        kind: 'truncated',
        problem: expect.stringMatching(/audit verify saw it there on \d{4}-/),
      }),
    ]);
    expect(kindsIn(await lab.audit(auditor, verified))).toEqual(['builder1 truncated']);
  });

  it('that one with other records in their place was rewritten, though it is whole in itself', async () => {
    await record(one);
    const checkpoint = await first();
    await force(one, '~1');
    const forger = await lab.host('builder1', one.key);
    await record(forger, 2);
    expect(kindsIn(await lab.audit(auditor))).toEqual([]);
    expect(kindsIn(await lab.audit(auditor, { checkpoint }))).toEqual(['builder1 rewritten']);
  });

  it('that a branch which is gone was there', async () => {
    const checkpoint = await first();
    await lab.repo.remoteGit('update-ref', '-d', 'refs/heads/audit/builder2');
    expect(kindsIn(await lab.audit(auditor, { checkpoint }))).toEqual(['builder2 truncated']);
  });

  it('and what a host witnessed then is held against a branch that is looked at again', async () => {
    const checkpoint = await first();
    const { builder1: _gone, ...hosts } = checkpoint.hosts;
    await force(one, '~1');
    expect(kindsIn(await lab.audit(auditor, { checkpoint: { ...checkpoint, hosts } }))).toEqual([
      'builder1 truncated',
    ]);
  });

  it('of which a host that saw what is gone is no part, so that it is found the next time too', async () => {
    await force(one, '~1');
    await two.mirror.fetch();
    await record(two);
    let { checkpoint, ...verified } = await lab.audit(auditor);
    expect(kindsIn({ ...verified, checkpoint })).toEqual(['builder1 truncated']);
    ({ checkpoint, ...verified } = await lab.audit(auditor, { checkpoint }));
    expect(kindsIn({ ...verified, checkpoint })).toEqual(['builder1 truncated']);
  });
});

describe('the file of it', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'boxreeve-checkpoint-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('says the same when it is read, and is for this user alone', async () => {
    const file = join(folder, 'state', 'checkpoint.json');
    const checkpoint = await first();
    await writeCheckpoint(file, checkpoint);
    expect(await readCheckpoint(file)).toEqual({ checkpoint, note: null });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('may be missing', async () => {
    expect(await readCheckpoint(join(folder, 'none'))).toEqual({ checkpoint: null, note: null });
  });

  it.each([
    ['is no JSON', '{"version":1,'],
    ['says something else', '{"version":1,"hosts":{}}'],
    [
      'names a commit that is none',
      '{"version":1,"revocations":"","hosts":{},"history":{"watched":"--all","root":"x","hosts":{}}}',
    ],
  ])('is not gone by if it %s, and that is said', async (_what, content) => {
    const file = join(folder, 'checkpoint.json');
    writeFileSync(file, content);
    expect(await readCheckpoint(file)).toEqual({
      checkpoint: null,
      note: expect.stringMatching(/checkpoint\.json cannot be gone by, and everything is checked again: /),
    });
  });
});
