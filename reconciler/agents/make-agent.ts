/** From what a guest's file says of its CI agent to the means of draining it. */
import type { AgentSpec } from '../desired/spec.ts';
import type { Logger } from '../log.ts';
import type { CiAgent } from './ci-agent.ts';
import { commandAgent } from './command.ts';
import { noAgent } from './none.ts';

export type AgentParts = {
  /** Value of a secret of this host, by name. Throws SecretUnavailable. */
  readonly secret: (name: string) => Promise<string>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'debug'>;
  readonly fetch?: typeof fetch;
};

export function makeAgent(spec: AgentSpec, _parts: AgentParts): CiAgent {
  switch (spec.system) {
    case 'none':
      return noAgent;
    case 'command':
      return commandAgent(spec);
    default:
      return unsupported(spec.system);
  }
}

/** Nobody can tell whether it runs a job, so its guest is never disturbed. */
function unsupported(system: string): CiAgent {
  const detail = `${system} is not supported by this version of Boxreeve`;
  return {
    settleMs: 0,
    describe: () => `${system} agent`,
    drain: async () => ({ state: 'failed', detail }),
    activity: async () => ({ state: 'unknown', detail }),
    undrain: async () => undefined,
  };
}
