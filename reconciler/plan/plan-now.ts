/** Makes the plan, and refuses one that breaks a rule of plans: a planner with a defect must do nothing, loudly. */
import type { HostSpec } from '../desired/spec.ts';
import type { HostObservation } from '../observed/observation.ts';
import { lintPlan } from './lint-plan.ts';
import { makePlan } from './make-plan.ts';
import type { Plan } from './plan.ts';
import { NO_LIMITS, type RolloutLimits } from './targets.ts';

export function planNow(
  desired: { readonly commit: string; readonly spec: HostSpec },
  observation: HostObservation,
  now: number,
  limits: RolloutLimits = NO_LIMITS,
): Plan {
  const plan = makePlan({ spec: desired.spec, commit: desired.commit, observation, now, limits });
  const faults = lintPlan(plan, observation);
  if (faults.length > 0)
    throw new Error(`the plan breaks its own rules, and nothing was done: ${faults.join('; ')}`);
  return plan;
}
