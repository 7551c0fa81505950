/**
 * What a commit itself changes in the desired state. Of a merge that is what does not follow from its parents: of each file that
 * one side changed since they parted, the merge must have that; what it has else is its own. Only ids of trees and files are
 * compared, never contents: whoever wants to can do the same by hand, and a partial clone has all it takes.
 */
import { git, gitAnswer, lines } from '../git/git-command.ts';

export type OwnChanges = {
  /** Paths in the desired state, sorted; by commit. */
  of(
    commits: readonly { readonly commit: string; readonly parents: readonly string[] }[],
  ): Promise<ReadonlyMap<string, readonly string[]>>;
};

/** Files of a tree by path: mode and id. */
type Files = ReadonlyMap<string, string>;

/** @param path folder of the desired state */
export function openOwnChanges(gitDir: string, path: string): OwnChanges {
  return {
    of: async (commits) => {
      const all = [...new Set(commits.flatMap(({ commit, parents }) => [commit, ...parents]))];
      const trees = await treeIds(gitDir, path, all);
      const empty =
        lines(await git(gitDir, ['hash-object', '-t', 'tree', '--stdin'], { input: '' }))[0] ?? '';
      const treeOf = (commit: string) => trees.get(commit) ?? empty;
      const alone = commits.filter(({ parents }) => new Set(parents.map(treeOf)).size < 2);
      const pairs = alone.map(({ commit, parents: [parent] }) => ({
        from: parent === undefined ? empty : treeOf(parent),
        to: treeOf(commit),
      }));
      const changes = await differences(gitDir, pairs);
      const found = new Map(alone.map(({ commit }, index) => [commit, changes[index] ?? []]));
      const files = treeReader(gitDir);
      for (const { commit, parents } of commits) {
        if (found.has(commit)) continue;
        const sides = [...new Set(parents.map(treeOf))];
        found.set(commit, await ofMerge(gitDir, path, files, treeOf(commit), parents, sides, empty));
      }
      return found;
    },
  };
}

async function ofMerge(
  gitDir: string,
  path: string,
  files: (tree: string) => Promise<Files>,
  own: string,
  parents: readonly string[],
  sides: readonly string[],
  empty: string,
): Promise<readonly string[]> {
  const { stdout } = await gitAnswer(gitDir, ['merge-base', '--all', '--octopus', ...parents], {
    allow: [1],
  });
  const bases = lines(stdout);
  const trees = await treeIds(gitDir, path, bases);
  const baseTrees = new Set(bases.length === 0 ? [empty] : bases.map((base) => trees.get(base) ?? empty));
  const from = await Promise.all(sides.map(files));
  const before = await Promise.all([...baseTrees].map(files));
  return notExplained(await files(own), from, before);
}

/** Paths whose content in a merge does not follow from its sides and from where they parted. */
export function notExplained(
  result: Files,
  sides: readonly Files[],
  bases: readonly Files[],
): readonly string[] {
  const paths = new Set([result, ...sides, ...bases].flatMap((files) => [...files.keys()]));
  return [...paths].filter((path) => !follows(path, result, sides, bases)).sort();
}

function follows(path: string, result: Files, sides: readonly Files[], bases: readonly Files[]): boolean {
  const has = result.get(path);
  const before = new Set(bases.map((base) => base.get(path)));
  const now = new Set(sides.map((side) => side.get(path)));
  // all sides agree
  if (now.size === 1) return now.has(has);
  // where they parted is not one state: nothing follows from it
  if (before.size !== 1) return false;
  const changed = [...now].filter((content) => !before.has(content));
  return changed.length === 1 && changed[0] === has;
}

/** Paths that differ, for each pair of trees, in one Git process. */
async function differences(
  gitDir: string,
  pairs: readonly { readonly from: string; readonly to: string }[],
): Promise<readonly (readonly string[])[]> {
  const input = pairs.map(({ from, to }) => `${from} ${to}\n`).join('');
  const args = ['diff-tree', '--stdin', '-r', '-z', '--raw', '--no-renames', '--no-ext-diff'];
  return parseDifferences((await git(gitDir, args, { input })).toString('utf8'));
}

/**
 * A line with both ids for each pair, then for each file `:<modes, ids and status>`, NUL, its path, NUL. A path stands where a path
 * is due, so that none can be taken for anything else, whatever it is called.
 */
export function parseDifferences(output: string): readonly (readonly string[])[] {
  const found: string[][] = [];
  let isPath = false;
  for (const token of output.split('\0')) {
    if (isPath) {
      found.at(-1)?.push(token);
      isPath = false;
      continue;
    }
    const rows = token.split('\n');
    isPath = rows.at(-1)?.startsWith(':') === true;
    for (const row of rows) if (row !== '' && !row.startsWith(':')) found.push([]);
  }
  return found;
}

/** Ids of the trees of the desired state, null where there is none, in one Git process. */
async function treeIds(
  gitDir: string,
  path: string,
  commits: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const suffix = path === '' || path === '.' ? '^{tree}' : `:${path}`;
  const input = commits.map((commit) => `${commit}${suffix}\n`).join('');
  const output = lines(
    await git(gitDir, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], { input }),
  );
  return new Map(
    commits.map((commit, index) => {
      const [id = '', type] = output[index]?.split(' ') ?? [];
      return [commit, type === 'tree' ? id : null];
    }),
  );
}

/** One tree follows the other with little changed, so each is listed once. */
function treeReader(gitDir: string): (tree: string) => Promise<Files> {
  const kept = new Map<string, Promise<Files>>();
  return (tree) => {
    const known = kept.get(tree) ?? listFiles(gitDir, tree);
    if (kept.size > MOST_TREES) kept.clear();
    kept.set(tree, known);
    return known;
  };
}

const MOST_TREES = 64;

async function listFiles(gitDir: string, tree: string): Promise<Files> {
  const listed = await git(gitDir, ['ls-tree', '-r', '-z', tree]);
  const files = new Map<string, string>();
  for (const line of listed.toString('utf8').split('\0')) {
    const tab = line.indexOf('\t');
    if (tab > 0) files.set(line.slice(tab + 1), line.slice(0, tab));
  }
  return files;
}
