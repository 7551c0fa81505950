/**
 * What each file in test/attacks says at its top: who attacks, what must hold, and the code that it stands on. The proof takes
 * that code out and demands that the attack then succeeds.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';

/** Who attacks, and so what he may do to begin with. */
export const ATTACKERS = {
  'push right': 'may push to any branch of the infra repo, and has no approver’s key',
  approver: 'has the key of one approver',
  contributor: 'writes changes, which an approver reads and signs',
  'former approver': 'has a key that once was an approver’s, or that was revoked',
  'git server': 'has the server that the infra repo lies on',
  'stolen host key': 'has the signing key of a host, and may push',
  network: 'stands between a host and where it fetches from',
  'box source': 'has a server or a file that boxes come from',
  'set-up guide': 'writes what people copy: a host.yaml, a shell profile, a checkout to try',
  guest: 'runs code inside a guest, as any CI job does',
  'local user': 'has an account on the host, which is not the one Boxreeve runs under',
} as const;
export type Attacker = keyof typeof ATTACKERS;

/** A piece of the product, taken out by putting something else in its place. */
export type Cut = {
  /** From the checkout. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly take: string;
  readonly leave: string;
};

export type Attack = {
  readonly attacker: Attacker;
  /** What he does; goes on from his name. */
  readonly does: string;
  /** What must hold all the same: a sentence. */
  readonly holds: string;
  /** All are taken out at once: more than one where a second line would hold without the first. */
  readonly defence: readonly Cut[];
};

export type NamedAttack = Attack & { readonly name: string };

export const ROOT = join(import.meta.dirname, '..', '..', '..');
const FOLDER = join(ROOT, 'test', 'attacks');
const SUFFIX = '.test.ts';

/** Every attack there is, by name. Throws for one that does not say what it is. */
export function allAttacks(): readonly NamedAttack[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .toSorted()
    .map(readAttack);
}

/** Path from the checkout. */
export function fileOf(name: string): string {
  return `test/attacks/${name}${SUFFIX}`;
}

export function readAttack(name: string): NamedAttack {
  return { name, ...parseAttack(readFileSync(join(ROOT, fileOf(name)), 'utf8'), fileOf(name)) };
}

/** The text of the attack is read, not run: whoever asks what it stands on needs neither vitest nor what it imports. */
export function parseAttack(source: string, file: string): Attack {
  const literal = /^const ATTACK: Attack = (\{\n.*?^\});$/ms.exec(source)?.[1];
  if (literal === undefined) throw new Error(`${file} has no \`const ATTACK: Attack = {…};\``);
  const value: unknown = JSON.parse(JSON.stringify(runInNewContext(`(${literal})`)));
  if (isAttack(value)) return value;
  throw new Error(`${file}: ATTACK must say attacker, does, holds and at least one cut as defence`);
}

function isAttack(value: unknown): value is Attack {
  if (!isObject(value) || !Array.isArray(value.defence) || value.defence.length === 0) return false;
  return (
    Object.hasOwn(ATTACKERS, String(value.attacker)) &&
    isText(value.does) &&
    isText(value.holds) &&
    value.defence.every(
      (cut: unknown) =>
        isObject(cut) && isText(cut.file) && isText(cut.take) && typeof cut.leave === 'string',
    )
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** The file's text without its defence. Throws if a piece is not there exactly once: it would prove nothing. */
export function takeOut(source: string, file: string, defence: readonly Cut[]): string {
  let text = source;
  for (const cut of defence.filter((each) => each.file === file)) {
    const parts = text.split(cut.take);
    if (parts.length !== 2)
      throw new Error(`${file} has this ${parts.length - 1} times, not once: ${cut.take}`);
    text = parts.join(cut.leave);
  }
  return text;
}
