import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import type { Validation } from '../desired/validate.ts';
import { type Complaint, ExitCode, InvalidHostConfig, showComplaint } from '../errors.ts';
import { globalOptions, print, printDocument, printError } from './options.ts';

/** `boxreeve validate`: every file of a checkout, all mistakes at once. Needs no host.yaml: it runs where people write. */
export function validateCommand(): Command {
  return new Command('validate')
    .description("check a checkout's desired state, all mistakes at once, each with its place")
    .argument('[dir]', 'the checkout, or the folder of the desired state in it', '.')
    .option('--path <folder>', 'folder of the desired state in the checkout', 'desired-state')
    .addHelpText(
      'after',
      '\nExample:\n  boxreeve validate\n  boxreeve validate ~/infra --path ci/desired-state',
    )
    .action(async (dir: string, options: { path: string }, command: Command) => {
      const [{ openWorkTree }, { validateAll }] = await Promise.all([
        import('../desired/work-tree.ts'),
        import('../desired/validate.ts'),
      ]);
      const place = locate(dir, options.path);
      const result = await validateAll(await openWorkTree(place.repository), place.root);
      if (globalOptions(command).json) printDocument(documentOf(result));
      else show(result);
      process.exitCode = result.complaints.length > 0 ? ExitCode.invalidInput : ExitCode.fine;
    });
}

/** The repository's root and, in it, the folder of the desired state, whichever of the two was named. */
function locate(dir: string, path: string): { readonly repository: string; readonly root: string } {
  const given = resolve(dir);
  if (!existsSync(given) || !statSync(given).isDirectory()) {
    throw new InvalidHostConfig(`there is no folder ${dir}: name a checkout of the infra repo`);
  }
  const itself = existsSync(join(given, 'fleet.yaml')) && !existsSync(join(given, path, 'fleet.yaml'));
  if (!itself) return { repository: given, root: path };
  if (existsSync(join(given, '.git'))) return { repository: given, root: '' };
  return { repository: dirname(given), root: basename(given) };
}

function show({ complaints, warnings, ...counts }: Validation): void {
  for (const complaint of complaints) printError(showComplaint(complaint));
  for (const warning of warnings) printError(`warning: ${warning}`);
  const scope = [
    count(counts.hosts, 'host'),
    count(counts.guests, 'guest'),
    count(counts.boxes, 'box', 'boxes'),
  ].join(', ');
  print(
    complaints.length === 0
      ? `valid: ${scope}`
      : `not valid: ${count(complaints.length, 'mistake')} (${scope})`,
  );
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Schema: report/schema/validate.json. */
function documentOf({ complaints, ...rest }: Validation) {
  return { valid: complaints.length === 0, complaints: complaints.map(flatten), ...rest };
}

function flatten({ place, message }: Complaint) {
  return { file: place.file, line: place.line ?? null, column: place.column ?? null, message };
}
