/** Ways to cook the account of a host, and what an auditor finds. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccountHost, AccountLab } from '../../unit/audit/account-lab.ts';

/** Checks the branch of a host out in the scratch work tree, works on it there, and forces the result onto the remote. */
export async function rewrite(lab: AccountLab, host: string, work: () => Promise<unknown>): Promise<string> {
  await lab.repo.git('fetch', '--quiet', 'origin', `audit/${host}`);
  await lab.repo.git('checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD');
  await work();
  await lab.repo.git('push', '--quiet', '--force', 'origin', `HEAD:audit/${host}`);
  return lab.repo.git('rev-parse', 'HEAD');
}

/** Edits the last record of a host, and leaves it unsigned; returns its commit. */
export function cook(lab: AccountLab, host: string, edit: (text: string) => string): Promise<string> {
  return rewrite(lab, host, async () => {
    const path = join(lab.repo.folder, await lastPath(lab));
    writeFileSync(path, edit(readFileSync(path, 'utf8')));
    await lab.repo.git('commit', '--quiet', '--amend', '--all', '--no-edit');
  });
}

/** The file that the commit checked out adds. */
export function lastPath(lab: AccountLab): Promise<string> {
  return lab.repo.git('diff-tree', '--root', '--no-commit-id', '--name-only', '-r', 'HEAD');
}

/** As `host: problem`, with a fresh clone of the remote and nothing else. */
export async function findings(lab: AccountLab, hosts: readonly AccountHost[]): Promise<string[]> {
  const keys = Object.fromEntries(hosts.map(({ name, publicKey }) => [name, [publicKey]]));
  return (await lab.verify(keys)).flatMap((account) =>
    account.findings.map(({ host, problem }) => `${host}: ${problem}`),
  );
}
