/** How the commits that are to be judged hang together. Pure. */

type Node = { readonly commit: string; readonly parents: readonly string[]; readonly message: string };

export type Graph = {
  /** The parent of a merge that it merges to: the first that contains the base. Whoever makes a merge can name its parents in any order. */
  mainline(merge: string): string;
  /** What a merge brings there: commits of its other parents that the mainline does not have. */
  brought(merge: string): ReadonlySet<string>;
  /** Commits that say that this one is right: the merge that brings it to the branch, and later ones that name it. */
  approvalsOf(commit: string): readonly string[];
};

/** @param nodes parents before children */
export function openGraph(nodes: readonly Node[], base: string): Graph {
  const byId = new Map(nodes.map((node) => [node.commit, node]));
  const place = new Map(nodes.map(({ commit }, index) => [commit, index]));
  const containsBase = new Set<string>([base]);
  for (const { commit, parents } of nodes)
    if (parents.some((parent) => containsBase.has(parent))) containsBase.add(commit);
  const broughtBy = new Map<string, ReadonlySet<string>>();

  /** All commits here that these have in them, themselves included. */
  function reach(from: readonly string[]): ReadonlySet<string> {
    const seen = new Set<string>();
    const waiting = [...from];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const node = byId.get(next);
      if (node === undefined || seen.has(next)) continue;
      seen.add(next);
      waiting.push(...node.parents);
    }
    return seen;
  }

  function parentsOf(commit: string): readonly string[] {
    return byId.get(commit)?.parents ?? [];
  }

  function mainline(merge: string): string {
    const parents = parentsOf(merge);
    return parents.find((parent) => containsBase.has(parent)) ?? parents[0] ?? base;
  }

  function brought(merge: string): ReadonlySet<string> {
    const known = broughtBy.get(merge);
    if (known !== undefined) return known;
    const main = mainline(merge);
    const found = without(
      parentsOf(merge).filter((parent) => parent !== main),
      main,
    );
    broughtBy.set(merge, found);
    return found;
  }

  /** What is in the sides and not in the mainline. Goes no further down than where the last of it is: histories are long. */
  function without(sides: readonly string[], main: string): ReadonlySet<string> {
    const had = new Set<number>();
    const found = new Set<number>();
    const side = (commit: string) => {
      const at = place.get(commit);
      if (at !== undefined && !had.has(at)) found.add(at);
    };
    const mainline = (commit: string) => {
      const at = place.get(commit);
      if (at === undefined) return;
      had.add(at);
      found.delete(at);
    };
    mainline(main);
    for (const commit of sides) side(commit);
    const brought = new Set<string>();
    for (let at = Math.max(-1, ...had, ...found); at >= 0 && found.size > 0; at -= 1) {
      const node = nodes[at];
      if (node === undefined) continue;
      if (had.has(at)) for (const parent of node.parents) mainline(parent);
      else if (found.delete(at)) {
        brought.add(node.commit);
        for (const parent of node.parents) side(parent);
      }
    }
    return brought;
  }

  /**
   * Merges of the tip and of its first parents alone: whoever merges the branch into his own, to be up to date, has not looked at
   * what comes with it.
   */
  function mergesOfTheBranch(): readonly string[] {
    const merges: string[] = [];
    for (let node = nodes.at(-1); node !== undefined; node = byId.get(node.parents[0] ?? ''))
      if (node.parents.length > 1) merges.push(node.commit);
    return merges;
  }

  let approvals: ReadonlyMap<string, readonly string[]> | null = null;

  /** By the commit that is said to be right; whether who names it comes after it is not looked at here. */
  function indexApprovals(): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, string[]>();
    const note = (commit: string, by: string) => found.set(commit, [...(found.get(commit) ?? []), by]);
    for (const merge of mergesOfTheBranch()) for (const commit of brought(merge)) note(commit, merge);
    for (const { commit: by, message } of nodes) for (const commit of approvedBy(message)) note(commit, by);
    return found;
  }

  return {
    mainline,
    brought,
    approvalsOf: (commit) => {
      approvals ??= indexApprovals();
      const by = approvals.get(commit) ?? [];
      return by.filter((each) => each !== commit && reach(parentsOf(each)).has(commit));
    },
  };
}

/** Ids on lines `Boxreeve-Approves: <id>`. */
function approvedBy(message: string): ReadonlySet<string> {
  const found = message.matchAll(/^Boxreeve-Approves: ([0-9a-f]{40}|[0-9a-f]{64})[ \t\r]*$/gm);
  return new Set([...found].map(([, id = '']) => id));
}
