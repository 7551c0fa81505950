import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recordPath } from '../../../../reconciler/audit/paths.ts';
import type { AuditRecord } from '../../../../reconciler/audit/record.ts';
import { openHoldings } from '../../../../reconciler/boxes/peers/holders.ts';
import { type InfraRepo, newInfraRepo } from '../../../lab/infra-repo.ts';
import { someDraft } from '../../audit/account-lab.ts';

const ONE = '11'.repeat(32);
const TWO = '22'.repeat(32);

let root: string;
let repo: InfraRepo;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-holders-'));
  repo = await newInfraRepo(root);
  repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
  await repo.merge('Begin');
  await repo.remoteGit('config', 'uploadpack.allowFilter', 'true');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function holdings() {
  return openHoldings({
    gitDir: join(root, 'state', 'records.git'),
    remote: () => repo.url,
    pattern: () => 'audit/{host}',
  });
}

type Held = { readonly sha256: string; readonly file: boolean };

function recordOf(host: string, at: string, boxes: readonly Held[] | undefined): object {
  const record: AuditRecord = {
    apiVersion: 'boxreeve/v1',
    host,
    sequence: 1,
    previous: null,
    ...someDraft('0'.repeat(40), { time: at }),
    witness: {},
  };
  const more = boxes?.map((box) => ({
    name: 'org/node',
    version: '1',
    provider: 'lxc',
    added: true,
    verifiedAt: null,
    usedBy: [],
    ...box,
  }));
  return more === undefined ? record : { ...record, boxes: more };
}

/** Appends a record to the branch of a host, unsigned; returns the commit. */
async function record(host: string, at: string, boxes?: readonly Held[], text?: string): Promise<string> {
  const branch = `audit/${host}`;
  const there = await repo.git('ls-remote', 'origin', `refs/heads/${branch}`);
  await repo.git('checkout', '--quiet', '--detach', ...(there === '' ? ['main'] : [there.slice(0, 40)]));
  const path = recordPath(host, at, '0b5c3b7e-6a1f-4c3b-9c39-6a0d4f2f6f10');
  repo.write(path, text ?? `${JSON.stringify(recordOf(host, at, boxes), null, 2)}\n`);
  await repo.git('add', '--all');
  await repo.git('commit', '--quiet', '-m', `A record\n\nBoxreeve-Record: ${path}`);
  await repo.git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`);
  return repo.git('rev-parse', 'HEAD');
}

it('a host holds what its newest record says it has a file of', async () => {
  const tips = {
    b: await record('b', '2026-01-01T00:00:00.000Z', [{ sha256: ONE, file: true }]),
    c: await record('c', '2026-01-01T00:00:00.000Z', [{ sha256: ONE, file: false }]),
    d: await record('d', '2026-01-01T00:00:00.000Z'),
  };
  const known = holdings();
  expect(await known.holders(ONE, tips)).toEqual(new Set(['b']));
  expect(await known.holders(TWO, tips)).toEqual(new Set());
});

it('a newer record counts in place of the one before it, in another month too', async () => {
  const known = holdings();
  const first = await record('b', '2026-01-31T23:00:00.000Z', [{ sha256: ONE, file: true }]);
  expect(await known.holders(ONE, { b: first })).toEqual(new Set(['b']));
  const second = await record('b', '2026-02-01T00:00:00.000Z', [{ sha256: TWO, file: true }]);
  expect(await known.holders(ONE, { b: second })).toEqual(new Set());
  expect(await known.holders(TWO, { b: second })).toEqual(new Set(['b']));
});

it('what was learnt stays known while the remote is away', async () => {
  const known = holdings();
  const tips = { b: await record('b', '2026-01-01T00:00:00.000Z', [{ sha256: ONE, file: true }]) };
  await known.holders(ONE, tips);
  rmSync(repo.url, { recursive: true });
  expect(await known.holders(ONE, tips)).toEqual(new Set(['b']));
});

it('a record that is none, or is that of another host, says nothing of a host', async () => {
  const at = '2026-01-01T00:00:00.000Z';
  const tips = {
    b: await record('b', at, [], 'no record'),
    c: await record('c', at, [], JSON.stringify(recordOf('b', at, [{ sha256: ONE, file: true }]))),
    d: await record('d', at, [{ sha256: ONE, file: true }]),
  };
  expect(await holdings().holders(ONE, tips)).toEqual(new Set(['d']));
});

it('only the newest record of a host is fetched', async () => {
  await record('b', '2026-01-01T00:00:00.000Z', [{ sha256: ONE, file: true }]);
  const before = await repo.git('rev-parse', 'HEAD');
  const tip = await record('b', '2026-01-02T00:00:00.000Z', [{ sha256: TWO, file: true }]);
  await holdings().holders(ONE, { b: tip });
  const here = await repo.git(
    '--git-dir',
    join(root, 'state', 'records.git'),
    'cat-file',
    '--batch-all-objects',
    '--batch-check=%(objecttype) %(objectname)',
  );
  expect(here).not.toContain(before);
  expect(here.split('\n').filter((line) => line.startsWith('blob'))).toHaveLength(1);
});
