/** The auditor's page, typed as it stands, on an account that is whole and on one that was cooked. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AccountHost,
  type AccountLab,
  newKey,
  openAccountLab,
  someDraft,
} from '../audit/account-lab.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const page = readFileSync(join(ROOT, 'docs', 'how-to', 'verify-without-boxreeve.md'), 'utf8');

let lab: AccountLab;
let ada: { key: string; publicKey: string };
let one: AccountHost;
let two: AccountHost;
let three: AccountHost;
/** The commit that hosts follow. */
let tip: string;

beforeEach(async () => {
  lab = await openAccountLab();
  ada = await newKey(lab.root, 'ada');
  [one, two, three] = [await lab.host('builder1'), await lab.host('builder2'), await lab.host('builder3')];
  lab.repo.write('desired-state/trust/approvers', `ada@example.org ${ada.publicKey}\n`);
  await lab.declare({
    builder1: `auditKey: ${one.publicKey} builder1`,
    builder2: `auditKey: "${two.publicKey}"`,
    builder3: `auditKey: ${three.publicKey}`,
  });
  lab.repo.write('desired-state/guests/azure-agent/init.sh', 'echo 2022.2.24\n');
  tip = await lab.repo.merge('Roll out azure-ci-node 2022.2.24 (#8)', ada.key);
});
afterEach(() => lab.dispose());

function blocks(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, text = '']) => text,
  );
}

/** A clone that knows nothing but what the remote has, and a shell in it. */
async function type(): Promise<string> {
  const folder = mkdtempSync(join(lab.root, 'auditor-'));
  const clone = join(folder, 'infra');
  await execa('git', [
    'clone',
    '--quiet',
    '--no-local',
    '--single-branch',
    '--branch',
    'main',
    lab.repo.url,
    clone,
  ]);
  const file = join(folder, 'typed.sh');
  writeFileSync(file, blocks('sh').join('\n'));
  const { all } = await execa('sh', [file], {
    cwd: clone,
    stdin: 'ignore',
    all: true,
    reject: false,
    extendEnv: false,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      TMPDIR: folder,
      LC_ALL: 'C',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
    },
  });
  return all;
}

/** What differs from one account to the next, taken out: ids, prints of keys, and how columns are filled up. */
function plain(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) =>
      line
        .replaceAll(/\b[0-9a-f]{7,64}\b/g, 'ID')
        .replaceAll(/SHA256:\S+/g, 'PRINT')
        .trim(),
    )
    .filter((line) => line !== '');
}

async function record(
  host: AccountHost,
  time: string,
  more: Parameters<typeof someDraft>[1] = {},
): Promise<void> {
  const log = lab.logOf(host);
  await log.append(someDraft(tip, { time: `${time}:00.000Z`, ...more }));
  await log.push();
}

async function merge(host: string, keys: string, subject: string): Promise<void> {
  lab.repo.write(`desired-state/hosts/${host}.yaml`, `kind: Host\nname: ${host}\n${keys}\nguests: []\n`);
  tip = await lab.repo.merge(subject, ada.key);
}

async function renewed(host: AccountHost): Promise<AccountHost> {
  return { ...host, ...(await newKey(lab.root, 'next')) };
}

const REBUILT = {
  summary: 'rebuilt azure-agent on azure-ci-node 2022.2.24 (was 2022.2.17)',
  fingerprints: { 'azure-agent': '5d41402abc4b2a76b9719d911017c592ae7f1c2d3b4a59687766554433221100' },
};

describe('the page, typed', () => {
  it('shows what it says it shows of an account that is whole, and nothing else', async () => {
    await record(two, '2026-05-03T21:00');
    await record(one, '2026-05-03T22:00');
    await record(three, '2026-05-03T21:30');
    await record(three, '2026-05-04T21:14', REBUILT);
    await one.mirror.fetch();
    await record(one, '2026-05-04T22:00');
    await record(three, '2026-05-05T21:14');
    const next = await renewed(one);
    const both = `auditKey: ${one.publicKey}\nnextAuditKey: ${next.publicKey}`;
    await merge('builder1', both, 'Change the key of builder1 (#9)');
    await record(next, '2026-05-06T22:00');
    expect(plain(await type())).toEqual(
      plain(blocks('console').join('\n').replaceAll('SHA256:…', 'SHA256:x')),
    );
  });

  it('vouches for a stolen key as far as others saw its records, and no further', async () => {
    await record(three, '2026-05-03T21:00');
    await one.mirror.fetch();
    await record(one, '2026-05-03T22:00');
    await record(three, '2026-05-04T21:00', REBUILT);
    const next = await renewed(three);
    const revoked = `auditKey: ${next.publicKey}\nrevokedAuditKeys:\n  - key: ${three.publicKey}`;
    await merge('builder3', revoked, 'Revoke the key of builder3 (#9)');
    await one.mirror.fetch();
    await record(one, '2026-05-05T22:00');
    const unvouched = () => type().then((all) => plain(all).filter((line) => line.includes('revoked')));
    expect(await unvouched()).toEqual([
      'builder3 ID: is signed by a key that was revoked in ID, and nobody vouches for it',
    ]);
    await record(next, '2026-05-06T21:00');
    expect(await unvouched()).toEqual([]);
    const first = (await lab.repo.remoteGit('rev-list', '--reverse', 'audit/builder3')).split('\n')[0] ?? '';
    await merge('builder3', `${revoked}\n    lastRecord: "${first}"`, 'Vouch for one record alone (#10)');
    expect(await unvouched()).toHaveLength(1);
  });
});

describe('of an account that was cooked, the page shows', () => {
  /** What it prints of a host that is a mistake. */
  const mistakes = async (host: string) =>
    plain(await type()).filter((line) => line.startsWith(`${host} ID`) || line.startsWith(`${host}: signed`));

  async function rewrite(host: AccountHost, work: () => Promise<unknown>): Promise<void> {
    await lab.repo.git('fetch', '--quiet', 'origin', `audit/${host.name}`);
    await lab.repo.git('checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD');
    await work();
    await lab.repo.git('push', '--quiet', '--force', 'origin', `HEAD:audit/${host.name}`);
    await lab.repo.git('checkout', '--quiet', '--force', 'main');
  }

  beforeEach(async () => {
    for (const day of ['01', '02', '03']) {
      await record(one, `2026-05-${day}T21:00`);
      await record(three, `2026-05-${day}T21:30`);
    }
  });

  it("another host's key, a commit that never was merged, and one that is no record", async () => {
    await record({ ...three, key: two.key, publicKey: two.publicKey }, '2026-05-04T21:00');
    await lab.repo.git('checkout', '--quiet', '-b', 'elsewhere');
    await lab.repo.git('commit', '--quiet', '--allow-empty', '-m', 'Elsewhere');
    tip = await lab.repo.git('rev-parse', 'HEAD');
    await lab.repo.git('push', '--quiet', 'origin', 'HEAD:elsewhere');
    await record(three, '2026-05-05T21:00');
    await rewrite(three, () => lab.tamper(three.key, 'commit', '--quiet', '--allow-empty', '-m', 'nothing'));
    expect(await mistakes('builder3')).toEqual([
      'builder3 ID: is not signed by a key of builder3',
      'builder3: signed again after another key: PRINT',
      'builder3 ID: does not add one record, and nothing else',
      'builder3 ID: went by ID, which is not on the watched branch',
    ]);
  });

  it('a record that was edited, and one that was taken out, though the stolen key signed it all again', async () => {
    await rewrite(three, async () => {
      await lab.repo.git('checkout', '--quiet', 'HEAD~1');
      const path = await lab.repo.git('diff-tree', '--no-commit-id', '--name-only', '-r', 'HEAD');
      const file = join(lab.repo.folder, path);
      writeFileSync(file, readFileSync(file, 'utf8').replace('"in sync"', '"all fine"'));
      await lab.tamper(three.key, 'commit', '--quiet', '--amend', '--all', '--no-edit');
      await lab.tamper(three.key, 'cherry-pick', 'FETCH_HEAD');
    });
    expect(await mistakes('builder3')).toEqual([
      'builder3 ID: follows on another record than the one before it',
    ]);
    await rewrite(one, async () => {
      await lab.repo.git('checkout', '--quiet', 'HEAD~2');
      await lab.tamper(one.key, 'cherry-pick', 'FETCH_HEAD');
    });
    expect(await mistakes('builder1')).toEqual([
      'builder1 ID: has number 3 where 2 is due',
      'builder1 ID: follows on another record than the one before it',
    ]);
  });

  it('a branch that was cut short or written anew, by what another host saw', async () => {
    await one.mirror.fetch();
    await record(one, '2026-05-04T21:00');
    await rewrite(three, () => lab.repo.git('checkout', '--quiet', 'HEAD~1'));
    expect(await mistakes('builder3')).toEqual([
      'builder3 ID: was seen by another host, and is not in its branch any more',
    ]);
  });

  it('an old key that signs again, and one line that is two', async () => {
    const next = await renewed(three);
    await merge('builder3', `auditKey: ${next.publicKey}`, 'Change the key of builder3 (#9)');
    await record(next, '2026-05-04T21:00');
    await record(three, '2026-05-05T21:00');
    expect(await mistakes('builder3')).toEqual(['builder3: signed again after another key: PRINT']);
    await rewrite(one, () =>
      lab.tamper(
        one.key,
        'merge',
        '--quiet',
        '--no-ff',
        '--allow-unrelated-histories',
        '-m',
        'both',
        'HEAD~1',
        tip,
      ),
    );
    expect(await mistakes('builder1')).toContain('builder1 ID: does not follow on the commit before it');
  });

  it('a commit that no approver signed', async () => {
    lab.repo.write('desired-state/guests/azure-agent/init.sh', 'echo mine\n');
    tip = await lab.repo.merge('Change it myself');
    await record(one, '2026-05-04T21:00');
    expect(plain(await type())).toContain('N : Change it myself');
  });
});
