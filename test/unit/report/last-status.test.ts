import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lastStatus } from '../../../reconciler/report/last-status.ts';
import { showStatus } from '../../../reconciler/report/status.ts';
import { stateDirLayout } from '../../../reconciler/state-dir.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-status-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it.each([
  '',
  '{"host":"b',
  '{"host":"b","state":"in-sync","guests":[],"pending":[]}',
  '{"host":"b","state":"in-sync","guests":[null],"pending":[]}',
])('a status that was not written whole counts as none: %j', (text) => {
  const dirs = stateDirLayout(root);
  writeFileSync(dirs.status, text);
  expect(showStatus(lastStatus(dirs))).toContain('has not run yet');
});
