/** Which change a commit asks for of each guest, whatever host has it. */
import { DesiredFiles } from './desired-files.ts';
import { fingerprintOf } from './fingerprint.ts';
import { ANY_HOST } from './fleet-facts.ts';
import { readFleetRules } from './fleet-rules.ts';
import { checkGuest, placeBuild } from './resolve-guest.ts';
import type { DesiredTree } from './tree.ts';

/** As `FleetFacts.changes`, of all guests whose files can be read; of the others nothing is said. @param root folder of the desired state */
export async function readChanges(tree: DesiredTree, root: string): Promise<ReadonlyMap<string, string>> {
  const files = new DesiredFiles(tree, root);
  const rules = await readFleetRules(files);
  const changes = new Map<string, string>();
  for (const name of await files.names('guests')) {
    const checked = await checkGuest(files, name, rules);
    if (checked !== undefined) changes.set(name, fingerprintOf(placeBuild(checked, ANY_HOST)));
  }
  return changes;
}
