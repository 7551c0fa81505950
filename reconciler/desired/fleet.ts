/** What others than a host itself must know of the fleet: whose records count, where they are, and whose commits. */
import { InvalidDesiredState } from '../errors.ts';
import { type AuditKeys, auditKeysIn } from './audit-keys.ts';
import { auditRepoProblem } from './audit-repo.ts';
import { DesiredFiles } from './desired-files.ts';
import { DEFAULT_AUDIT_BRANCH } from './fleet-rules.ts';
import type { Fleet } from './generated/fleet.ts';
import { publicKeyProblem } from './public-key.ts';
import { readYaml } from './read-yaml.ts';
import type { DesiredTree } from './tree.ts';

export type FleetFacts = {
  /** Hosts whose audit key can be read; sorted by name. */
  readonly hosts: readonly {
    readonly name: string;
    readonly auditKey: string;
    readonly labels: readonly string[];
  }[];
  /** null: the infra repo. */
  readonly auditRepo: string | null;
  /** With `{host}` in it. */
  readonly auditBranch: string;
  readonly requireSignedCommits: boolean;
};

/**
 * Tolerant, so that one host's mistake does not keep the others' records from being verified: a host whose file has no
 * readable key is left out, and of `fleet.yaml` only what is asked for here must be right. What trust hangs on is never
 * guessed: throws InvalidDesiredState if `fleet.yaml` is missing, is no YAML, or leaves in doubt whether commits must be signed.
 */
export async function readFleet(tree: DesiredTree, root: string): Promise<FleetFacts> {
  const files = new DesiredFiles(tree, root);
  const fleet = await readFleetFile(files);
  const names = await files.names('hosts');
  const hosts: FleetFacts['hosts'][number][] = [];
  for (const name of names.toSorted()) {
    const host = mapIn(await readRaw(files, `hosts/${name}.yaml`));
    const key = host.auditKey;
    if (typeof key !== 'string' || publicKeyProblem(key) !== undefined) continue;
    hosts.push({ name, auditKey: key.trim(), labels: textsIn(host.labels) });
  }
  return {
    hosts,
    ...auditPlaceIn(fleet),
    requireSignedCommits: signaturesRequired(fleet, files.path('fleet.yaml')),
  };
}

/**
 * Whether a revision asks for signed commits; reads `fleet.yaml` alone, so that its cost does not grow with the fleet.
 * Throws InvalidDesiredState where that cannot be told.
 */
export async function requiresSignedCommits(tree: DesiredTree, root: string): Promise<boolean> {
  const files = new DesiredFiles(tree, root);
  return signaturesRequired(await readFleetFile(files), files.path('fleet.yaml'));
}

/** The keys of one host; none if the fleet has no such host. Reads that host's file alone, and is as tolerant. */
export async function readAuditKeys(tree: DesiredTree, root: string, host: string): Promise<AuditKeys> {
  return auditKeysIn(await readRaw(new DesiredFiles(tree, root), `hosts/${host}.yaml`));
}

/** Where a revision has records. Throws InvalidDesiredState if it has no readable `fleet.yaml`. */
export async function readAuditPlace(tree: DesiredTree, root: string): Promise<AuditPlace> {
  return auditPlaceIn(await readFleetFile(new DesiredFiles(tree, root)));
}

export type AuditPlace = Pick<FleetFacts, 'auditRepo' | 'auditBranch'>;

function auditPlaceIn(fleet: Readonly<Record<string, unknown>>): AuditPlace {
  const { repo } = mapIn(fleet.audit);
  const named = typeof repo === 'string' && auditRepoProblem(repo) === null;
  return { auditRepo: named ? repo : null, auditBranch: auditBranchIn(fleet) };
}

function auditBranchIn(fleet: Readonly<Record<string, unknown>>): string {
  const { branch } = mapIn(fleet.audit);
  return typeof branch === 'string' && branch.includes('{host}') ? branch : DEFAULT_AUDIT_BRANCH;
}

async function readFleetFile(files: DesiredFiles): Promise<Readonly<Record<string, unknown>>> {
  const fleet = await readRaw(files, 'fleet.yaml');
  if (!isMap(fleet)) {
    // the full reader says in its own words why not
    await files.fleet();
    files.complaints.throwIfAny();
  }
  return mapIn(fleet);
}

/** Any other key may be `trust`, misspelt. */
const KNOWN: ReadonlySet<string> = new Set<keyof Fleet>([
  'apiVersion',
  'kind',
  'windows',
  'blackouts',
  'defaults',
  'rollout',
  'holds',
  'peers',
  'audit',
  'trust',
]);

function signaturesRequired(fleet: Readonly<Record<string, unknown>>, file: string): boolean {
  const doubtful = (message: string) => new InvalidDesiredState([{ place: { file }, message }]);
  const inDoubt = 'it cannot be told whether commits must be signed';
  if (fleet.trust === undefined) {
    const other = Object.keys(fleet).find((key) => !KNOWN.has(key));
    if (other !== undefined) throw doubtful(`unknown key \`${other}\`: ${inDoubt}`);
    return false;
  }
  const trust = mapIn(fleet.trust);
  const { requireSignedCommits: asked, ...rest } = trust;
  if (asked === undefined && Object.keys(rest).length > 0)
    throw doubtful(`unknown keys in trust: ${inDoubt}`);
  if (asked !== undefined && typeof asked !== 'boolean') {
    throw doubtful(`trust.requireSignedCommits must be true or false: ${inDoubt}`);
  }
  return asked ?? false;
}

/** The file's content, whatever it is; undefined if it cannot be read as YAML. */
async function readRaw(files: DesiredFiles, inside: string): Promise<unknown> {
  const entry = await files.entry(inside);
  if (entry?.kind !== 'file' && entry?.kind !== 'executable') return undefined;
  const read = await readYaml(await files.tree.read(entry), entry.path);
  return read.ok ? read.yaml.value : undefined;
}

/** A map's keys and values; of anything else, none. */
function mapIn(value: unknown): Readonly<Record<string, unknown>> {
  return isMap(value) ? { ...value } : {};
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
