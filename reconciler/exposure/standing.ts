/** What was found of the living guests when they were last looked into, judged by the desired state of now. Pure. */
import type { GuestSpec } from '../desired/spec.ts';
import type { Memory } from '../observed/memory.ts';
import { doubts, type Exposure, refusals, refusedBy, type Violation } from './exposure.ts';

export type Standing = {
  /** `refused`: by the guest's policy; otherwise it is only reported. */
  readonly violations: readonly (Violation & { readonly refused: boolean })[];
  /** Why the host is not healthy, in sentences. */
  readonly refusals: readonly string[];
  /** What cannot be told of guests of which it is only reported. */
  readonly doubts: readonly string[];
};

/** @param declared the guests of the desired state; one that nobody declares any more is judged by what it was built from */
export function standing({ guests }: Pick<Memory, 'guests'>, declared: readonly GuestSpec[]): Standing {
  const exposures = new Map<string, Exposure>();
  const specs = new Map<string, GuestSpec>();
  for (const [guest, { built, exposure }] of Object.entries(guests)) {
    if (built === null || !exposure) continue;
    exposures.set(guest, exposure);
    specs.set(guest, declared.find(({ name }) => name === guest) ?? built.spec);
  }
  const violations = [...exposures].flatMap(([guest, exposure]) => {
    const refused = refusedBy(specs.get(guest) ?? {}, exposure);
    return exposure.violations.map((finding) => ({
      guest,
      kind: finding.kind,
      detail: finding.detail,
      refused: refused.includes(finding),
    }));
  });
  return { violations, refusals: refusals(exposures, specs), doubts: doubts(exposures, specs) };
}
