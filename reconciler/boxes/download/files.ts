/** Names of the files beside a box's file. `file` is `<folder>/<sha256>.box`. */

/** What is here of it while it is fetched. */
export function partialOf(file: string): string {
  return `${file}.partial`;
}

/** Where a partial that is a prefix came from. */
export function originOf(file: string): string {
  return `${file}.partial.from`;
}

/** Which chunks of it are in the partial; other hosts read it. */
export function haveOf(file: string): string {
  return `${file}.have`;
}

/** Its chunk list. */
export function listOf(file: string): string {
  return `${file.replace(/\.box$/, '')}.chunks`;
}

/** What is known of it. */
export function noteOf(file: string): string {
  return `${file.replace(/\.box$/, '')}.json`;
}
