/** Which commits there are to tell of, and what each changed. What a commit says never changes, so some of it is kept. */
import { readChanges } from '../desired/changes.ts';
import { fetchContents } from '../git/fetch-contents.ts';
import { gitAnswer, lines } from '../git/git-command.ts';
import { checked, refValue } from '../git/history.ts';
import type { Mirror } from '../git/mirror.ts';
import { Kept } from './kept.ts';
import type { CommitNews } from './standing.ts';

export type CommitParts = {
  /** The mirror's repository. */
  readonly gitDir: string;
  /** Folder of the desired state. */
  readonly path: string;
  readonly mirror: Pick<Mirror, 'tree' | 'desiredTreeId' | 'describe'>;
};

/** Commits that are taken up at a time, the newest of those that came since. */
const MOST_COMMITS = 100;

export class CommitsToTell {
  private readonly parts: CommitParts;
  /** By id of the desired tree. */
  private readonly changes = new Kept<ReadonlyMap<string, string>>(16);
  /** By commit. */
  private readonly known = new Kept<CommitNews>(64);

  constructor(parts: CommitParts) {
    this.parts = parts;
  }

  /** Those of the watched branch itself that changed desired state, oldest first. */
  async after(since: string, followed: string): Promise<readonly string[]> {
    const { gitDir, path } = this.parts;
    const range = `${checked(since)}..${checked(followed)}`;
    const where = path === '' ? [] : ['--', `:(top,literal)${path}`];
    const args = ['rev-list', '--first-parent', `--max-count=${MOST_COMMITS}`, range, ...where];
    const { stdout, exitCode } = await gitAnswer(gitDir, args, { allow: [128] });
    // 128: the branch may have begun anew since, and what was before it is not here
    return exitCode === 0 ? lines(stdout).reverse() : [followed];
  }

  /** Throws RemoteUnreachable if its contents, or those of the commit before it, are not here and cannot be had. */
  async news(commit: string): Promise<CommitNews> {
    return this.known.of(commit, async () => {
      const { subject } = await this.parts.mirror.describe(commit);
      const parent = await refValue(this.parts.gitDir, `${checked(commit)}^1`);
      const before = parent === null ? new Map<string, string>() : await this.changesOf(parent);
      const after = [...(await this.changesOf(commit))];
      return {
        commit,
        subject,
        touched: new Map(after.filter(([guest, change]) => before.get(guest) !== change)),
      };
    });
  }

  private async changesOf(commit: string): Promise<ReadonlyMap<string, string>> {
    const { gitDir, path, mirror } = this.parts;
    const tree = await mirror.desiredTreeId(commit);
    if (tree === null) return new Map();
    return this.changes.of(tree, async () => {
      // of a commit that no poll of this host saw as the newest, the contents are with the remote yet
      await fetchContents(gitDir, [tree]);
      return readChanges(mirror.tree(commit), path);
    });
  }
}
