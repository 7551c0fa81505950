/** A plan for people to read, and as a document for programs (`report/schema/plan.json`). Pure. */
import type { WindowSpec } from '../desired/spec.ts';
import type { Gate, GatedAction } from '../gate/gates.ts';
import { type Colour, type Line, paint, painted, wrapped } from '../painted.ts';
import type { Action, BoxRef, Plan } from './plan.ts';
import { shortCommit } from './reasons.ts';
import { freedBy, freedText } from './room.ts';
import { type Reader, readersClock, windowSentences } from './show-windows.ts';
import { actionGuest } from './subject.ts';

export type ShowOptions = Reader & {
  readonly color: boolean;
  /** Columns to fill. */
  readonly width: number;
  /** The windows of the host and its guests, told where nothing that waits tells of them. */
  readonly windows?: readonly WindowSpec[];
};

export function showPlan(plan: Plan, gated: readonly GatedAction[], options: ShowOptions): string {
  const lines: readonly Line[] = [
    paint('bold', headline(plan, gated)),
    ...gated.flatMap((one) => actionLines(one, options)),
    ...totalLines(gated.map(({ action }) => action)),
    ...plan.held.flatMap(({ why, failed }) => [
      '',
      ...wrapped(`  ${failed ? '!' : '?'} held: `, why, options.width).map((line) =>
        paint(failed ? 'red' : 'yellow', line),
      ),
    ]),
    ...remarks(plan, gated, options).map((line) => paint('dim', line)),
  ];
  return painted(lines, options.color);
}

/** Notes, and windows that no gate tells of. */
function remarks({ notes }: Plan, gated: readonly GatedAction[], options: ShowOptions): string[] {
  const told = new Set(
    gated.flatMap(({ gates }) => gates.flatMap((gate) => (gate.kind === 'window' ? [gate.window] : []))),
  );
  const lines = [
    ...notes.flatMap((note) => wrapped('  note: ', note, options.width)),
    ...windowSentences(options.windows ?? [], told, options).flatMap((each) =>
      wrapped('  ', each, options.width),
    ),
  ];
  return lines.length === 0 ? [] : ['', ...lines];
}

/** What `plan --json` prints. */
export type PlanDocument = {
  readonly host: string;
  readonly commit: string;
  readonly actions: readonly PlannedAction[];
  readonly held: Plan['held'];
  readonly notes: readonly string[];
  /** Bytes that all of it frees, as far as is known. */
  readonly frees: number;
};

export type PlannedAction = {
  readonly id: string;
  readonly kind: Action['kind'];
  readonly guest: string | null;
  readonly box: BoxRef | null;
  readonly reason: string;
  readonly before: string;
  readonly after: string;
  readonly disruptive: boolean;
  readonly needs: readonly string[];
  /** What the guest is built from; null where no guest is built. */
  readonly target: { readonly fingerprint: string; readonly commit: string; readonly role: string } | null;
  readonly recycle: boolean;
  /** Bytes that it frees; null where it frees none, or nobody knows how many. */
  readonly frees: number | null;
  /** What holds it; empty if it may go. */
  readonly gates: readonly Gate[];
};

export function planDocument(plan: Plan, gated: readonly GatedAction[]): PlanDocument {
  return {
    host: plan.host,
    commit: plan.commit,
    actions: gated.map(({ action, gates }) => ({
      id: action.id,
      kind: action.kind,
      guest: actionGuest(action),
      box: boxOf(action),
      reason: action.reason,
      before: action.before,
      after: action.after,
      disruptive: action.disruptive,
      needs: action.needs,
      target: 'target' in action ? targetOf(action.target) : null,
      recycle: action.kind === 'rebuild-guest' && action.recycle,
      frees: action.kind === 'remove-box' ? action.frees : null,
      gates,
    })),
    held: plan.held,
    notes: plan.notes,
    frees: freedBy(plan.actions),
  };
}

function boxOf(action: Action): BoxRef | null {
  const box = 'box' in action ? action.box : 'target' in action ? action.target.spec.box : null;
  return box && { name: box.name, version: box.version, provider: box.provider };
}

function targetOf({
  spec,
  commit,
  role,
}: (Action & { kind: 'create-guest' })['target']): PlannedAction['target'] {
  return { fingerprint: spec.fingerprint, commit, role };
}

function headline(plan: Plan, gated: readonly GatedAction[]): string {
  const at = `${plan.host} at ${shortCommit(plan.commit)}`;
  if (gated.length === 0) {
    return plan.held.length === 0
      ? `${at}: nothing to do, the host is what it should be`
      : `${at}: nothing that can be done now`;
  }
  const waiting = gated.filter(({ gates }) => gates.length > 0).length;
  const count = gated.length === 1 ? '1 action' : `${gated.length} actions`;
  return `${at}: ${count}${waiting === 0 ? '' : waiting === gated.length ? ', waiting' : `, ${waiting} of them waiting`}`;
}

const SIGNS: Readonly<Record<Action['kind'], readonly [string, Colour]>> = {
  'fetch-box': ['↓', 'cyan'],
  'add-box': ['+', 'green'],
  'remove-box': ['-', 'red'],
  'create-guest': ['+', 'green'],
  'rebuild-guest': ['~', 'yellow'],
  'start-guest': ['>', 'green'],
  'remove-guest': ['-', 'red'],
  'reboot-host': ['*', 'yellow'],
};

function actionLines({ action, gates }: GatedAction, options: ShowOptions): Line[] {
  const [sign, colour] = SIGNS[action.kind];
  const change = [action.before || 'nothing', action.after || 'nothing'].join(' → ');
  return [
    '',
    paint(colour, `  ${sign} ${action.id}${action.disruptive ? '  (disruptive)' : ''}`),
    ...wrapped('      ', action.reason, options.width),
    ...wrapped('      ', change, options.width).map((line) => paint('dim', line)),
    ...(action.kind === 'remove-box' ? [paint('dim', `      frees ${freedText([action])}`)] : []),
    ...gates.flatMap((gate) =>
      wrapped('      waits: ', gateText(gate, options), options.width).map((line) => paint('yellow', line)),
    ),
  ];
}

/** Where several boxes and files go. */
function totalLines(actions: readonly Action[]): string[] {
  const removals = actions.filter(({ kind }) => kind === 'remove-box');
  return removals.length < 2 ? [] : ['', `  all in all frees ${freedText(removals)}`];
}

/** A window's opening is told in its own zone, in the reader's where that is another, and as a time from now. */
function gateText(gate: Gate, reader: Reader): string {
  if (gate.kind !== 'window' || gate.opensAt === null) return gate.detail;
  return `${gate.detail}: ${readersClock(Date.parse(gate.opensAt), gate.detail, reader)}`;
}
