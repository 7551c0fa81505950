/** Checks every file of a desired state, also those that no host uses yet. */
import { type Complaint, showPlace } from '../errors.ts';
import type { Member } from '../rollout/progress.ts';
import { wavesOf } from '../rollout/waves.ts';
import { complainOfSharedKeys } from './audit-keys.ts';
import { DesiredFiles, type Listed } from './desired-files.ts';
import { readBox } from './find-box.ts';
import { type FleetRules, readFleetRules } from './fleet-rules.ts';
import { pointer } from './json-pointer.ts';
import { didYouMean } from './nearest.ts';
import { overrideWarnings } from './override.ts';
import { checkRecipe, checkRecipeNames } from './recipe.ts';
import { resolveFrom } from './resolve.ts';
import { checkGuest } from './resolve-guest.ts';
import type { HostSelector } from './spec.ts';
import type { DesiredTree } from './tree.ts';

export type Validation = {
  readonly complaints: readonly Complaint[];
  readonly warnings: readonly string[];
  readonly hosts: number;
  readonly guests: number;
  readonly boxes: number;
};

/** Never throws for what the files say. @param root folder of the desired state in the repository */
export async function validateAll(tree: DesiredTree, root: string): Promise<Validation> {
  const files = new DesiredFiles(tree, root);
  const rules = await readFleetRules(files);
  const [hosts, guests, boxes] = await Promise.all([
    files.names('hosts'),
    files.names('guests'),
    files.names('boxes'),
  ]);
  for (const host of hosts) await resolveFrom(files, host);
  for (const guest of guests) await checkGuest(files, guest, rules);
  for (const name of boxes) {
    const box = await readBox(files, name);
    if (box !== undefined) await checkRecipeNames(files, box);
  }
  for (const recipe of await files.recipeNames()) await checkRecipe(files, recipe);
  await complainOfSharedKeys(files, hosts);
  for (const folder of ['hosts', 'guests', 'boxes'] as const) await complainOfNames(files, folder);
  return {
    complaints: files.complaints.list(),
    warnings: [
      ...(rules?.warnings ?? []),
      ...(await overrides(files, guests)),
      ...(await idleGuests(files, hosts, guests)),
      ...(rules === undefined ? [] : await emptyWaves(files, rules, hosts)),
    ],
    hosts: hosts.length,
    guests: guests.length,
    boxes: boxes.length,
  };
}

/** Files that look as if they said something, and would never be read; names that macOS takes for one. */
async function complainOfNames(files: DesiredFiles, folder: Listed): Promise<void> {
  const seen = new Map<string, string>();
  for (const { path, kind } of await files.list(folder)) {
    const inside = files.inside(path);
    // a recipe's own files may be called whatever they like
    if (/^boxes\/[^/]+\.recipe\//.test(inside)) continue;
    if (/^boxes\/.+\/[^/]+\.recipe\.yaml$/.test(inside)) {
      files.complaints.add({ file: path }, 'is never read: recipes lie directly in boxes/');
    }
    if (folder !== 'guests' && inside.endsWith('.yml')) {
      files.complaints.add({ file: path }, 'is never read: its name must end in .yaml');
    }
    if (folder === 'hosts' && /^hosts\/.+\/.+\.yaml$/.test(inside)) {
      files.complaints.add({ file: path }, 'is never read: hosts lie directly in hosts/');
    }
    if (folder === 'guests' && !/^guests\/[^/]+\//.test(inside) && /\.ya?ml$/.test(inside)) {
      files.complaints.add({ file: path }, `is never read: a guest is a folder with a guest.yaml`);
    }
    if (kind === 'submodule' || folder === 'guests') continue;
    const folded = inside.normalize('NFC').toLowerCase();
    const twin = seen.get(folded);
    seen.set(folded, twin ?? inside);
    if (twin !== undefined)
      files.complaints.add({ file: path }, `is the same name as ${twin} on macOS, where case does not count`);
  }
}

async function overrides(files: DesiredFiles, names: readonly string[]): Promise<readonly string[]> {
  const guests = await Promise.all(names.map((name) => files.guest(name)));
  return guests.flatMap((guest) => (guest === undefined ? [] : overrideWarnings(guest)));
}

async function idleGuests(
  files: DesiredFiles,
  hosts: readonly string[],
  guests: readonly string[],
): Promise<readonly string[]> {
  const used = new Set<string>();
  for (const host of hosts) {
    for (const guest of (await files.host(host))?.data.guests ?? []) used.add(guest);
  }
  const idle = guests.filter((guest) => !used.has(guest));
  return idle.map(
    (guest) => `${showPlace({ file: files.path(`guests/${guest}/guest.yaml`) })} no host has this guest`,
  );
}

/** A wave that nobody is in is no canary: what should have waited for it goes at once. */
async function emptyWaves(
  files: DesiredFiles,
  { rollout }: FleetRules,
  hosts: readonly string[],
): Promise<readonly string[]> {
  const fleet = await files.fleet();
  if (rollout === null || fleet === undefined) return [];
  const members: Member[] = [];
  for (const name of hosts.toSorted()) {
    const host = await files.host(name);
    // it may be in any wave; that it cannot be read is told as a mistake
    if (host === undefined) return [];
    members.push({ name, labels: host.data.labels ?? [], guests: new Map(), broken: null });
  }
  return wavesOf(rollout.waves, members).flatMap((wave, index) => {
    const of = rollout.waves[index]?.hosts;
    if (of === undefined || wave.members.length > 0) return [];
    const place = showPlace(fleet.yaml.place(pointer('rollout', 'waves', index, 'hosts')));
    return [
      `${place} rollout.waves[${index}] has no host, so that the next wave waits for nobody: ${whyEmpty(of, members)}`,
    ];
  });
}

function whyEmpty(hosts: HostSelector, members: readonly Member[]): string {
  const labels = new Set(members.flatMap((member) => member.labels));
  return hosts.by === 'label' && !labels.has(hosts.label)
    ? `none has the label "${hosts.label}"${didYouMean(hosts.label, labels)}`
    : 'those that it names are in earlier waves already';
}
