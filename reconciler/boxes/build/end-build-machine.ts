/** Ends the machine of a build, also one that a crash left, and does not believe it before the provider says so (VAGRANT.md trap 10). */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { destroy, type Ender, endNamed } from '../../apply/end-machine.ts';
import type { RunContext } from '../../apply/vagrant.ts';
import { WRAPPER } from '../../apply/vagrantfile.ts';
import { readMachineRecords } from '../../observed/vagrant-store.ts';
import { BuildFailed, buildLayout, type Workshop } from './workshop.ts';

/**
 * Ours are the machines that Vagrant has a record of in the work folder, and one by the name in the journal. Throws BuildFailed if one
 * is left.
 *
 * @param env the Vagrantfile's; null: it is not known any more, and a Vagrantfile that asks for it is of no use
 */
export async function endBuildMachine(
  shop: Workshop,
  provider: string,
  env: Readonly<Record<string, string>> | null,
): Promise<void> {
  const { work } = buildLayout(shop.folder);
  const ender = enderOf(shop);
  const recorded = readMachineRecords(work).flatMap((record) =>
    record.id === null ? [] : [{ ...record, id: record.id }],
  );
  if (recorded.length > 0) {
    if (env === null) await rm(join(work, WRAPPER), { force: true });
    const destroyed = await destroy(ender, work, env ?? {}, recorded);
    if (destroyed.problem !== null) throw new BuildFailed(`vagrant destroy: ${destroyed.problem.why}`);
  }
  for (const machine of recorded) {
    const answer = await shop.askMachine(machine);
    if (answer.state !== 'gone')
      throw new BuildFailed(`${machine.provider} still has the machine ${machine.id} after vagrant destroy`);
  }
  const name = shop.journal.read()?.machine ?? null;
  const left = name === null ? null : await endNamed(ender, provider, name);
  if (left !== null) throw new BuildFailed(left.error ?? `the machine ${name} is left`);
  await shop.journal.update({ machine: null });
}

/** Never cut: a machine that is left is worse than a build that ends a little later. */
function enderOf(shop: Workshop): Ender {
  const { vagrant, askMachine, vagrantHome, redactor, print } = shop;
  const line = (_event: unknown, text?: unknown) => print(typeof text === 'string' ? text : '');
  const run = (timeoutMs: number): RunContext => ({
    timeoutMs,
    signal: new AbortController().signal,
    redactor,
    onStart: noteProcess(shop),
  });
  return { vagrant, askMachine, config: { vagrantHome }, log: { info: line, warn: line }, run };
}

/** So many are remembered: the last command, and what it may have been called by. */
const MOST_NOTED = 4;

/** Puts each process into the journal, so that a later build ends what a crash of this one leaves. */
export function noteProcess({ journal }: Pick<Workshop, 'journal'>): RunContext['onStart'] {
  return async (process) => {
    const noted = journal.read()?.processes ?? [];
    await journal.update({ processes: [...noted, process].slice(-MOST_NOTED) });
  };
}
