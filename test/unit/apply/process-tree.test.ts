import { expect, test } from 'vitest';
import type { ProcessRow } from '../../../reconciler/apply/process-identity.ts';
import { treeOf } from '../../../reconciler/apply/process-tree.ts';

const ROOT = { pid: 100, startedAt: 'boot 1000' };

function row(pid: number, more: Partial<ProcessRow> = {}): ProcessRow {
  return { pid, parent: 1, group: pid, session: pid, zombie: false, startedAt: 'boot 1001', ...more };
}

function tree(seen: readonly ProcessRow[], ...all: readonly ProcessRow[]): readonly number[] {
  return treeOf(ROOT, seen, [row(1, { parent: 0, startedAt: 'boot 1' }), ...all]).map(({ pid }) => pid);
}

const root = row(100, { startedAt: ROOT.startedAt });
const inGroup = { group: 100, session: 100 };

test('a process belongs to itself, with its group and all its descendants, and no one else', () => {
  const child = row(101, { ...inGroup, parent: 100 });
  const daemon = row(102, { ...inGroup });
  const away = row(103, { parent: 102 });
  const deeper = row(104, { parent: 103 });
  expect(tree([], root, child, deeper, away, daemon, row(105), row(106, { parent: 105 }))).toEqual([
    100, 101, 102, 103, 104,
  ]);
});

test('what it has left in its group belongs to it when it is gone', () => {
  expect(tree([], row(102, inGroup))).toEqual([102]);
});

test('one that was seen before and left belongs to it, with what it starts after it was seen', () => {
  const away = row(103);
  const late = row(107, { group: 103, session: 103, startedAt: 'boot 1002' });
  expect(tree([away], away)).toEqual([103]);
  expect(tree([away], late)).toEqual([107]);
});

test('nothing belongs to it that has only its number, or the number of its group', () => {
  const stranger = row(100, { startedAt: 'boot 2000' });
  expect(tree([], stranger, row(101, { ...inGroup, parent: 100, startedAt: 'boot 2001' }))).toEqual([]);
  expect(tree([], row(102, { ...inGroup, startedAt: 'boot 999' }))).toEqual([]);
  expect(tree([], row(102, { ...inGroup, startedAt: 'other 1001' }))).toEqual([]);
  expect(tree([], row(102, { group: 100, session: 50 }))).toEqual([]);
});

test('a zombie needs no ending, but shows that the number is still its own', () => {
  expect(tree([], { ...root, zombie: true }, row(101, { ...inGroup, parent: 100 }))).toEqual([101]);
});

test('the first process of the machine, to which orphans go, is never part of it', () => {
  const init = row(1, { parent: 0, startedAt: 'boot 1' });
  expect(treeOf(ROOT, [init], [init, row(200)]).map(({ pid }) => pid)).toEqual([]);
});
