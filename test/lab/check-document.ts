/** Every JSON document that a command prints in a test is held against the schema that is shipped for it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';

const root = join(import.meta.dirname, '..', '..');
const ajv = new Ajv2020({ strict: true, allErrors: true });
ajv.addSchema(schema('desired-state/schema/audit-record.json'));

/** Throws, naming what is wrong, unless the document is what its schema says. `words` are those of the command line. */
export function checkDocument(words: readonly string[], document: unknown): void {
  const [first = '', second = ''] = words;
  const name = ['audit', 'box', 'rollout'].includes(first) ? `${first}-${second}` : first;
  const path = `reconciler/report/schema/${name}.json`;
  const validate = ajv.getSchema(path) ?? ajv.addSchema(schema(path), path).getSchema(path);
  if (validate === undefined) throw new Error(`there is no schema ${path}`);
  if (!validate(document))
    throw new Error(`${words.join(' ')} --json is not as ${path} says: ${ajv.errorsText(validate.errors)}`);
}

function schema(path: string): Record<string, unknown> {
  const value: unknown = JSON.parse(readFileSync(join(root, path), 'utf8'));
  if (typeof value !== 'object' || value === null) throw new Error(`${path} is no schema`);
  return { ...value };
}
