/**
 * VMware Fusion and Workstation: the machine id is the path of the VM's `.vmx` file. The file says that it exists, `vmrun
 * list` which ones run: one call for all. A missing file alone proves nothing (VAGRANT.md trap 2): its disk may be away.
 */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { askTool, complaintOf, firstLineOf, type ToolAnswer } from './ask-tool.ts';
import { answerEach, exists, gone, type MachineAnswer, type Provider, unknown } from './provider.ts';

/** Folders that disks are mounted in: if one of them is all that is left of a path, the disk is not there. */
const MOUNT_PLACES = /^\/(Volumes|mnt|media(\/[^/]+)?|run\/media(\/[^/]+)?)?$/;

export const vmware: Provider = {
  async machines(ids) {
    const running = await runningFiles();
    return answerEach(ids, (id) => lookAt(id, running));
  },
  version: () => firstLineOf('vmware', ['--version']),
};

type Running = { readonly files: ReadonlySet<string> } | { readonly why: string };

function lookAt(vmx: string, running: Running): MachineAnswer {
  if (!isAbsolute(vmx)) return unknown(`${JSON.stringify(vmx)} is no path of a .vmx file`);
  if (existsSync(vmx)) {
    if ('why' in running) return exists('unknown');
    return exists(running.files.has(vmx) || running.files.has(realpathSync(vmx)) ? 'running' : 'stopped');
  }
  if ('why' in running) return unknown(running.why);
  if (running.files.has(vmx)) return unknown(`${vmx} is missing, yet VMware runs it`);
  const left = nearestFolder(vmx);
  return MOUNT_PLACES.test(left) ? unknown(`${vmx} is missing, and so is its disk`) : gone;
}

async function runningFiles(): Promise<Running> {
  return runningIn(await askTool('vmrun', ['list']));
}

/** Pure. */
export function runningIn(answer: ToolAnswer): Running {
  if (answer.state === 'none') return { why: answer.why };
  const [head, ...lines] = answer.stdout.trim().split('\n');
  if (answer.exitStatus !== 0 || !/^Total running VMs: \d+$/.test(head?.trim() ?? '')) {
    return { why: complaintOf('vmrun', answer) };
  }
  return { files: new Set(lines.map((line) => line.trim())) };
}

function nearestFolder(path: string): string {
  const parent = dirname(path);
  return parent === path || existsSync(parent) ? parent : nearestFolder(parent);
}
