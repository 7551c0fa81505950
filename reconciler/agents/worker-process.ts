/**
 * The second witness: a look into the guest for the process that runs a job there. A CI system may not know yet, or not any
 * more, that a job runs; the process does.
 */
import type { AgentSpec } from '../desired/spec.ts';
import { oneLine } from '../one-line.ts';
import type { Activity } from './ci-agent.ts';

/** What a process that runs a job is called, as an extended regular expression over whole command lines. */
const WORKERS: Partial<Record<AgentSpec['system'], string>> = {
  // microsoft/azure-pipelines-agent: Agent.Listener waits for jobs, and starts Agent.Worker for each.
  'azure-pipelines': '[A]gent\\.Worker',
  // actions/runner: the same, by descent.
  'github-actions': '[R]unner\\.Worker',
  // buildkite/agent: `bootstrap` is started for each job.
  buildkite: '[b]uildkite-agent.* bootstrap',
};

/**
 * A command for the guest's shell: exit status 0 means that a job runs, 1 that none does. null where the agent has no process
 * of its own for a job (Jenkins runs builds inside the agent; GitLab's depends on its executor).
 *
 * The brackets keep pgrep from finding the shell that runs it.
 */
export function workerLook(system: AgentSpec['system']): string | null {
  const pattern = WORKERS[system];
  return pattern === undefined ? null : `pgrep -fl '${pattern}'`;
}

/** What the command's end says. Any status but 0 and 1, a signal, and a guest that cannot be reached: nobody can tell. */
export function workerSeen(ended: { readonly exitStatus: number | null; readonly stdout: string }): Activity {
  if (ended.exitStatus === 1) return { state: 'idle' };
  if (ended.exitStatus !== 0) return { state: 'unknown', detail: 'the guest could not be looked into' };
  const process = ended.stdout.trim().split('\n')[0] ?? '';
  return { state: 'busy', detail: `a job runs in the guest: process ${oneLine(process.slice(0, 120))}` };
}
