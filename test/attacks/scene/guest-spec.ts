/** A guest of which only the files matter. */
import { createHash } from 'node:crypto';
import type { GuestSpec } from '../../../reconciler/desired/spec.ts';
import { guest } from '../../unit/plan/builders.ts';

/** @param files content by path */
export function specOf(files: Readonly<Record<string, Buffer>>): GuestSpec {
  const listed = Object.entries(files).map(([path, content]) => ({
    path,
    executable: false,
    oid: '1'.repeat(40),
    sha256: createHash('sha256').update(content).digest('hex'),
    size: content.length,
  }));
  return { ...guest(), files: listed };
}
