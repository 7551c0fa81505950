/** The second witness at work: looks into a guest that was proven, over SSH. */
import { connectSsh } from '../apply/ssh.ts';
import { SECOND } from '../clock.ts';
import type { GuestMemory } from '../observed/memory.ts';
import type { Activity } from './ci-agent.ts';
import { workerLook, workerSeen } from './worker-process.ts';

/** Limits in milliseconds. */
const CONNECT_LIMIT = 20 * SECOND;
const LOOK_LIMIT = 20 * SECOND;

/**
 * Idle where the CI system's agent has no process of its own for a job: then its server's word has to do. Never rejects.
 *
 * @param redact takes secrets out of the command lines that the guest shows
 */
export async function lookForJob(
  built: GuestMemory['built'],
  redact: (text: string) => Promise<string>,
): Promise<Activity> {
  if (built === null) return { state: 'unknown', detail: 'nobody knows how to reach the guest' };
  const command = workerLook(built.spec.agent.system);
  if (command === null) return { state: 'idle' };
  try {
    const session = await connectSsh(built.ssh, CONNECT_LIMIT);
    try {
      const ended = await session.run(command, LOOK_LIMIT);
      return workerSeen({ ...ended, stdout: await redact(ended.stdout) });
    } finally {
      session.close();
    }
  } catch (error) {
    return {
      state: 'unknown',
      detail: `the guest cannot be looked into: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
