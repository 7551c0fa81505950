/** Records as bytes: how they are written, and how those of others are read. */
import { createHash } from 'node:crypto';
import { oneLine } from '../one-line.ts';
import type { AuditRecord } from './record.ts';

/** The bytes of a record: what is stored, and what the next record's `previous` is the digest of. */
export function recordBytes(record: AuditRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record, null, 2)}\n`, 'utf8');
}

/** `sha256:` and the digest of a record's bytes. */
export function recordDigest(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export type Parsed =
  | { readonly ok: true; readonly record: AuditRecord }
  | { readonly ok: false; readonly why: string };

/** No record needs more. Bytes. */
export const LARGEST_RECORD = 8 * 1024 * 1024;

/** Checks everything by the schema of audit-record.json, which is loaded at the first call. */
export async function parseRecord(bytes: Buffer): Promise<Parsed> {
  if (bytes.length > LARGEST_RECORD) return { ok: false, why: `is larger than ${LARGEST_RECORD} bytes` };
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const check = await checker();
    if (check.isRecord(value)) return { ok: true, record: value };
    return { ok: false, why: `is no audit record: ${oneLine(check.complaint())}` };
  } catch (error) {
    // the engine quotes what it met
    return {
      ok: false,
      why: `is no JSON: ${oneLine(error instanceof Error ? error.message : String(error))}`,
    };
  }
}

type Checker = { isRecord(value: unknown): value is AuditRecord; complaint(): string };
let loaded: Promise<Checker> | null = null;

function checker(): Promise<Checker> {
  loaded ??= loadChecker();
  return loaded;
}

async function loadChecker(): Promise<Checker> {
  const [{ Ajv2020 }, { default: schema }] = await Promise.all([
    import('ajv/dist/2020.js'),
    import('../../desired-state/schema/audit-record.json', { with: { type: 'json' } }),
  ]);
  const ajv = new Ajv2020({ strict: true, allErrors: false });
  const validate = ajv.compile<AuditRecord>(schema);
  return { isRecord: (value) => validate(value), complaint: () => ajv.errorsText(validate.errors) };
}
