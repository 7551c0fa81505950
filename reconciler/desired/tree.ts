/** The files of one revision of the infra repo, as the loader of desired state sees them. */
export type TreeEntry = {
  /** Full path in the repository. */
  readonly path: string;
  readonly kind: 'file' | 'executable' | 'symlink' | 'submodule' | 'directory' | 'other';
  /** Git object id (for a work tree, the id Git would give the content). */
  readonly oid: string;
  /** Bytes; 0 for what is not a file. */
  readonly size: number;
};

export interface DesiredTree {
  /** What messages call this revision: a commit id, or `work tree`. */
  readonly revision: string;
  /** The entry at exactly this path of the repository, if there is one. */
  entry(path: string): Promise<TreeEntry | undefined>;
  /** All entries below a folder, recursively, folders left out; sorted by path; empty if there is no such folder. */
  list(folder: string): Promise<readonly TreeEntry[]>;
  /** Content of a regular file. */
  read(entry: TreeEntry): Promise<Buffer>;
}
