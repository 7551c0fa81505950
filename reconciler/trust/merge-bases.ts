/** Where the sides of a merge parted, told from commits in memory: a long history has thousands of merges. Pure. */

export type Node = {
  readonly commit: string;
  /** null: not known here, as nothing before it is. */
  readonly parents: readonly string[] | null;
};

/** The best common ancestors of two commits, as `git merge-base --all`; null where these commits alone do not tell. */
export type MergeBases = (one: string, other: string) => readonly string[] | null;

const ONE = 1;
const OTHER = 2;
const BOTH = ONE | OTHER;
/** An ancestor of a common ancestor: none of the best. */
const BELOW = 4;

/** @param nodes parents before children */
export function openMergeBases(nodes: readonly Node[]): MergeBases {
  const place = new Map(nodes.map(({ commit }, index) => [commit, index]));
  return (one, other) => {
    const [a, b] = [place.get(one), place.get(other)];
    return a === undefined || b === undefined ? null : walkDown(nodes, place, a, b);
  };
}

/** From both at once, children before parents: what both reach, and nothing that both reach is above it, is a base. */
function walkDown(
  nodes: readonly Node[],
  place: ReadonlyMap<string, number>,
  one: number,
  other: number,
): readonly string[] | null {
  const colours = new Map<number, number>();
  /** Coloured, not passed yet, and not below a common ancestor: the walk is over when there is none. */
  let pending = 0;
  const paint = (at: number, colour: number) => {
    const before = colours.get(at);
    const after = (before ?? 0) | colour;
    colours.set(at, after);
    if (before === undefined && !(after & BELOW)) pending += 1;
    if (before !== undefined && !(before & BELOW) && after & BELOW) pending -= 1;
  };
  paint(one, ONE);
  paint(other, OTHER);
  const bases: Node[] = [];
  for (let at = Math.max(one, other); at >= 0 && pending > 0; at -= 1) {
    const colour = colours.get(at);
    const node = nodes[at];
    if (colour === undefined || node === undefined) continue;
    if (!(colour & BELOW)) pending -= 1;
    const common = (colour & BOTH) === BOTH;
    if (common && !(colour & BELOW)) bases.push(node);
    for (const parent of node.parents ?? []) {
      const below = place.get(parent);
      if (below !== undefined) paint(below, common ? BOTH | BELOW : colour);
      else if (!common) return null;
    }
    // both sides may still meet before it
    if (node.parents === null && !common) return null;
  }
  // of two of which nothing before is known, one may be an ancestor of the other
  if (bases.length > 1 && bases.some(({ parents }) => parents === null)) return null;
  return bases.map(({ commit }) => commit);
}
