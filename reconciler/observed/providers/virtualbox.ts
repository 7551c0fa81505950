/**
 * VirtualBox: the machine id is the VM's UUID. `VBoxManage showvminfo` is what Vagrant asks, too: it says the state, or
 * says by a code of its own that there is no such machine. One call a machine.
 */
import { askTool, complaintOf, firstLineOf, type ToolAnswer } from './ask-tool.ts';
import { exists, gone, type MachineAnswer, type Provider, unknown } from './provider.ts';

export const virtualbox: Provider = {
  async machines(ids) {
    return new Map(await Promise.all(ids.map(async (id) => [id, await lookAt(id)] as const)));
  },
  version: () => firstLineOf('VBoxManage', ['--version']),
};

async function lookAt(id: string): Promise<MachineAnswer> {
  if (!/^[0-9a-f-]{36}$/i.test(id))
    return unknown(`${JSON.stringify(id)} is no UUID of a VirtualBox machine`);
  return answerIn(await askTool('VBoxManage', ['showvminfo', id, '--machinereadable']), id);
}

/** Pure. */
export function answerIn(answer: ToolAnswer, id: string): MachineAnswer {
  if (answer.state === 'none') return unknown(answer.why);
  if (answer.exitStatus !== 0) {
    return answer.stderr.includes('VBOX_E_OBJECT_NOT_FOUND')
      ? gone
      : unknown(complaintOf('VBoxManage', answer));
  }
  const state = /^VMState="([a-z]+)"/m.exec(answer.stdout)?.[1];
  if (state === undefined) return unknown(`VBoxManage gives no state of ${id}: it may be inaccessible`);
  return exists(STOPPED.has(state) ? 'stopped' : RUNNING.has(state) ? 'running' : 'unknown');
}

const STOPPED: ReadonlySet<string> = new Set(['poweroff', 'aborted', 'saved', 'teleported']);
const RUNNING: ReadonlySet<string> = new Set([
  'running',
  'paused',
  'starting',
  'stopping',
  'restoring',
  'saving',
  'livesnapshotting',
  'onlinesnapshotting',
  'teleporting',
]);
