/** Whose signatures count: `trust/approvers`, and `trust/openpgp/<name>.asc` for those who sign by OpenPGP. */
import { showPlace } from '../errors.ts';
import { type AllowedSigner, parseAllowedSigners } from '../trust/allowed-signers.ts';
import { type OpenPgpKey, readOpenPgpKey } from '../trust/openpgp.ts';
import type { DesiredFiles } from './desired-files.ts';
import type { TreeEntry } from './tree.ts';

export const APPROVERS = 'trust/approvers';
export const OPENPGP = 'trust/openpgp';

export type Approvers = {
  /** One for each key; those of OpenPGP keys have `openpgp:<fingerprint>` for a key. */
  readonly signers: readonly AllowedSigner[];
  readonly openPgpKeys: readonly OpenPgpKey[];
  readonly warnings: readonly string[];
};

/** What cannot be read lets nobody sign, and is told to the complaints. */
export async function readApprovers(files: DesiredFiles): Promise<Approvers> {
  const [signers, byOpenPgp] = await Promise.all([readSigners(files), readOpenPgpKeys(files)]);
  return {
    signers: [...signers.signers, ...byOpenPgp.map(({ signer }) => signer)],
    openPgpKeys: byOpenPgp.map(({ key }) => key),
    warnings: signers.warnings,
  };
}

/** Names of all who may sign, each once. */
export function namesOf({ signers }: Approvers): ReadonlySet<string> {
  return new Set(signers.flatMap(({ principals }) => principals));
}

/** A file of `trust/`, by one look at the folder for all of them. */
export async function trustFile(files: DesiredFiles, inside: string): Promise<TreeEntry | undefined> {
  return (await files.list('trust')).find(({ path }) => path === files.path(inside));
}

async function readSigners(files: DesiredFiles): Promise<Pick<Approvers, 'signers' | 'warnings'>> {
  const nobody = { signers: [], warnings: [] };
  const entry = await trustFile(files, APPROVERS);
  if (entry === undefined) return nobody;
  if (entry.kind !== 'file' && entry.kind !== 'executable') {
    files.complaints.add({ file: entry.path }, 'must be a regular file');
    return nobody;
  }
  const { signers, mistakes, warnings } = parseAllowedSigners(await files.tree.read(entry));
  for (const { line, message } of mistakes)
    files.complaints.add({ file: entry.path, line, column: 1 }, message);
  return {
    signers,
    warnings: warnings.map(({ line, message }) => `${showPlace({ file: entry.path, line })} ${message}`),
  };
}

async function readOpenPgpKeys(
  files: DesiredFiles,
): Promise<readonly { readonly signer: AllowedSigner; readonly key: OpenPgpKey }[]> {
  const read = [];
  for (const entry of await files.list('trust')) {
    const inside = files.inside(entry.path);
    if (!inside.startsWith(`${OPENPGP}/`)) continue;
    const name = /^([^\s"*?!,/]+)\.asc$/.exec(inside.slice(OPENPGP.length + 1))?.[1];
    const place = { file: entry.path };
    if (name === undefined || entry.kind !== 'file') {
      files.complaints.add(
        place,
        'is never read: a file here is called <name of its owner>.asc, and is a plain file',
      );
      continue;
    }
    const key = await readOpenPgpKey(await files.tree.read(entry));
    if (!key.ok) files.complaints.add(place, key.why);
    else read.push({ signer: asSigner(name, key.key), key: key.key });
  }
  return read;
}

function asSigner(name: string, key: OpenPgpKey): AllowedSigner {
  return {
    principals: [name],
    namespaces: null,
    validAfter: key.createdAt,
    validBefore: key.expiresAt,
    key: key.id,
    line: 1,
  };
}
