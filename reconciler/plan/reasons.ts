/** Why a guest is to be built anew, in words: what differs between what it was built from and what it should be. */
import type { GuestFile, GuestSpec } from '../desired/spec.ts';
import type { BuiltFrom } from '../observed/observation.ts';
import type { GuestTarget } from './plan.ts';
import { boxTitle } from './subject.ts';

/** More differences than this are counted, not named. */
const MOST_NAMED = 8;

export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}

/** `box azure-ci-node 2022.2.17 → 2022.2.24, init.sh changed (3 lines), last applied 4f2c1a9`. */
export function whatChanged(
  built: BuiltFrom,
  target: GuestSpec,
  lineChanges: Readonly<Record<string, number>>,
): string {
  const changes = [
    ...boxChange(built.spec, target),
    ...(built.spec.provider === target.provider
      ? []
      : [`provider ${built.spec.provider} → ${target.provider}`]),
    ...fileChanges(built.spec.files, target.files, lineChanges),
    ...envChanges(built.spec.env, target.env),
    ...secretChanges(built.spec.secrets, target.secrets),
  ];
  const named = changes.length === 0 ? ['what it is built from changed'] : changes.slice(0, MOST_NAMED);
  const more = changes.length > MOST_NAMED ? [`and ${changes.length - MOST_NAMED} more changes`] : [];
  return [...named, ...more, `last applied ${shortCommit(built.commit)}`].join(', ');
}

/** What a guest is, for `before` and `after`: `azure-ci-node 2022.2.17, as of 4f2c1a9`. */
export function builtTitle(built: { readonly spec: GuestSpec; readonly commit: string }): string {
  return `${boxTitle(built.spec.box)}, as of ${shortCommit(built.commit)}`;
}

export function targetTitle(target: GuestTarget): string {
  return target.role === 'desired' ? builtTitle(target) : `${builtTitle(target)} (what last worked)`;
}

function boxChange(before: GuestSpec, after: GuestSpec): string[] {
  if (before.box.name !== after.box.name) return [`box ${boxTitle(before.box)} → ${boxTitle(after.box)}`];
  if (before.box.version !== after.box.version) {
    return [`box ${before.box.name} ${before.box.version} → ${after.box.version}`];
  }
  if (before.box.sha256 === after.box.sha256) return [];
  return [
    `another file for box ${boxTitle(after.box)} (SHA-256 ${before.box.sha256.slice(0, 8)} → ${after.box.sha256.slice(0, 8)})`,
  ];
}

function fileChanges(
  before: readonly GuestFile[],
  after: readonly GuestFile[],
  lineChanges: Readonly<Record<string, number>>,
): string[] {
  const old = new Map(before.map((file) => [file.path, file]));
  const kept = new Set(after.map((file) => file.path));
  return [
    ...after.flatMap((file) => fileChange(old.get(file.path), file, lineChanges[file.path])),
    ...before.filter((file) => !kept.has(file.path)).map((file) => `${file.path} removed`),
  ];
}

function fileChange(before: GuestFile | undefined, after: GuestFile, lines: number | undefined): string[] {
  if (before === undefined) return [`${after.path} added`];
  if (before.sha256 !== after.sha256) {
    return [
      `${after.path} changed${lines === undefined ? '' : ` (${lines} ${lines === 1 ? 'line' : 'lines'})`}`,
    ];
  }
  if (before.executable === after.executable) return [];
  return [`${after.path} is ${after.executable ? 'now' : 'no longer'} executable`];
}

function envChanges(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    if (before[name] === after[name]) return [];
    if (before[name] === undefined) return [`env ${name} added`];
    return [after[name] === undefined ? `env ${name} removed` : `env ${name} changed`];
  });
}

function secretChanges(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...after.filter((name) => !before.includes(name)).map((name) => `secret ${name} added`),
    ...before.filter((name) => !after.includes(name)).map((name) => `secret ${name} removed`),
  ];
}
