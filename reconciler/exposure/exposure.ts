/**
 * Who can get into a guest, and whether that is allowed. Pure.
 *
 * 1. A way in is a finding only if it was tried and it worked; what could not be tried is unknown, and never taken for closed.
 * 2. Whether a finding is refused is judged by the desired state of now, not by that of when the guest was built.
 */
import type { ExposureKind, GuestSpec } from '../desired/spec.ts';

export type Finding = {
  readonly kind: ExposureKind;
  /** A sentence: where and how others get in; or, of what is unknown, why that cannot be told. */
  readonly detail: string;
};

/** What was found of one guest. */
export type Exposure = {
  readonly violations: readonly Finding[];
  readonly unknown: readonly Finding[];
};

/** A finding as the record has it. */
export type Violation = Finding & { readonly guest: string };

const KINDS: readonly ExposureKind[] = ['ssh-beyond-host', 'insecure-key', 'password-login'];

/** Of one guest; all of it is unknown for one that was not looked into. */
export function exposureOf(exposures: ReadonlyMap<string, Exposure>, guest: string): Exposure {
  const unknown = KINDS.map((kind) => ({ kind, detail: 'it was not looked into' }));
  return exposures.get(guest) ?? { violations: [], unknown };
}

export function violationsOf(exposures: ReadonlyMap<string, Exposure>): readonly Violation[] {
  return [...exposures].flatMap(([guest, { violations }]) =>
    violations.map(({ kind, detail }) => ({ guest, kind, detail })),
  );
}

/** The findings that this guest's policy refuses. */
export function refusedBy({ refuses }: Pick<GuestSpec, 'refuses'>, { violations }: Exposure): Finding[] {
  return violations.filter(({ kind }) => refuses?.includes(kind));
}

/** What makes a host unhealthy: what is refused and found, and what is refused and cannot be told. */
export function refusals(
  exposures: ReadonlyMap<string, Exposure>,
  specs: ReadonlyMap<string, GuestSpec>,
): readonly string[] {
  return [...exposures].flatMap(([guest, exposure]) => {
    const spec = specs.get(guest);
    if (spec === undefined) return [];
    const doubted = exposure.unknown.filter(({ kind }) => spec.refuses?.includes(kind));
    return [
      ...refusedBy(spec, exposure).map(
        (finding) => `${guest} is exposed, which is refused: ${inWords(finding)}`,
      ),
      ...doubted.map((doubt) => doubtOf(guest, doubt)),
    ];
  });
}

/** What could not be told of guests whose policy only reports it. */
export function doubts(
  exposures: ReadonlyMap<string, Exposure>,
  specs: ReadonlyMap<string, GuestSpec>,
): readonly string[] {
  return [...exposures].flatMap(([guest, { unknown }]) =>
    unknown
      .filter(({ kind }) => !specs.get(guest)?.refuses?.includes(kind))
      .map((doubt) => doubtOf(guest, doubt)),
  );
}

export function inWords({ kind, detail }: Finding): string {
  return `${kind}: ${detail}`;
}

function doubtOf(guest: string, doubt: Finding): string {
  return `whether ${guest} is exposed is unknown: ${inWords(doubt)}`;
}
