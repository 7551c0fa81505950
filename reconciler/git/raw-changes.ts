/** Which files commits change, from one `git diff-tree` for all of them, as it runs. */
import { checked } from './history.ts';
import { gitStream } from './stream-git.ts';

export type RawChange =
  /** A commit begins; what it changes follows. */
  | { readonly commit: string; readonly entry: null; readonly path: null }
  /** `:<mode> <mode> <id> <id> <status>`, as Git writes it. */
  | { readonly commit: string; readonly entry: string; readonly path: string };

/**
 * Of a merge nothing is listed.
 *
 * @param commits a line each, `<commit>`, or `<commit> <commit to compare it with>`
 * @param paths only what lies there; empty: everything
 */
export async function* rawChanges(
  gitDir: string,
  commits: Buffer,
  paths: readonly string[],
): AsyncGenerator<RawChange> {
  const flags = ['--stdin', '--always', '--root', '-r', '-z', '--no-renames'];
  const args = ['--literal-pathspecs', 'diff-tree', ...flags, '--', ...paths];
  let commit = '';
  let entry: string | null = null;
  // with `-z`: `<commit>\0`, then for each file `<entry>\0<path>\0`
  for await (const token of tokens(gitStream(gitDir, args, commits))) {
    if (entry !== null) {
      yield { commit, entry, path: token };
      entry = null;
    } else if (token.startsWith(':')) {
      entry = token;
    } else {
      commit = checked(token);
      yield { commit, entry: null, path: null };
    }
  }
}

async function* tokens(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of stream) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    let at = 0;
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0, at)) {
      yield rest.toString('utf8', at, end);
      at = end + 1;
    }
    rest = rest.subarray(at);
  }
}
