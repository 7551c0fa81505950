/** A commit by this host, or by a person, made of Git's objects alone: no work tree, signed with an SSH key. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { git, lines } from './git-command.ts';

export type PutFile = { readonly mode: '100644' | '100755' | '120000'; readonly oid: string };

export type CommitDraft = {
  /** What it comes after, and what the files are laid over; null: it is the first, and has nothing else. */
  readonly parent: string | null;
  /** Further parents, whose files it does not have. */
  readonly others?: readonly string[];
  /** It has these files and nothing else, whatever its parent has. */
  readonly alone?: boolean;
  /** Content by path in the repository. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Files that Git has already, by path; null: there is none at that path any more. */
  readonly put?: ReadonlyMap<string, PutFile | null>;
  readonly message: string;
  /** Its author and committer. */
  readonly host: string;
  /** Where a person made it; absent: a host did, which has none. */
  readonly email?: string;
  /** Private SSH key without a passphrase, absolute; or a public one whose private half is in ssh-agent; null: it is not signed. */
  readonly signingKey: string | null;
  /** Ms since the epoch. */
  readonly at: number;
};

/** Writes it, and returns its id; no ref names it yet. Throws GitFailed. */
export async function writeSignedCommit(gitDir: string, draft: CommitDraft): Promise<string> {
  const { parent, host, signingKey, message: input } = draft;
  const tree = await treeWith(gitDir, draft);
  const who = {
    NAME: host,
    EMAIL: draft.email ?? `${host}@boxreeve.invalid`,
    DATE: `${Math.floor(draft.at / 1000)} +0000`,
  };
  const env = Object.fromEntries(
    Object.entries(who).flatMap(([name, value]) => [
      [`GIT_AUTHOR_${name}`, value],
      [`GIT_COMMITTER_${name}`, value],
    ]),
  );
  const ssh = ['-c', 'gpg.format=ssh', '-c', 'gpg.ssh.program=ssh-keygen'];
  const signing = signingKey === null ? [] : [...ssh, '-c', `user.signingkey=${signingKey}`];
  const sign = signingKey === null ? [] : ['-S'];
  const parents = [...(parent === null ? [] : [parent]), ...(draft.others ?? [])].flatMap((each) => [
    '-p',
    each,
  ]);
  const [commit = ''] = lines(
    await git(gitDir, [...signing, 'commit-tree', ...sign, ...parents, '-F', '-', tree], { input, env }),
  );
  return commit;
}

async function treeWith(
  gitDir: string,
  { parent, alone, files, put = new Map() }: CommitDraft,
): Promise<string> {
  const index = join(gitDir, `boxreeve-index-${randomUUID()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    if (parent !== null && alone !== true) await git(gitDir, ['read-tree', parent], { env });
    for (const [path, input] of files) {
      const [blob = ''] = lines(await git(gitDir, ['hash-object', '-w', '--stdin'], { input }));
      await git(gitDir, ['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`], { env });
    }
    const entries = [...put].map(([path, file]) => indexLine(path, file));
    if (entries.length > 0)
      await git(gitDir, ['update-index', '-z', '--index-info'], { input: entries.join(''), env });
    // the mirror is a partial clone: contents of other files are with the remote, and stay there
    const [tree = ''] = lines(await git(gitDir, ['write-tree', '--missing-ok'], { env }));
    return tree;
  } finally {
    await rm(index, { force: true });
  }
}

/** A mode of 0 takes the path out. */
function indexLine(path: string, file: PutFile | null): string {
  return file === null ? `0 ${'0'.repeat(40)}\t${path}\0` : `${file.mode} ${file.oid}\t${path}\0`;
}
