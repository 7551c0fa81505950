/**
 * What a commit itself changes in the desired state. Of a merge that is what does not follow from its parents: of each file that
 * one side changed since they parted, the merge must have that; what it has else is its own. Only ids of trees and files are
 * compared, never contents: whoever wants to can do the same by hand, and a partial clone has all it takes.
 */
import { git, gitAnswer, lines } from '../git/git-command.ts';
import { type MergeBases, openMergeBases } from './merge-bases.ts';

export type OwnChanges = {
  /**
   * Paths in the desired state, sorted; by commit.
   *
   * @param commits parents before children
   */
  of(commits: readonly Commit[]): Promise<ReadonlyMap<string, readonly string[]>>;
};

type Commit = { readonly commit: string; readonly parents: readonly string[] };

/** Files of a tree by path: mode and id. */
type Files = ReadonlyMap<string, string>;

/** @param path folder of the desired state */
export function openOwnChanges(gitDir: string, path: string): OwnChanges {
  return {
    of: async (commits) => {
      const within = new Set(commits.map(({ commit }) => commit));
      const outside = new Set(
        commits.flatMap(({ parents }) => parents.filter((parent) => !within.has(parent))),
      );
      const trees = await openTrees(gitDir, path, [...outside, ...within]);
      const alone = commits.filter(({ parents }) => new Set(parents.map(trees.of)).size < 2);
      const pairs = alone.map(({ commit, parents: [parent] }) => ({
        from: parent === undefined ? trees.empty : trees.of(parent),
        to: trees.of(commit),
      }));
      const changes = await differences(gitDir, pairs);
      const found = new Map(alone.map(({ commit }, index) => [commit, changes[index] ?? []]));
      const known = [...outside].map((commit) => ({ commit, parents: null }));
      const merges: Merges = {
        gitDir,
        trees,
        files: treeReader(gitDir),
        bases: openMergeBases([...known, ...commits]),
      };
      for (const merge of commits)
        if (!found.has(merge.commit)) found.set(merge.commit, await ofMerge(merges, merge));
      return found;
    },
  };
}

type Merges = {
  readonly gitDir: string;
  readonly trees: Trees;
  readonly files: (tree: string) => Promise<Files>;
  readonly bases: MergeBases;
};

async function ofMerge(
  { gitDir, trees, files, bases }: Merges,
  { commit, parents }: Commit,
): Promise<readonly string[]> {
  const [one = '', other = ''] = parents;
  const parted = (parents.length === 2 ? bases(one, other) : null) ?? (await askForBases(gitDir, parents));
  await trees.add(parted);
  const before = [...new Set(parted.length === 0 ? [trees.empty] : parted.map(trees.of))];
  const sides = [...new Set(parents.map(trees.of))];
  const changed = sides.filter((side) => !before.includes(side));
  // one side alone changed anything, and the merge has just that
  if (before.length === 1 && changed.length === 1 && changed[0] === trees.of(commit)) return [];
  return notExplained(
    await files(trees.of(commit)),
    await Promise.all(sides.map(files)),
    await Promise.all(before.map(files)),
  );
}

async function askForBases(gitDir: string, parents: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await gitAnswer(gitDir, ['merge-base', '--all', '--octopus', ...parents], {
    allow: [1],
  });
  return lines(stdout);
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

type Trees = {
  /** Of one that was added; the empty tree where a commit has no desired state. */
  of(commit: string): string;
  readonly empty: string;
  add(commits: readonly string[]): Promise<void>;
};

/** Trees of the desired state of commits, in one Git process for all that are added at once. */
async function openTrees(gitDir: string, path: string, first: readonly string[]): Promise<Trees> {
  const [empty = ''] = lines(await git(gitDir, ['hash-object', '-t', 'tree', '--stdin'], { input: '' }));
  const known = new Map<string, string>();
  const suffix = path === '' || path === '.' ? '^{tree}' : `:${path}`;

  async function add(commits: readonly string[]): Promise<void> {
    const missing = commits.filter((commit) => !known.has(commit));
    if (missing.length === 0) return;
    const input = missing.map((commit) => `${commit}${suffix}\n`).join('');
    const output = lines(
      await git(gitDir, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], { input }),
    );
    for (const [index, commit] of missing.entries()) {
      const [id = '', type] = output[index]?.split(' ') ?? [];
      known.set(commit, type === 'tree' ? id : empty);
    }
  }

  await add(first);
  return { empty, add, of: (commit) => known.get(commit) ?? empty };
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
