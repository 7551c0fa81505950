/**
 * Reading small files that Vagrant wrote. Plain synchronous calls: they are a tenth of the CPU of asynchronous ones, and
 * a poll makes a few dozen. What is not there is an answer; what cannot be read is an error, never an empty answer.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { BoxreeveError, ExitCode } from '../errors.ts';

/** A file or folder of Vagrant's exists and cannot be read: someone must look at the host. */
export class VagrantFilesUnreadable extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
  constructor(path: string, cause: unknown) {
    super(`${path} cannot be read (${reasonOf(cause)}): see to its permissions and its disk`, { cause });
  }
}

/** Names of the folders in a folder, those that begin with a dot left out; none if it does not exist. */
export function foldersIn(path: string): string[] {
  const entries = whatIsThere(path, () => readdirSync(path, { withFileTypes: true }));
  return (entries ?? [])
    .filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || entry.isSymbolicLink()))
    .map((entry) => entry.name)
    .sort();
}

/** Text of a file; undefined if it does not exist. */
export function textOf(path: string): string | undefined {
  return whatIsThere(path, () => readFileSync(path, 'utf8'));
}

/** JSON of a file as an object; undefined if there is no file, or no JSON object in it. */
export function objectIn(path: string): Readonly<Record<string, unknown>> | undefined {
  const text = textOf(path);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function stringOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise;
}

/** Code of a failed system call, such as ENOENT; undefined for anything else. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function reasonOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.message : String(error));
}

function whatIsThere<T>(path: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new VagrantFilesUnreadable(path, error);
  }
}
