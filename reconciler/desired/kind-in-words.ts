import type { TreeEntry } from './tree.ts';

/** What an entry is, for a message. */
export const KIND_IN_WORDS: Readonly<Record<TreeEntry['kind'], string>> = {
  file: 'a file',
  executable: 'a file',
  symlink: 'a symlink',
  submodule: 'a submodule',
  directory: 'a folder',
  other: 'a device, a socket or the like',
};
