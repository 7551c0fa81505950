import { type Complaint, InvalidDesiredState, type Place } from '../errors.ts';
import { oneLine } from '../one-line.ts';
import { LONGEST_COMPLAINT, MOST_COMPLAINTS } from './limits.ts';

/** Everything found wrong so far. The same mistake, met on two ways, is told once. */
export class Complaints {
  readonly #found = new Map<string, Complaint>();

  add(place: Place, text: string): void {
    const message = readable(text);
    this.#found.set(JSON.stringify([place.file, place.line, place.column, message]), { place, message });
  }

  addAll(complaints: readonly Complaint[]): void {
    for (const { place, message } of complaints) this.add(place, message);
  }

  /** By file, then in the order in which they stand in it. */
  list(): readonly Complaint[] {
    return [...this.#found.values()].toSorted(byPlace);
  }

  /** Throws InvalidDesiredState with all of them, if there are any. */
  throwIfAny(): void {
    if (this.#found.size > 0) throw new InvalidDesiredState(this.list());
  }
}

/** The complaints about one file in the order in which they stand in it: the first of them, and how many more there are. */
export function atMost(complaints: readonly Complaint[], most = MOST_COMPLAINTS): readonly Complaint[] {
  const sorted = complaints
    .map(({ place, message }) => ({ place, message: readable(message) }))
    .toSorted(byPlace);
  const [first] = sorted;
  if (first === undefined || sorted.length <= most) return sorted;
  const rest = { place: { file: first.place.file }, message: `has ${sorted.length - most} more mistakes` };
  return [...sorted.slice(0, most), rest];
}

/** On one line, and not too long: a key is text that someone else wrote, and a refusal goes into the record whole. */
function readable(text: string): string {
  const line = oneLine(text);
  return line.length <= LONGEST_COMPLAINT ? line : `${line.slice(0, LONGEST_COMPLAINT).toWellFormed()}…`;
}

function byPlace(a: Complaint, b: Complaint): number {
  if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1;
  const line = (a.place.line ?? 0) - (b.place.line ?? 0);
  return line !== 0 ? line : (a.place.column ?? 0) - (b.place.column ?? 0);
}
