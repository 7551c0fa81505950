/** What Git lists, where others chose the names. */
import { expect, it } from 'vitest';
import { GitFailed } from '../../../reconciler/errors.ts';
import { parseTree } from '../../../reconciler/git/commit-tree.ts';
import { parseNumstat } from '../../../reconciler/git/line-changes.ts';
import { auditTips, parseRemoteRefs } from '../../../reconciler/git/remote-refs.ts';

const ID = 'ab'.repeat(20);

it('a host called __proto__ has a tip like every other', () => {
  const tips = auditTips(parseRemoteRefs(`${ID}\trefs/heads/audit/__proto__\n`), 'audit/{host}');
  expect(Object.entries(tips)).toEqual([['__proto__', ID]]);
});

it('changes of a file called __proto__ are counted, and of one with a tab in its name', () => {
  const changes = parseNumstat(
    Buffer.from('3\t1\tguests/a/__proto__\x001\t2\tguests/a/x\ty\0-\t-\tguests/a/z\0'),
    'guests/a',
  );
  expect(Object.entries(changes)).toEqual([
    ['__proto__', 3],
    ['x\ty', 2],
  ]);
});

it('an entry of a tree whose id is none is refused', () => {
  expect(() => parseTree(Buffer.from('100644 blob abcdef      12\tfleet.yaml\0'))).toThrow(GitFailed);
});
