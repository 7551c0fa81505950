/** The boxes that a record says the host has: names and digests, so that anyone can see from the account what lies where. Pure. */
import type { HostSpec } from '../desired/spec.ts';
import type { HostObservation, ObservedFile } from '../observed/observation.ts';
import { usersOf } from '../plan/box-use.ts';
import { boxKey } from '../plan/subject.ts';
import type { RecordedBox } from './record.ts';

/** Of the catalogue, sorted by name: those in Vagrant's store, and those of which only the file is here. */
export function boxesHere({ catalogue }: HostSpec, observation: HostObservation): readonly RecordedBox[] {
  const whole = observation.files.filter(({ state }) => state === 'whole');
  const fileOf = (sha256: string | null) => whole.find((file) => file.sha256 === sha256);
  const stored = observation.boxes.map((box): RecordedBox => {
    const { name, version, provider, sha256 } = box;
    return {
      ...{ name, version, provider, sha256 },
      added: true,
      ...about(fileOf(sha256)),
      usedBy: usersOf(box, observation)
        .guests.map((guest) => guest.name)
        .sort(),
    };
  });
  const added = new Set(stored.map(({ sha256 }) => sha256));
  const alone = whole.flatMap((file): RecordedBox[] => {
    if (file.box === null || added.has(file.sha256)) return [];
    return [{ ...file.box, sha256: file.sha256, added: false, ...about(file), usedBy: [] }];
  });
  return [...stored, ...alone]
    .filter(({ name }) => catalogue.includes(name))
    .sort((one, other) => (boxKey(one) < boxKey(other) ? -1 : 1));
}

function about(file: ObservedFile | undefined): Pick<RecordedBox, 'file' | 'verifiedAt'> {
  return { file: file !== undefined, verifiedAt: file?.verifiedAt ?? null };
}
