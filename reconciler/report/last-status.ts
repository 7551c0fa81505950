/** The status as last written to disk, for when no daemon answers. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { iso, systemClock } from '../clock.ts';
import type { StateDir } from '../state-dir.ts';
import { isStatusDocument, type StatusDocument } from './status.ts';

export function lastStatus(dirs: StateDir): StatusDocument {
  try {
    const value: unknown = JSON.parse(readFileSync(dirs.status, 'utf8'));
    if (isStatusDocument(value)) return { ...value, daemon: null };
  } catch {
    // not there yet, or cut short by a full disk: as good as none
  }
  return nothingYet(basename(dirs.root));
}

function nothingYet(host: string): StatusDocument {
  return {
    host,
    time: iso(systemClock.now()),
    state: 'new',
    desired: null,
    guests: [],
    pending: [],
    held: [],
    violations: [],
    nextWindow: null,
    paused: null,
    holds: [],
    lastRecord: null,
    unpushed: 0,
    refused: null,
    offline: null,
    stale: null,
    auditProblem: null,
    notes: ['nothing has run here yet: boxreeve sync, or boxreeve run'],
    daemon: null,
  };
}
