/**
 * Limits of what is read from a commit. They stand far above what a person writes, and far below what would hurt a host:
 * whoever can push to the infra repo must not be able to stop its hosts from reading the next commit.
 */
const KIB = 1024;
const MIB = 1024 * KIB;

/** One YAML file, in bytes. */
export const LARGEST_YAML = 256 * KIB;
/** Collections within collections in a YAML file. */
export const DEEPEST_YAML = 32;
/** Aliases (`*name`) in a YAML file. */
export const MOST_ALIASES = 100;
/** Values in a YAML file, each alias counted with all that it stands for. */
export const MOST_VALUES = 50_000;
/** Complaints told of one file; the rest are counted. */
export const MOST_COMPLAINTS = 100;
/** One complaint, in characters. */
export const LONGEST_COMPLAINT = 600;
/** Files in a guest's folder. */
export const MOST_GUEST_FILES = 1000;
/** All files of a guest's folder together, in bytes. */
export const LARGEST_GUEST = 16 * MIB;

/** Bytes as people say them: `256 KiB`. */
export function showBytes(bytes: number): string {
  if (bytes >= MIB) return `${Math.round((bytes / MIB) * 10) / 10} MiB`;
  return bytes >= KIB ? `${Math.round((bytes / KIB) * 10) / 10} KiB` : `${bytes} bytes`;
}
