/** What a commit says of roll-outs, for whoever looks at the whole fleet and is none of its hosts. */
import { InvalidDesiredState, showComplaint } from '../errors.ts';
import { DesiredFiles } from './desired-files.ts';
import { readFleetRules } from './fleet-rules.ts';
import { checkGuest } from './resolve-guest.ts';
import type { RolloutSpec } from './spec.ts';
import type { DesiredTree } from './tree.ts';

export type RolloutRules = {
  /** null: nothing is said of it, so no host waits for another. */
  readonly rollout: RolloutSpec | null;
  /** Where hosts push to; null: the infra repo. */
  readonly auditRepo: string | null;
  /** Audit branch, with `{host}` in it. */
  readonly auditBranch: string;
  /** Guests whose files can be read, sorted. */
  readonly guests: readonly string[];
  /** What is wrong with the rest, in sentences. */
  readonly problems: readonly string[];
};

/** Throws InvalidDesiredState if `fleet.yaml` cannot be read. @param root folder of the desired state */
export async function readRolloutRules(tree: DesiredTree, root: string): Promise<RolloutRules> {
  const files = new DesiredFiles(tree, root);
  const rules = await readFleetRules(files);
  if (rules === undefined) throw new InvalidDesiredState(files.complaints.list());
  const guests: string[] = [];
  for (const name of (await files.names('guests')).toSorted())
    if ((await checkGuest(files, name, rules)) !== undefined) guests.push(name);
  const { rollout, auditRepo, auditBranch } = rules;
  return { rollout, auditRepo, auditBranch, guests, problems: files.complaints.list().map(showComplaint) };
}
