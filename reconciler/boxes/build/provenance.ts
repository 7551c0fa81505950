/**
 * What a box was built from, by whom and when: an in-toto Statement (v1) with SLSA's provenance (v1) as its predicate, signed by the key
 * of the host that built it. `ssh-keygen -Y verify` checks it; no part of Boxreeve is needed (docs/how-to/build-a-box.md).
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SECOND } from '../../clock.ts';
import type { RecipeSpec } from '../../desired/recipe.ts';
import { BuildFailed } from './workshop.ts';

/** What the signature is for: one made for anything else does not count as provenance. */
export const NAMESPACE = 'boxreeve-provenance';

export type ProvenanceFacts = {
  readonly recipe: RecipeSpec;
  readonly version: string;
  readonly sha256: string;
  /** Digest over everything it was built from. */
  readonly inputs: string;
  /** The infra repo, without credentials; its commit, and the recipe's path in it. */
  readonly repository: { readonly url: string; readonly commit: string; readonly path: string };
  readonly host: string;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly versions: { readonly boxreeve: string; readonly vagrant: string | null };
};

/** The statement, as its file has it. Pure. */
export function provenanceText(facts: ProvenanceFacts): string {
  const { recipe, version, repository, versions } = facts;
  const bases = recipe.stages.flatMap((stage) =>
    stage.kind === 'vagrant' && stage.base ? [stage.base] : [],
  );
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: `${recipe.box} ${version} (${recipe.provider})`, digest: { sha256: facts.sha256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:boxreeve:recipe:v1',
        externalParameters: { recipe: repository.path, box: recipe.box, version, provider: recipe.provider },
        internalParameters: { inputs: facts.inputs },
        resolvedDependencies: [
          { uri: `git+${repository.url}`, digest: { gitCommit: repository.commit } },
          ...recipe.files.map(({ path, sha256 }) => ({
            name: `${repository.path.replace(/\.yaml$/, '')}/${path}`,
            digest: { sha256 },
          })),
          ...bases.map((base) => ({
            name: `${base.name} ${base.version} (${base.provider})`,
            digest: { sha256: base.sha256 },
          })),
        ],
      },
      runDetails: {
        builder: {
          id: `urn:boxreeve:host:${facts.host}`,
          version: {
            boxreeve: versions.boxreeve,
            ...(versions.vagrant === null ? {} : { vagrant: versions.vagrant }),
          },
        },
        metadata: { startedOn: facts.startedAt, finishedOn: facts.endedAt },
      },
    },
  };
  return `${JSON.stringify(statement, null, 2)}\n`;
}

/** The signature in OpenSSH's armour. @param signingKey private key without a passphrase, absolute. Throws BuildFailed. */
export async function signProvenance(text: string, signingKey: string): Promise<string> {
  const { execa } = await import('execa');
  const folder = await mkdtemp(join(tmpdir(), 'boxreeve-sign-'));
  try {
    const file = join(folder, 'provenance.json');
    await writeFile(file, text, { mode: 0o600 });
    const signed = await execa('ssh-keygen', ['-Y', 'sign', '-q', '-f', signingKey, '-n', NAMESPACE, file], {
      reject: false,
      stdin: 'ignore',
      timeout: 10 * SECOND,
    });
    if (signed.exitCode !== 0)
      throw new BuildFailed(
        `the provenance cannot be signed with ${signingKey}: ${signed.stderr || 'ssh-keygen cannot be run'}`,
      );
    return await readFile(`${file}.sig`, 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
