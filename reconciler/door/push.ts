/** What is pushed: the lines that Git hands a pre-receive hook (githooks(5)). Pure. */
import { InvalidHostConfig } from '../errors.ts';
import { isObjectId } from '../git/git-command.ts';

export type RefChange = {
  /** Full name. */
  readonly ref: string;
  /** What it names now; null: it is new. */
  readonly from: string | null;
  /** What it is to name; null: it is to go. */
  readonly to: string | null;
};

/** `<old> <new> <ref>`, one a line. Throws InvalidHostConfig for anything else. */
export function parsePush(input: string): readonly RefChange[] {
  return input
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, from, to, ref] = /^(\S+) (\S+) (\S+)$/.exec(line) ?? [];
      if (from === undefined || to === undefined || ref === undefined)
        throw new InvalidHostConfig(
          `${JSON.stringify(line.slice(0, 200))} is no line of the form \`<old> <new> <ref>\`, as Git hands them to a pre-receive hook`,
        );
      return refChange(from, to, ref);
    });
}

/** From what a person or a CI system names. Throws InvalidHostConfig for what is no commit id or no full name of a ref. */
export function refChange(from: string, to: string, ref: string): RefChange {
  if (!/^refs\/\S+$/.test(ref))
    throw new InvalidHostConfig(
      `${JSON.stringify(ref)} is not the full name of a ref, such as refs/heads/main`,
    );
  return { ref, from: commitOrNone(from), to: commitOrNone(to) };
}

/** Zeros stand for nothing. */
function commitOrNone(id: string): string | null {
  if (/^(?:0{40}|0{64})$/.test(id)) return null;
  if (!isObjectId(id))
    throw new InvalidHostConfig(
      `${JSON.stringify(id)} is not the full id of a commit: 40 or 64 digits of 0-9 and a-f, zeros for none`,
    );
  return id;
}
