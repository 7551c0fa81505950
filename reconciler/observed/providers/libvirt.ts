/**
 * libvirt: the machine id is the domain's UUID. One `virsh` call lists all domains and, after a mark, those that run.
 */
import { askTool, complaintOf, firstLineOf, type ToolAnswer } from './ask-tool.ts';
import { connectionUri } from './libvirt-connection.ts';
import { answerEach, exists, gone, type Provider, unknown } from './provider.ts';

const MARK = 'boxreeve-running';

export const libvirt: Provider = {
  async machines(ids) {
    const listed = await list();
    if ('why' in listed) return answerEach(ids, () => unknown(listed.why));
    return answerEach(ids, (id) => {
      const uuid = id.toLowerCase();
      if (!listed.all.has(uuid)) return gone;
      return exists(listed.running.has(uuid) ? 'running' : 'stopped');
    });
  },
  version: () => firstLineOf('virsh', ['--version']),
  leftOfBox: async (box) => (await import('./libvirt-volumes.ts')).leftInPools(box),
};

type Listed =
  | { readonly all: ReadonlySet<string>; readonly running: ReadonlySet<string> }
  | { readonly why: string };

async function list(): Promise<Listed> {
  const answer = await askTool('virsh', [
    '--readonly',
    '--connect',
    connectionUri(),
    `list --all --uuid; echo ${MARK}; list --uuid`,
  ]);
  return domainsIn(answer);
}

/** Pure. */
export function domainsIn(answer: ToolAnswer): Listed {
  if (answer.state === 'none') return { why: answer.why };
  const [all, running, ...rest] = answer.stdout.split(MARK);
  if (
    answer.exitStatus !== 0 ||
    answer.stderr !== '' ||
    all === undefined ||
    running === undefined ||
    rest.length > 0
  ) {
    return { why: complaintOf('virsh', answer) };
  }
  return { all: uuidsIn(all), running: uuidsIn(running) };
}

function uuidsIn(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/^[0-9a-f-]{36}$/gm) ?? []);
}
