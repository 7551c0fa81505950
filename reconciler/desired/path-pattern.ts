/**
 * Paths by pattern: `*` stands for a part of a name, `**` for any number of folders, an ending `/` for all below. Not by a regular
 * expression: of one with many stars some paths take for ever.
 */

/** Whether a path is one that the pattern is about. Takes time in proportion to the pattern times the path. */
export function matchesPath(pattern: string, path: string): boolean {
  const whole = pattern.endsWith('/') ? `${pattern}**` : pattern;
  return matchesList(whole.split('/'), path.split('/'), (part) => part === '**', matchesName);
}

function matchesName(pattern: string, name: string): boolean {
  return matchesList([...pattern.replaceAll(/\*+/g, '*')], [...name], (part) => part === '*', equal);
}

function equal(one: string, other: string): boolean {
  return one === other;
}

/** Which beginnings of the items the parts so far can stand for; a part that is any number of items keeps all that come after. */
function matchesList(
  parts: readonly string[],
  items: readonly string[],
  isAny: (part: string) => boolean,
  matches: (part: string, item: string) => boolean,
): boolean {
  let reached: readonly boolean[] = [true, ...items.map(() => false)];
  for (const part of parts) {
    const next: boolean[] = [];
    for (const [at, before] of reached.entries()) {
      const item = items[at - 1];
      if (isAny(part)) next.push(before || next[at - 1] === true);
      else next.push(item !== undefined && reached[at - 1] === true && matches(part, item));
    }
    reached = next;
  }
  return reached.at(-1) === true;
}
