import { Command } from 'commander';
import { resumeCommand } from './rollout/resume.ts';
import { statusCommand } from './rollout/status.ts';

/** `boxreeve rollout`: how changes reach the hosts of the fleet. */
export function rolloutCommand(): Command {
  return new Command('rollout')
    .description('how changes reach the fleet: which host is how far, what waits for what')
    .addCommand(statusCommand())
    .addCommand(resumeCommand())
    .addHelpText('after', '\nExample:\n  boxreeve rollout status');
}
