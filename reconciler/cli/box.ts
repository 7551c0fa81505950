import { Command } from 'commander';
import { buildCommand } from './box/build.ts';
import { fetchCommand } from './box/fetch.ts';
import { importCommand } from './box/import.ts';
import { listCommand } from './box/list.ts';
import { pruneCommand } from './box/prune.ts';

/** `boxreeve box`: the boxes of this host and of the fleet. */
export function boxCommand(): Command {
  return new Command('box')
    .description('boxes: which host has which; built, brought in, fetched ahead of time; room made now')
    .addCommand(listCommand())
    .addCommand(buildCommand())
    .addCommand(importCommand())
    .addCommand(fetchCommand())
    .addCommand(pruneCommand())
    .addHelpText('after', '\nExample:\n  boxreeve box list');
}
