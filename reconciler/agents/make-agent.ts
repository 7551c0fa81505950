/** From what a guest's file says of its CI agent to the means of draining it. */
import { type Clock, systemClock } from '../clock.ts';
import type { AgentSpec } from '../desired/spec.ts';
import type { Logger } from '../log.ts';
import { createRedactor } from '../secrets/redactor.ts';
import { azurePipelinesAgent } from './azure-pipelines.ts';
import { buildkiteAgent } from './buildkite.ts';
import type { CiAgent } from './ci-agent.ts';
import { commandAgent } from './command.ts';
import { githubActionsAgent } from './github-actions.ts';
import { gitlabRunnerAgent } from './gitlab-runner.ts';
import { jenkinsAgent } from './jenkins.ts';
import { noAgent } from './none.ts';
import { messageOf, type VendorParts } from './vendor.ts';

export type AgentParts = {
  /** Value of a secret of this host, by name. Throws SecretUnavailable. */
  readonly secret: (name: string) => Promise<string>;
  /** Takes every secret of this host out of what a command of the host's printed. */
  readonly redact: (text: string) => Promise<string>;
  readonly log: Pick<Logger, 'warn'>;
  readonly clock?: Clock;
  readonly fetch?: typeof fetch;
  /** By server, until when it asked to be left alone; shared by all agents of the process if left out. */
  readonly waits?: Map<string, number>;
};

const VENDORS: Readonly<
  Record<Exclude<AgentSpec['system'], 'none' | 'command'>, (parts: VendorParts) => CiAgent>
> = {
  'azure-pipelines': azurePipelinesAgent,
  'github-actions': githubActionsAgent,
  'gitlab-runner': gitlabRunnerAgent,
  buildkite: buildkiteAgent,
  jenkins: jenkinsAgent,
};

const sharedWaits = new Map<string, number>();

/** Never throws: an agent whose settings cannot be used is one of which nobody can tell whether it runs a job. */
export function makeAgent(spec: AgentSpec, parts: AgentParts): CiAgent {
  if (spec.system === 'none') return noAgent;
  if (spec.system === 'command') return commandAgent(spec, { redact: parts.redact });
  try {
    return VENDORS[spec.system]({
      settings: spec.settings,
      ...redacted(parts.secret),
      clock: parts.clock ?? systemClock,
      fetch: parts.fetch ?? fetch,
      waits: parts.waits ?? sharedWaits,
    });
  } catch (error) {
    parts.log.warn({ system: spec.system }, messageOf(error));
    return unusable(spec.system, messageOf(error));
  }
}

/** What was asked for is what the answers are cleared of. */
function redacted(ask: AgentParts['secret']): Pick<VendorParts, 'secret' | 'redact'> {
  const told = new Set<string>();
  return {
    secret: async (name) => {
      const value = await ask(name);
      told.add(value);
      return value;
    },
    redact: (text) => createRedactor(told).text(text),
  };
}

function unusable(system: string, detail: string): CiAgent {
  return {
    settleMs: 0,
    describe: () => `${system} agent`,
    drain: async () => ({ state: 'failed', detail }),
    activity: async () => ({ state: 'unknown', detail }),
    undrain: async () => {
      throw new Error(detail);
    },
  };
}
