/** The account of two hosts, ways to cook it, and what an auditor finds. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type AccountHost,
  type AccountLab,
  openAccountLab,
  someDraft,
} from '../../unit/audit/account-lab.ts';

export type Accounts = { readonly lab: AccountLab; readonly one: AccountHost; readonly two: AccountHost };

/** `builder1` and `builder2`, with three records each. */
export async function openAccounts(): Promise<Accounts> {
  const lab = await openAccountLab();
  onTestFinished(lab.dispose);
  const [one, two] = [await lab.host('builder1'), await lab.host('builder2')];
  for (const host of [one, two]) {
    for (let count = 0; count < 3; count += 1) await host.log.append(someDraft(lab.desired));
    await host.log.push();
  }
  return { lab, one, two };
}

/** Git in the scratch work tree, signing with the key of the host. */
type Git = (...args: readonly string[]) => Promise<string>;

/** Checks the branch of a host out, works on it there, and forces the result onto the remote; returns the new tip. */
export async function rewrite(
  lab: AccountLab,
  { name, key }: Pick<AccountHost, 'name' | 'key'>,
  work: (git: Git) => Promise<unknown>,
): Promise<string> {
  await lab.repo.git('fetch', '--quiet', 'origin', `audit/${name}`);
  await lab.repo.git('checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD');
  await work((...args) => lab.tamper(key, ...args));
  await lab.repo.git('push', '--quiet', '--force', 'origin', `HEAD:audit/${name}`);
  return lab.repo.git('rev-parse', 'HEAD');
}

/** Edits the record that the commit checked out adds, and commits nothing. */
export async function edit(lab: AccountLab, change: (text: string) => string): Promise<void> {
  const path = join(lab.repo.folder, await lastPath(lab));
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

/** The file that the commit checked out adds. */
export function lastPath(lab: AccountLab): Promise<string> {
  return lab.repo.git('diff-tree', '--root', '--no-commit-id', '--name-only', '-r', 'HEAD');
}

/** As `host kind: problem`, with a fresh clone of the remote and nothing else. */
export function findings(lab: AccountLab, hosts: readonly AccountHost[]): Promise<string[]> {
  return findingsBy(lab, Object.fromEntries(hosts.map(({ name, publicKey }) => [name, [publicKey]])));
}

/** The same. @param keys of each host, the newest first */
export async function findingsBy(
  lab: AccountLab,
  keys: Readonly<Record<string, readonly string[]>>,
): Promise<string[]> {
  return (await lab.verify(keys)).flatMap((account) =>
    account.findings.map(({ host, kind, problem }) => `${host} ${kind}: ${problem}`),
  );
}
