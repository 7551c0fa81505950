/** Hosts with the real audit log, each in a repository of its own. */
import { createHash } from 'node:crypto';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { openAuditLog } from '../../../reconciler/audit/audit-log.ts';
import { localRef } from '../../../reconciler/audit/paths.ts';
import type { AuditLog } from '../../../reconciler/audit/record.ts';
import { openReserve } from '../../../reconciler/audit/reserve.ts';
import { openMirror } from '../../../reconciler/git/mirror.ts';
import { newKey } from '../../unit/audit/account-lab.ts';

export type Member = { readonly name: string; readonly gitDir: string; readonly log: AuditLog };

/** Hosts that have fetched: one does, and the others get its repository as a copy. */
export async function aFleet(root: string, remote: string, hosts: number): Promise<readonly Member[]> {
  const { key, publicKey } = await newKey(root, 'hosts');
  const template = join(root, 'mirror.git');
  const log = { info: () => undefined, debug: () => undefined };
  const watched = { remote, branch: 'main', path: 'desired-state' };
  const mirror = await openMirror({ gitDir: template, ...watched, log, alone: true });
  await mirror.fetch();
  const tips = tipsOf(hosts);
  return Array.from({ length: hosts }, (_, index) => {
    const name = `builder${index + 1}`;
    const gitDir = join(root, `${name}.git`);
    cpSync(template, gitDir, { recursive: true });
    const audit = openAuditLog({
      gitDir,
      host: name,
      signingKey: key,
      publicKey,
      ownRepo: null,
      repo: () => null,
      remote: async () => mirror.auditRemote(),
      branch: () => `audit/${name}`,
      witness: () => tips,
      reserve: openReserve(join(root, 'reserve')),
    });
    return { name, gitDir, log: audit };
  });
}

/** As far apart as real ones: what the records of a fleet weigh is for a good part these. */
function tipsOf(hosts: number): Readonly<Record<string, string>> {
  const tip = (name: string) => createHash('sha1').update(name).digest('hex');
  return Object.fromEntries(
    Array.from({ length: hosts }, (_, index) => [`builder${index + 1}`, tip(`builder${index + 1}`)]),
  );
}

/** Records of a host that the server does not have, or not in their order. */
export async function countLost(fleet: readonly Member[], remote: string): Promise<number> {
  const { stdout } = await execa('git', [
    `--git-dir=${remote}`,
    'for-each-ref',
    '--format=%(refname:lstrip=3) %(objectname)',
    'refs/heads/audit',
  ]);
  const there = new Map(
    stdout.split('\n').map((line) => {
      const [name = '', tip = ''] = line.split(' ');
      return [name, tip] as const;
    }),
  );
  let lost = 0;
  for (const { name, gitDir } of fleet) {
    const tip = there.get(name);
    const missing = await execa(
      'git',
      [
        `--git-dir=${gitDir}`,
        'rev-list',
        '--count',
        localRef(name),
        ...(tip === undefined ? [] : [`^${tip}`]),
      ],
      { reject: false },
    );
    lost += missing.exitCode === 0 ? Number(missing.stdout) : 1;
  }
  return lost;
}
