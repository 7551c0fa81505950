/**
 * Carries out actions in the order of the plan, each between two lines of the journal. What an action met is its outcome, never
 * an exception: the ones after it that do not need it still go.
 */
import { iso } from '../clock.ts';
import type { Action } from '../plan/plan.ts';
import { addBox, fetchBox, removeBox } from './box-actions.ts';
import { buildGuest } from './build-guest.ts';
import { removeGuest, startGuest } from './other-guest-actions.ts';
import type { ActionOutcome, AttemptLog } from './outcome.ts';
import { beginReboot } from './reboot-host.ts';
import { type ApplyDeps, failed, type Step, type StepResult } from './step.ts';

/** @param signal aborted: the step under way gets a moment, then is cut; nothing new begins */
export async function applyActions(
  actions: readonly Action[],
  attempt: AttemptLog,
  signal: AbortSignal,
  deps: ApplyDeps,
): Promise<readonly ActionOutcome[]> {
  const outcomes: ActionOutcome[] = [];
  const succeeded = new Set<string>();
  for (const action of actions) {
    const unmet = action.needs.filter((need) => !succeeded.has(need));
    const outcome = signal.aborted
      ? skipped(action, 'the reconciler was told to stop')
      : unmet.length > 0
        ? skipped(action, `it needs ${unmet.join(', ')}`)
        : await carryOutOne(action, attempt, signal, deps);
    if (outcome.result === 'done') succeeded.add(action.id);
    if (outcome.result === 'skipped') await attempt.end(outcome);
    outcomes.push(outcome);
  }
  return outcomes;
}

async function carryOutOne(
  action: Action,
  attempt: AttemptLog,
  signal: AbortSignal,
  deps: ApplyDeps,
): Promise<ActionOutcome> {
  const started = deps.clock.now();
  await attempt.begin(action);
  deps.log.info({ event: 'action', action: action.id }, `${action.id}: ${action.reason}`);
  const result = await carryOutSafely(action, stepOf(deps, attempt, signal));
  const outcome: ActionOutcome = {
    action,
    startedAt: iso(started),
    durationMs: deps.clock.now() - started,
    ...result,
  };
  await attempt.end(outcome);
  const told = {
    event: 'action-ended',
    action: action.id,
    result: outcome.result,
    durationMs: outcome.durationMs,
  };
  if (outcome.error === null) deps.log.info(told, `${action.id}: ${outcome.result}`);
  else deps.log.error(told, `${action.id}: ${outcome.error}`);
  return outcome;
}

function stepOf(deps: ApplyDeps, attempt: AttemptLog, signal: AbortSignal): Step {
  return {
    ...deps,
    signal,
    run: (timeoutMs) => ({
      timeoutMs,
      signal,
      redactor: deps.redactor,
      onStart: (process) => attempt.note(process),
    }),
  };
}

async function carryOutSafely(action: Action, step: Step): Promise<StepResult> {
  try {
    const result = await perform(action, step);
    return { ...result, error: result.error === null ? null : step.redactor.text(result.error) };
  } catch (error) {
    if (step.signal.aborted)
      return { ...failed('it was cut, because the reconciler was told to stop'), result: 'interrupted' };
    return failed(step.redactor.text(error instanceof Error ? error.message : String(error)));
  }
}

function perform(action: Action, step: Step): Promise<StepResult> {
  switch (action.kind) {
    case 'fetch-box':
      return fetchBox(step, action);
    case 'add-box':
      return addBox(step, action.box, action.keepsFile);
    case 'remove-box':
      return removeBox(step, action);
    case 'create-guest':
    case 'rebuild-guest':
      return buildGuest(step, action.guest, action.target);
    case 'start-guest':
      return startGuest(step, action);
    case 'remove-guest':
      return removeGuest(step, action.guest);
    case 'reboot-host':
      return beginReboot(step, action);
  }
}

function skipped(action: Action, why: string): ActionOutcome {
  return {
    action,
    result: 'skipped',
    startedAt: null,
    durationMs: 0,
    exitStatus: null,
    output: '',
    error: why,
    guestAtFault: false,
    probes: [],
  };
}
