/** Parallels Desktop: the machine id is the VM's UUID. `prlctl list` tells all machines and their states in one call. */
import { isObject } from '../vagrant-files.ts';
import { askTool, complaintOf, firstLineOf, type ToolAnswer } from './ask-tool.ts';
import { answerEach, exists, gone, type MachineAnswer, type Provider, unknown } from './provider.ts';

export const parallels: Provider = {
  async machines(ids) {
    const listed = await list();
    return answerEach(ids, (id) =>
      'why' in listed ? unknown(listed.why) : lookAt(listed.states.get(plain(id))),
    );
  },
  version: () => firstLineOf('prlctl', ['--version']),
};

type Listed = { readonly states: ReadonlyMap<string, string> } | { readonly why: string };

function lookAt(state: string | undefined): MachineAnswer {
  if (state === undefined) return gone;
  if (state === 'stopped' || state === 'suspended') return exists('stopped');
  return exists(state === 'running' || state === 'paused' ? 'running' : 'unknown');
}

async function list(): Promise<Listed> {
  return statesIn(await askTool('prlctl', ['list', '--all', '--json', '--output', 'uuid,status']));
}

/** Pure. */
export function statesIn(answer: ToolAnswer): Listed {
  if (answer.state === 'none') return { why: answer.why };
  if (answer.exitStatus !== 0) return { why: complaintOf('prlctl', answer) };
  const states = parseList(answer.stdout);
  return states === undefined ? { why: 'prlctl gave a list that cannot be read' } : { states };
}

function parseList(text: string): ReadonlyMap<string, string> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const states = new Map<string, string>();
  for (const machine of value) {
    // A machine left out for its odd form would look gone.
    if (!isObject(machine) || typeof machine.uuid !== 'string' || typeof machine.status !== 'string') {
      return undefined;
    }
    states.set(plain(machine.uuid), machine.status);
  }
  return states;
}

/** prlctl writes UUIDs with braces in some versions, and Vagrant keeps them without. */
function plain(uuid: string): string {
  return uuid.replace(/^\{|\}$/g, '').toLowerCase();
}
