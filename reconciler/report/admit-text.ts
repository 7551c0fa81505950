/** What `boxreeve admit` says: to people, most of whom read it as `remote:` lines of a push, and as a document. */
import type { Admission } from '../door/admit.ts';
import type { Reason } from '../door/reason.ts';
import { showPlace } from '../errors.ts';
import { oneLine } from '../one-line.ts';

/** Lines without the one at the end. Pure. */
export function showAdmission({ refs, reasons }: Admission): readonly string[] {
  if (reasons.length === 0) return [`boxreeve: ${count(refs.length, 'ref')} may come in`];
  const lines = [`boxreeve: refused, for ${count(reasons.length, 'reason')}; nothing of this push is taken`];
  for (const [at, reason] of reasons.entries()) {
    lines.push(oneLine(`  ${subjectOf(reason)}: ${reason.problem}`));
    const next = reasons[at + 1];
    // said once for all that it is the answer to
    if (next?.advice !== reason.advice || next.ref !== reason.ref)
      lines.push(oneLine(`    -> ${reason.advice}`));
  }
  return lines;
}

/** Schema: report/schema/admit.json. */
export function admissionDocument({ refs, reasons }: Admission) {
  return {
    admitted: reasons.length === 0,
    refs: refs.map(({ ref, from, to, role }) => ({
      ref,
      from,
      to,
      role: role.role,
      host: role.role === 'audit' ? role.host : null,
      admitted: !reasons.some((reason) => reason.ref === ref),
    })),
    reasons: reasons.map(({ kind, ref, commit, place, problem, advice }) => ({
      kind,
      ref,
      commit,
      file: place?.file ?? null,
      line: place?.line ?? null,
      column: place?.column ?? null,
      problem,
      advice,
    })),
  };
}

/** Where it is: in a file, in a commit of a branch, or a ref. */
function subjectOf({ ref, commit, place }: Reason): string {
  if (place !== null) return showPlace(place);
  const name = ref.replace(/^refs\/heads\//, '');
  return commit === null ? name : `${name} ${commit.slice(0, 7)}`;
}

function count(number: number, one: string): string {
  return `${number} ${one}${number === 1 ? '' : 's'}`;
}
