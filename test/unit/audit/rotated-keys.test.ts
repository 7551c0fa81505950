/** The rules of docs/explanation/audit-as-git-branches.md, "Whose key counts", by their numbers. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
/** The same host with its next key. */
let renewed: AccountHost;
let two: AccountHost;
let auditor: AccountHost;
/** The commit that hosts follow. */
let tip: string;

beforeEach(async () => {
  lab = await openAccountLab();
  [one, two, auditor] = [await lab.host('builder1'), await lab.host('builder2'), await lab.host('auditor')];
  const next = { ...one, ...(await newKey(lab.root, 'next')) };
  renewed = { ...next, log: lab.logOf(next) };
  tip = await lab.declare({
    builder1: `auditKey: ${one.publicKey}`,
    builder2: `auditKey: ${two.publicKey}`,
  });
});
afterEach(() => lab.dispose());

async function record(host: AccountHost, more: Parameters<typeof someDraft>[1] = {}): Promise<string> {
  // each key is another process of the host
  const log = lab.logOf(host);
  await log.append(someDraft(tip, more));
  await log.push();
  return lab.repo.remoteGit('rev-parse', `audit/${host.name}`);
}

/** The other host sees what is there, and says so in a record of its own. */
async function witness(): Promise<void> {
  await two.mirror.fetch();
  await record(two);
}

const found = async () => kindsIn(await lab.audit(auditor));

describe('rule 1: a record is signed by a key that the watched branch gives the host, or gave it', () => {
  it('so one of another host is none, nor one that no commit names', async () => {
    await record(one);
    await record({ ...one, key: two.key, publicKey: two.publicKey });
    await record(renewed);
    const { hosts } = await lab.audit(auditor);
    expect(hosts.flatMap(({ findings }) => findings.map(({ kind, problem }) => [kind, problem]))).toEqual([
      ['wrong-key', expect.stringContaining('the key of builder2, which the watched branch never gave')],
      ['wrong-key', expect.stringContaining('a key that the watched branch never gave this host')],
    ]);
  });

  it('and one that only a proposal named on its way to the watched branch is none', async () => {
    await lab.repo.git('checkout', '--quiet', '-b', 'proposal');
    lab.repo.write('desired-state/hosts/builder1.yaml', `kind: Host\nauditKey: ${renewed.publicKey}\n`);
    await lab.repo.git('commit', '--quiet', '--all', '-m', 'Propose a key');
    lab.repo.write('desired-state/hosts/builder1.yaml', `kind: Host\nauditKey: ${one.publicKey} again\n`);
    await lab.repo.git('commit', '--quiet', '--all', '-m', 'Propose another');
    await lab.repo.git('checkout', '--quiet', 'main');
    await lab.repo.git('merge', '--quiet', '--no-ff', '-m', 'Merge the proposal', 'proposal');
    await lab.repo.git('push', '--quiet', 'origin', 'main');
    await record(renewed);
    expect(await found()).toEqual(['builder1 wrong-key']);
  });
});

describe('rule 2: once a record by a newer key stands, an older one counts for none after it', () => {
  it('except while the host has both', async () => {
    await record(one);
    tip = await lab.declare({
      builder1: `auditKey: ${one.publicKey}\nnextAuditKey: ${renewed.publicKey}`,
    });
    await record(renewed);
    await record(one);
    expect(await found()).toEqual([]);
  });

  it('when it was taken away', async () => {
    await record(one);
    tip = await lab.declare({ builder1: `auditKey: ${renewed.publicKey}` });
    await record(renewed);
    await record(one);
    expect(await found()).toEqual(['builder1 old-key']);
  });
});

describe('rule 3: a key that was taken away vouches for what stands before the first record of its successor', () => {
  it('so records from before a rotation stay good', async () => {
    await record(one);
    await record(one);
    tip = await lab.declare({
      builder1: `auditKey: ${one.publicKey}\nnextAuditKey: ${renewed.publicKey}`,
    });
    await record(renewed);
    tip = await lab.declare({ builder1: `auditKey: ${renewed.publicKey}` });
    await record(renewed);
    expect(await found()).toEqual([]);
  });

  it('and, if the host had both for a time, for what a record of its successor builds on', async () => {
    tip = await lab.declare({
      builder1: `auditKey: ${one.publicKey}\nnextAuditKey: ${renewed.publicKey}`,
    });
    await record(renewed);
    await record(one);
    await record(renewed);
    tip = await lab.declare({ builder1: `auditKey: ${renewed.publicKey}` });
    expect(await found()).toEqual([]);
    await record(one);
    expect(await found()).toEqual(['builder1 old-key']);
  });
});

describe('rule 4: a revoked key vouches', () => {
  const revoke = async (lastRecord?: string) => {
    const last = lastRecord === undefined ? '' : `, lastRecord: ${lastRecord}`;
    return lab.declare({
      builder1: `auditKey: ${renewed.publicKey}\nrevokedAuditKeys: [{ key: ${one.publicKey}${last} }]`,
    });
  };

  it('for nothing that nobody saw', async () => {
    await record(one);
    tip = await revoke();
    expect(await found()).toEqual(['builder1 revoked-key']);
  });

  it('for what another host witnessed before it followed the revocation, and no further', async () => {
    await record(one);
    await record(one);
    await witness();
    await record(one);
    tip = await revoke();
    // what is seen from here on was made when the key was known to be stolen
    await witness();
    expect(await found()).toEqual(['builder1 revoked-key']);
  });

  it('whatever the record says of the time it was made', async () => {
    await record(one);
    await witness();
    const asked = Date.now();
    tip = await revoke();
    await witness();
    // dated before the revocation, signed by the thief after it
    const time = new Date(asked).toISOString();
    await record(one, { time });
    await witness();
    expect(await found()).toContain('builder1 revoked-key');
  });

  it('not by the word of a host that is itself signed for by a revoked key', async () => {
    await record(one);
    await witness();
    const other = await newKey(lab.root, 'other');
    tip = await lab.declare({
      builder1: `auditKey: ${renewed.publicKey}\nrevokedAuditKeys: [{ key: ${one.publicKey} }]`,
      builder2: `auditKey: ${other.publicKey}\nrevokedAuditKeys: [{ key: ${two.publicKey} }]`,
    });
    expect(await found()).toEqual(['builder1 revoked-key', 'builder2 revoked-key']);
  });

  it('for what a later record by a key that is not revoked builds on', async () => {
    await record(one);
    await record(one);
    tip = await revoke();
    await record(renewed);
    expect(await found()).toEqual([]);
    await record(one);
    expect(await found()).toEqual(['builder1 revoked-key']);
  });

  it('up to the last record that its approver vouches for, by commit or by id, and for none after it', async () => {
    await record(one);
    const last = await record(one, { id: 'the-last-one-that-is-ours' });
    await record(one);
    await witness();
    for (const name of [last, 'the-last-one-that-is-ours']) {
      tip = await revoke(name);
      expect(await found()).toEqual(['builder1 revoked-key']);
    }
    tip = await revoke('0'.repeat(40));
    expect(await found()).toEqual(Array.from({ length: 3 }, () => 'builder1 revoked-key'));
  });

  it('also when it was taken off the list again', async () => {
    await record(one);
    await revoke();
    tip = await lab.declare({ builder1: `auditKey: ${renewed.publicKey}` });
    expect(await found()).toEqual(['builder1 revoked-key']);
  });
});
