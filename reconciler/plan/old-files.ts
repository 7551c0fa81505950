/** Box files that are of no use any more: rules 18 and 19 of make-plan.ts. */
import type { BoxSpec } from '../desired/spec.ts';
import { nameSome } from '../name-some.ts';
import type { HostObservation, ObservedBox, ObservedFile } from '../observed/observation.ts';
import { showBytes } from './bytes.ts';
import { isWaitedFor, keepsFile } from './keep.ts';
import type { OldBoxFacts } from './old-boxes.ts';
import { type Draft, Rank } from './order.ts';
import type { BoxRef } from './plan.ts';
import { boxTitle } from './subject.ts';

export type OldFiles = {
  readonly drafts: readonly Draft[];
  readonly notes: readonly string[];
  /** Digests of files that go with their box out of Vagrant's store. */
  readonly leaving: ReadonlySet<string>;
};

/**
 * @param removed boxes that leave Vagrant's store, their files with them
 * @param proofsBefore ids of what must be done before nobody would go back to a box of this digest; null: somebody stays at it
 */
export function removeOldFiles(
  facts: OldBoxFacts,
  removed: readonly ObservedBox[],
  proofsBefore: (sha256: string) => readonly string[] | null,
): OldFiles {
  const { observation } = facts;
  const useless = observation.files.filter((file) => !isOfUse(file, facts, removed));
  const withBox = new Set(removed.flatMap(({ sha256 }) => sha256 ?? []));
  const alone = useless.filter(({ sha256 }) => !withBox.has(sha256));
  const named = alone.map((file) => ({ file, box: boxOf(file, facts) }));
  return {
    leaving: new Set(useless.filter(({ sha256 }) => withBox.has(sha256)).map(({ sha256 }) => sha256)),
    drafts: named.flatMap(({ file, box }) => {
      const needs = isStranger(file, box) ? null : proofsBefore(file.sha256);
      return needs === null ? [] : [removal(file, box, needs)];
    }),
    notes: [
      ...named
        .filter(({ file, box }) => isStranger(file, box))
        .map(
          ({ file }) =>
            `${file.sha256}.box is a file of no box that is known here, and is left as it is (${showBytes(file.bytes)})`,
        ),
      ...(observation.strangeFiles.length === 0
        ? []
        : [
            `not Boxreeve's in the folder of box files, and left as it is: ${nameSome(observation.strangeFiles, MOST_LISTED)}`,
          ]),
    ],
  };
}

/** What lies in the folder of box files under a digest. */
export function fileOf(sha256: string, { files }: HostObservation): ObservedFile | undefined {
  return files.find((file) => file.sha256 === sha256);
}

/** Bytes that a box of Vagrant's frees, with its file; null where nothing of it is known. */
export function freedWith({ bytes }: ObservedBox, file: ObservedFile | undefined): number | null {
  if (file === undefined) return bytes;
  return file.bytes + (bytes ?? 0);
}

function isOfUse(file: ObservedFile, facts: OldBoxFacts, removed: readonly ObservedBox[]): boolean {
  const { spec, observation, needed, supply, now } = facts;
  if (isWaitedFor(file, now)) return true;
  const wanted = needed.find(({ sha256 }) => sha256 === file.sha256);
  const comes = supply.some(({ action }) => action.kind === 'add-box' && action.box.sha256 === file.sha256);
  if (comes) return true;
  const stored = observation.boxes.filter((box) => box.sha256 === file.sha256 && !removed.includes(box));
  // its box may yet be needed here: held for now, say
  if (wanted !== undefined && stored.length === 0) return true;
  if (file.state !== 'whole' || stored.length === 0) return false;
  return wanted === undefined ? spec.keep?.files !== false : keepsFile(spec, wanted);
}

/** By its note, or because it is the file of a box that is known otherwise. */
function boxOf(file: ObservedFile, { observation, needed }: OldBoxFacts): BoxRef | null {
  const known: readonly BoxSpec[] = [
    ...needed,
    ...observation.guests.flatMap(({ lastGood }) => (lastGood === null ? [] : [lastGood.spec.box])),
  ];
  const isIt = ({ sha256 }: { readonly sha256: string | null }) => sha256 === file.sha256;
  const found = file.box ?? observation.boxes.find(isIt) ?? known.find(isIt);
  return found === undefined ? null : { name: found.name, version: found.version, provider: found.provider };
}

/** A whole file that no note and no box tells of may have been put there by a person. What a download left was not. */
function isStranger({ state }: ObservedFile, box: BoxRef | null): boolean {
  return state === 'whole' && box === null;
}

function removal(file: ObservedFile, box: BoxRef | null, needs: readonly string[]): Draft {
  const of = box === null ? `SHA-256 ${file.sha256.slice(0, 8)}` : boxTitle(box);
  const what = { whole: 'file', cut: 'cut download', rest: 'what lay beside the file' }[file.state];
  return {
    rank: Rank.removeBox,
    action: {
      kind: 'remove-box',
      from: 'files',
      id: `remove-box file ${file.sha256.slice(0, 12)}`,
      box,
      file: file.sha256,
      frees: file.bytes,
      reason: needs.length === 0 ? 'it is of no use here' : 'it is of no use here once that is done',
      before: `${what} of ${of}, ${showBytes(file.bytes)}`,
      after: '',
      disruptive: false,
      needs,
    },
  };
}

const MOST_LISTED = 5;
