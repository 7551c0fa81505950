/**
 * A guest whose changes go before what usually holds them: `urgent` its window, `interruptJobs` the CI job that runs. Meant for one
 * change, so whoever reads a plan is told of it for as long as it stands there.
 */
import { showPlace } from '../errors.ts';
import type { DesiredFiles, Loaded } from './desired-files.ts';
import type { Guest } from './generated/guest.ts';
import { pointer } from './json-pointer.ts';
import type { GuestSpec } from './spec.ts';

export function checkOverride(files: DesiredFiles, { data, yaml }: Loaded<Guest>): void {
  if (data.interruptJobs !== true || data.reason !== undefined) return;
  const message =
    'interruptJobs needs a reason beside it, such as reason: "CVE-2026-1234 is being used against us"';
  files.complaints.add(yaml.place(pointer('interruptJobs')), message);
}

export function placeOverride({
  urgent,
  interruptJobs,
  reason,
}: Guest): Pick<GuestSpec, 'urgent' | 'interruptJobs'> {
  return {
    ...(urgent === true ? { urgent: reason ?? '' } : {}),
    ...(interruptJobs === true && reason !== undefined ? { interruptJobs: reason } : {}),
  };
}

/** What a reader of every plan should be told for as long as it stands there. */
export function overrideWarnings({ data, yaml }: Loaded<Guest>): string[] {
  const standing = [
    data.urgent === true ? (['urgent', 'does not wait for its window'] as const) : null,
    data.interruptJobs === true ? (['interruptJobs', 'ENDS THE CI JOB THAT RUNS'] as const) : null,
  ];
  return standing
    .filter((each) => each !== null)
    .map(
      ([key, what]) =>
        `${showPlace(yaml.place(pointer(key)))} ${key} is on: a change of ${data.name} ${what}. Take it out once the change has landed`,
    );
}
