/** A server with the shipped hook, which asks the product as it is loaded here, with or without a defence. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type DoorLab, openDoorLab } from '../../lab/door.ts';
import { type AccountHost, someDraft } from '../../unit/audit/account-lab.ts';
import { ROOT } from '../proof/attack.ts';

export type Door = { readonly lab: DoorLab; readonly one: AccountHost; readonly two: AccountHost };

/** `builder1` and `builder2`, with a record each; a work tree at the watched branch. */
export async function openDoor(): Promise<Door> {
  const lab = await openDoorLab(['builder1', 'builder2']);
  onTestFinished(lab.dispose);
  const command = join(lab.root, 'boxreeve');
  // from the sources: what is built beforehand has every defence in it
  writeFileSync(
    command,
    `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'reconciler/cli/main.ts')}' "$@"\n`,
  );
  chmodSync(command, 0o755);
  await lab.repo.remoteGit('config', 'boxreeve.command', command);
  const [one, two] = [lab.member('builder1'), lab.member('builder2')];
  for (const host of [one, two]) {
    await host.log.append(someDraft(lab.desired));
    await host.log.push();
  }
  return { lab, one, two };
}

/** A host's next record, not pushed, in the work tree of someone who has got hold of it. */
export async function nextRecord({ lab }: Door, host: AccountHost): Promise<void> {
  await host.log.append(someDraft(lab.desired));
  await lab.repo.git('fetch', '--quiet', host.gitDir, `refs/boxreeve/audit/${host.name}`);
  await lab.repo.git('checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD');
}

export type Tried = {
  /** All refs of the server, as they were, and as they are. */
  readonly before: string;
  readonly after: string;
  readonly said: string;
};

export async function tryPush(
  { lab }: Door,
  specs: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Tried> {
  const before = await lab.refs();
  const { said } = await lab.push(specs, env);
  return { before, after: await lab.refs(), said };
}
