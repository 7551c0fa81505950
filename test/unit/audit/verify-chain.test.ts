import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startingPoint, verifyChain } from '../../../reconciler/audit/verify-chain.ts';
import { type AccountHost, type AccountLab, newKey, openAccountLab, someDraft } from './account-lab.ts';

let lab: AccountLab;
let host: AccountHost;

beforeEach(async () => {
  lab = await openAccountLab();
  host = await lab.host('builder1');
  for (let count = 0; count < 4; count += 1) await host.log.append(someDraft(lab.desired));
});
afterEach(() => lab.dispose());

/** The part of the host's own chain from `from` on to `to`, revisions of it. */
async function verify(from: string | null, to: string, keys = [host.publicKey]) {
  const at = async (revision: string) =>
    (await lab.gitIn(host.gitDir, 'rev-parse', `refs/boxreeve/audit/builder1${revision}`)).trim();
  return verifyChain({
    gitDir: host.gitDir,
    host: 'builder1',
    tip: await at(to),
    after: from === null ? null : await startingPoint(host.gitDir, 'builder1', await at(from)),
    keys: { keys: keys.map((key) => ({ key, named: true, overlapped: false, revoked: null })) },
    owners: new Map(),
  });
}

describe('the new part of a branch', () => {
  it('is judged by what stands before it, and nothing before it is looked at', async () => {
    const { checked, findings, standing } = await verify('~2', '');
    expect({ checked, findings, sequence: standing?.sequence }).toEqual({
      checked: 2,
      findings: [],
      sequence: 4,
    });
  });

  it('that is not there is nothing to look at', async () => {
    expect(await verify('', '')).toMatchObject({ checked: 0, findings: [], standing: { sequence: 4 } });
  });

  it('that takes records back is truncated', async () => {
    expect((await verify('', '~1')).findings).toMatchObject([{ kind: 'truncated' }]);
  });

  it('that does not follow on what stands there is rewritten', async () => {
    const forger = await lab.host('builder1', host.key);
    for (let count = 0; count < 3; count += 1) await forger.log.append(someDraft(lab.desired));
    await lab.gitIn(
      host.gitDir,
      'fetch',
      '--quiet',
      forger.gitDir,
      '+refs/boxreeve/audit/*:refs/boxreeve/forged/*',
    );
    const { findings } = await verifyChain({
      gitDir: host.gitDir,
      host: 'builder1',
      tip: (await lab.gitIn(host.gitDir, 'rev-parse', 'refs/boxreeve/forged/builder1')).trim(),
      after: await startingPoint(
        host.gitDir,
        'builder1',
        (await lab.gitIn(host.gitDir, 'rev-parse', 'refs/boxreeve/audit/builder1')).trim(),
      ),
      keys: { keys: [{ key: host.publicKey, named: true, overlapped: false, revoked: null }] },
      owners: new Map(),
    });
    expect(findings[0]).toMatchObject({
      kind: 'rewritten',
      problem: expect.stringMatching(/which was the tip/),
    });
    expect(findings[1]).toMatchObject({ kind: 'fork', problem: expect.stringMatching(/claim one number/) });
  });

  it('is held against the keys of now, also where the start was signed by another', async () => {
    const next = await newKey(lab.root, 'next');
    const { findings } = await verify('~1', '', [next.publicKey]);
    expect(findings).toMatchObject([{ kind: 'wrong-key' }]);
  });

  it('begins nowhere at a commit that is no record', async () => {
    await lab.gitIn(host.gitDir, 'fetch', '--quiet', lab.repo.url, 'main:refs/boxreeve/main');
    const main = (await lab.gitIn(host.gitDir, 'rev-parse', 'refs/boxreeve/main')).trim();
    expect(await startingPoint(host.gitDir, 'builder1', main)).toBeNull();
  });
});
