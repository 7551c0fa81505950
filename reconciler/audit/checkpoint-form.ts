/** The form of a checkpoint, held against what a file holds. Loads Ajv: import it when there is a file. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Checkpoint } from './checkpoint.ts';

const text = { type: 'string' };
const commit = { type: 'string', pattern: '^(?:[0-9a-f]{40}|[0-9a-f]{64})$' };
const textOrNull = { anyOf: [text, { type: 'null' }] };
const digest = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };

function object(properties: Readonly<Record<string, object>>): object {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

function mapOf(values: object): object {
  return { type: 'object', additionalProperties: values };
}

const standing = object({
  commit,
  sequence: { type: 'integer', minimum: 1 },
  digest,
  previous: { anyOf: [digest, { type: 'null' }] },
  time: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' },
  fingerprints: mapOf(text),
  newestKey: textOrNull,
});

const SCHEMA = object({
  version: { const: 1 },
  revocations: text,
  history: object({
    watched: commit,
    root: text,
    hosts: mapOf({
      type: 'array',
      items: object({
        commit,
        auditKey: textOrNull,
        nextAuditKey: textOrNull,
        revoked: { type: 'array', items: object({ key: text, lastRecord: textOrNull }) },
      }),
    }),
  }),
  hosts: mapOf(
    object({
      standing,
      records: { type: 'integer', minimum: 1 },
      at: { type: 'number' },
      keys: text,
      witnessed: mapOf(commit),
    }),
  ),
});

export function checkpointProblem(
  value: unknown,
): { readonly ok: true; readonly checkpoint: Checkpoint } | { readonly ok: false; readonly why: string } {
  const ajv = new Ajv2020({ strict: true, allErrors: false });
  const validate = ajv.compile<Checkpoint>(SCHEMA);
  if (validate(value)) return { ok: true, checkpoint: value };
  return { ok: false, why: `it is not of the form of a checkpoint: ${ajv.errorsText(validate.errors)}` };
}
