/** The shipped CI files, read and run as their vendors' runners do: each script by the shell they use, with what they set. */
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { BOXREEVE } from './door.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const VERSION = field(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')), 'version');

export type Vendor = 'github' | 'gitlab' | 'azure-pipelines';
export type JobName = 'proposed' | 'account';

/** One script of a job. */
export type Script = { readonly text: string; readonly env: Readonly<Record<string, string>> };

export function textOf(vendor: Vendor): string {
  return readFileSync(join(ROOT, 'hooks', 'ci', `${vendor}.yml`), 'utf8');
}

export function documentOf(vendor: Vendor): unknown {
  const document: unknown = parse(textOf(vendor), { strict: true, uniqueKeys: true });
  return document;
}

/** The scripts of a job in their order, with the variables that the file gives them; expressions are not worked out. */
export function scriptsOf(vendor: Vendor, job: JobName): readonly Script[] {
  const file = documentOf(vendor);
  switch (vendor) {
    case 'github':
      return list(at(file, 'jobs', job, 'steps')).flatMap((step) =>
        has(step, 'run')
          ? [{ text: field(step, 'run'), env: { ...texts(at(file, 'env')), ...texts(at(step, 'env')) } }]
          : [],
      );
    case 'gitlab': {
      const lines = [
        ...list(at(file, '.boxreeve', 'before_script')),
        ...list(at(file, `boxreeve-${job}`, 'script')),
      ];
      // the runner makes one script of all lines
      return [{ text: `set -eo pipefail\n${lines.join('\n')}`, env: texts(at(file, 'variables')) }];
    }
    case 'azure-pipelines':
      return list(
        at(
          list(at(file, 'jobs')).find((one) => at(one, 'job') === job),
          'steps',
        ),
      ).flatMap((step) =>
        has(step, 'bash') ? [{ text: field(step, 'bash'), env: texts(at(file, 'variables')) }] : [],
      );
  }
}

const SHELL: Readonly<Record<Vendor, readonly string[]>> = {
  github: ['-e'],
  gitlab: [],
  'azure-pipelines': ['--noprofile', '--norc'],
};

export type JobEnd = { readonly code: number; readonly said: string };

/**
 * Runs a job in a checkout until one of its scripts fails.
 *
 * @param given what the vendor sets: variables, and expressions such as `github.event.pull_request.head.sha`
 */
export async function runJob(
  vendor: Vendor,
  job: JobName,
  checkout: string,
  given: Readonly<Record<string, string>>,
): Promise<JobEnd> {
  const bin = installed(dirname(checkout));
  let said = '';
  for (const { text, env } of scriptsOf(vendor, job)) {
    const script = join(bin, 'script.sh');
    writeFileSync(script, text);
    const worked = Object.entries(env).map(([name, value]) => [name, workedOut(value, given)]);
    const { exitCode, all } = await execa('bash', [...SHELL[vendor], script], {
      cwd: checkout,
      env: {
        ...given,
        ...Object.fromEntries(worked),
        PATH: `${bin}:${process.env.PATH ?? ''}`,
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_NOSYSTEM: '1',
      },
      reject: false,
      all: true,
      stripFinalNewline: false,
      input: '',
    });
    said += all;
    if (exitCode !== 0) return { code: exitCode ?? 1, said };
  }
  return { code: 0, said };
}

/** `${{ github.… }}` as the vendor would put it in; what it does not know is a mistake in the file. */
function workedOut(value: string, given: Readonly<Record<string, string>>): string {
  return value.replaceAll(/\$\{\{\s*([\w.]+)\s*\}\}/g, (_whole, name: string) => {
    const known = given[name];
    if (known === undefined) throw new Error(`nothing is known of ${name}`);
    return known;
  });
}

/** An `npm` that has one package, this one, at the version that this checkout is; it is in no registry yet. */
function installed(root: string): string {
  const bin = mkdtempSync(join(root, 'bin-'));
  const wanted = `install --global --ignore-scripts boxreeve@${VERSION}`;
  writeFileSync(
    join(bin, 'npm'),
    `#!/bin/sh\n[ "$*" = "${wanted}" ] || { echo "no such package: npm $*" >&2; exit 1; }\nln -s '${BOXREEVE}' '${bin}/boxreeve'\n`,
  );
  chmodSync(join(bin, 'npm'), 0o755);
  return bin;
}

export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) found = isMap(found) ? found[key] : undefined;
  return found;
}

export function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${JSON.stringify(value)} is no list`);
  return value;
}

export function has(value: unknown, key: string): boolean {
  return at(value, key) !== undefined;
}

function texts(value: unknown): Record<string, string> {
  return isMap(value)
    ? Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]))
    : {};
}

function field(value: unknown, key: string): string {
  const found = at(value, key);
  if (typeof found !== 'string') throw new Error(`${key} is no text`);
  return found;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
