/** No agent: the window alone gates. */
import type { CiAgent } from './ci-agent.ts';

export const noAgent: CiAgent = {
  settleMs: 0,
  describe: () => 'no CI agent',
  drain: async () => ({ state: 'drained' }),
  activity: async () => ({ state: 'idle' }),
  undrain: async () => undefined,
};
