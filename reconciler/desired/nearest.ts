import { distance } from 'fastest-levenshtein';

/** The candidate that `word` was most likely meant to be; undefined if none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const found = distanceTo(word, candidate);
    if (found <= tolerance(word) && (best === undefined || found < best.distance)) {
      best = { candidate, distance: found };
    }
  }
  return best?.candidate;
}

/** `; did you mean \`probes\`?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? '' : `; did you mean \`${found}\`?`;
}

/** A word that was cut short counts as near, and one that was not: `azure` for `azure-pipelines`, `monday` for `mon`. */
function distanceTo(word: string, candidate: string): number {
  const [a, b] = [word.toLowerCase(), candidate.toLowerCase()];
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= 3 && long.startsWith(short) ? 1 : distance(a, b);
}

/** Slips that a word may have; two letters that changed places are two. */
function tolerance({ length }: string): number {
  if (length < 4) return 1;
  return length < 9 ? 2 : 3;
}
