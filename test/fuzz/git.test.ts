/** What Git prints, of a repository that others write to. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GitFailed } from '../../reconciler/errors.ts';
import { COMMIT_FORMAT, parseCommit } from '../../reconciler/git/commit-info.ts';
import { parseTree } from '../../reconciler/git/commit-tree.ts';
import { isObjectId, lines, withoutCredentials } from '../../reconciler/git/git-command.ts';
import { parseNumstat } from '../../reconciler/git/line-changes.ts';
import { auditTips, parseRemoteRefs } from '../../reconciler/git/remote-refs.ts';
import { expectPlain, holds } from './holds.ts';
import { damaged, damagedText } from './mutate.ts';

const ID = '4f2c1a9d8e7b6a5c4d3e2f1a0b9c8d7e6f5a4b3c';
const LONG_ID = 'ab'.repeat(32);
const REFS = [
  `${ID}\trefs/heads/main\n${LONG_ID}\trefs/heads/audit/builder1\n${ID}\trefs/heads/audit/builder2\n`,
  `${ID}\trefs/heads/audit/__proto__\n${ID}\trefs/heads/audit/constructor\n`,
  `warning: redirecting\n${ID}\trefs/heads/fleet/builder1/log\n`,
];

describe('what ls-remote prints', () => {
  it('gives object ids by the names of refs, each one line', async () => {
    await holds(damagedText(REFS), (output) => {
      for (const [name, id] of parseRemoteRefs(output)) {
        expect(isObjectId(id)).toBe(true);
        expect(name).not.toMatch(/[\n\t]/);
      }
    });
  });

  it('gives every audit branch by its host, whatever the host is called', async () => {
    const pattern = fc.constantFrom('audit/{host}', 'fleet/{host}/log', '{host}');
    await holds(fc.record({ output: damagedText(REFS), pattern }), ({ output, pattern }) => {
      const refs = parseRemoteRefs(output);
      const tips = auditTips(refs, pattern);
      expectPlain(tips);
      for (const [host, id] of Object.entries(tips)) {
        expect(refs.get(`refs/heads/${pattern.replace('{host}', () => host)}`)).toBe(id);
        expect(host).not.toMatch(/\/|^$/);
      }
      const branch = /^refs\/heads\/audit\/([^/]+)$/;
      const hosts = [...refs.keys()].flatMap((name) => branch.exec(name)?.[1] ?? []);
      if (pattern === 'audit/{host}') expect(Object.keys(tips).sort()).toEqual(hosts.sort());
    });
  });
});

describe('a commit as git log prints it', () => {
  it('has a date that is one, and a signer only if the signature is good', async () => {
    expect(COMMIT_FORMAT.split('%x00')).toHaveLength(6);
    const printed = [
      [ID, 'Ada <ada@example.org>', '2026-11-23T13:00:00+01:00', 'G', 'ada@example.org', 'Bump the box (#7)'],
      [ID, 'Ada <ada@example.org>', '', 'N', '', 'Merge pull request #42 from x'],
      [ID, 'Ada <ada@example.org>', '10000-01-01T00:00:00Z', 'U', 'x', 'Merged PR 7: y'],
    ].map((fields) => `${fields.join('\0')}\n`);
    await holds(damagedText(printed), (output) => {
      const commit = parseCommit(output);
      if (commit === null) return;
      expect(commit.authoredAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      if (commit.signedBy !== null) expect(output.split('\0')[3]).toBe('G');
      if (commit.pullRequest !== null) expect(Number.isSafeInteger(commit.pullRequest)).toBe(true);
    });
  });
});

describe('a tree as ls-tree prints it', () => {
  it('has entries with object ids, or is refused', async () => {
    const printed = [
      `100644 blob ${ID}      12\tdesired-state/fleet.yaml\x00100755 blob ${ID}    4096\tdesired-state/guests/a/init.sh\0`,
      `040000 tree ${ID}       -\tdesired-state\x00160000 commit ${LONG_ID}       -\tsub\x00120000 blob ${ID}       3\tlink\0`,
      Buffer.concat([
        Buffer.from(`100644 blob ${ID}       0\tdesired-state/`),
        Buffer.from([0xff, 0x0a, 0x00]),
      ]),
    ];
    await holds(damaged(printed), (output) => {
      try {
        for (const { oid, size, path } of parseTree(output)) {
          expect(isObjectId(oid)).toBe(true);
          expect(Number.isSafeInteger(size) && size >= 0).toBe(true);
          expect(path).not.toMatch(/^$|\0/);
        }
      } catch (error) {
        if (!(error instanceof GitFailed)) throw error;
        expect(error.message).not.toContain('\0');
      }
    });
  });
});

describe('changes as diff-tree prints them', () => {
  it('are counts by path, whatever the files are called', async () => {
    const printed = [
      '3\t1\tguests/a/init.sh\0-\t-\tguests/a/logo.png\u000012\t0\tguests/a/__proto__\0',
      '1\t1\tguests/a/x\ty\n\0',
    ];
    await holds(damaged(printed), (output) => {
      const changes = parseNumstat(output, 'guests/a');
      expectPlain(changes);
      for (const count of Object.values(changes))
        expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
      if (output.toString().includes('\u000012\t0\tguests/a/__proto__\0'))
        expect(Object.hasOwn(changes, '__proto__')).toBe(true);
    });
  });
});

describe('what Git complains of', () => {
  it('has no password of an address left in it', async () => {
    const said = [
      "fatal: unable to access 'https://ada:hush@git.example.org/x.git/': 403",
      'ssh://ada:p@ss@h/x and http://h/y@z',
    ];
    await holds(damagedText(said), (text) => {
      const shown = withoutCredentials(text);
      expect(shown.length).toBeLessThanOrEqual(text.length);
      expect(shown).not.toMatch(/[a-z]:\/\/[^/\s@]*:[^/\s@]*@/i);
      for (const line of lines(Buffer.from(shown))) expect(line).not.toContain('\n');
    });
  });
});
