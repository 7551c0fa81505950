/** Options that every command takes, and where documents go. */
import type { Command } from 'commander';
import { visible } from '../visible.ts';

export type GlobalOptions = { readonly config: string | undefined; readonly json: boolean };

/** `--config` and `--json`, wherever on the command line they stood. */
export function globalOptions(command: Command): GlobalOptions {
  const values: Record<string, unknown> = command.optsWithGlobals();
  const own: Record<string, unknown> = command.opts();
  const config = own.config ?? values.config;
  return {
    config: typeof config === 'string' ? config : undefined,
    json: own.json === true || values.json === true,
  };
}

/** One JSON document on standard output. */
export function printDocument(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** Text for people, on standard output. */
export function print(text: string): void {
  const shown = visible(text);
  process.stdout.write(shown.endsWith('\n') ? shown : `${shown}\n`);
}

/** Text that `painted` made: all but its colours is visible already. */
export function printPainted(text: string): void {
  process.stdout.write(text);
}

/** https://no-color.org: any value of NO_COLOR turns colour off. */
export function wantsColor(): boolean {
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}

/** Columns of the terminal, or what a pipe or file gets. */
export function columns(): number {
  return process.stdout.columns ?? 100;
}

/** Text for people, beside the answer. */
export function printError(text: string): void {
  process.stderr.write(`${visible(text)}\n`);
}
