/** Takes away what Vagrant leaves of a removed box with its provider, unless something is built on it. */

import { askTool, complaintOf } from '../observed/providers/ask-tool.ts';
import type { LeftThing } from '../observed/providers/provider.ts';
import { leftOfBox } from '../observed/providers.ts';
import type { BoxRef } from '../plan/plan.ts';

/** What was done, in sentences; '' where there was nothing. The box is gone whatever becomes of this, so nothing is thrown. */
export async function removeLeftovers(box: BoxRef): Promise<string> {
  const left = await leftOfBox(box);
  if ('why' in left) return `whether ${box.provider} has copies of it left could not be seen: ${left.why}`;
  const told: string[] = [];
  for (const thing of left.things) told.push(await removeThing(thing));
  return told.join('\n');
}

async function removeThing({ what, usedBy, remove }: LeftThing): Promise<string> {
  if (usedBy !== null) return `${what} stays: ${usedBy} is built on it`;
  const [program = '', ...args] = remove;
  const answer = await askTool(program, args);
  if (answer.state === 'none') return `${what} could not be removed: ${answer.why}`;
  return answer.exitStatus === 0
    ? `removed ${what}`
    : `${what} could not be removed: ${complaintOf(program, answer)}`;
}
