/** The commits that records went by, held against the watched branch: whether they are on it, and when they were made. */
import { git, lines } from '../git/git-command.ts';
import { checked, isAncestor } from '../git/history.ts';
import { CLOCK_TOLERANCE, type Finding, short } from './finding.ts';
import type { AuditRecord } from './record.ts';

/** Collects what the records of a host went by: few commits, however many records. */
export class WentBy {
  readonly host: string;
  readonly seen = new Map<
    string,
    { first: string; earliest: string; earliestCommit: string; count: number }
  >();
  constructor(host: string) {
    this.host = host;
  }

  /** A refused commit was not gone by, and may have been thrown away since. */
  add(commit: string, record: AuditRecord): void {
    if (record.desired === null || record.kind === 'refused') return;
    const desired = record.desired.commit;
    const known = this.seen.get(desired);
    if (known === undefined)
      this.seen.set(desired, { first: commit, earliest: record.time, earliestCommit: commit, count: 1 });
    else {
      known.count += 1;
      if (record.time < known.earliest) {
        known.earliest = record.time;
        known.earliestCommit = commit;
      }
    }
  }
}

/** Two Git processes for all hosts. @param watched tip of the watched branch */
export async function checkWentBy(
  gitDir: string,
  watched: string,
  hosts: readonly WentBy[],
): Promise<readonly Finding[]> {
  const all = new Set(hosts.flatMap(({ seen }) => [...seen.keys()]));
  const authored = await onBranch(gitDir, watched, all);
  return hosts.flatMap(({ host, seen }) =>
    [...seen].flatMap(([desired, { first, count, earliest, earliestCommit }]): Finding[] => {
      const at = authored.get(desired);
      if (at === undefined)
        return [
          {
            kind: 'unknown-commit',
            host,
            commit: first,
            problem: `went by commit ${short(desired)}, which is not on the watched branch${count > 1 ? `, and so did ${count - 1} later` : ''}`,
          },
        ];
      if (Date.parse(earliest) >= at - CLOCK_TOLERANCE) return [];
      return [
        {
          kind: 'clock',
          host,
          commit: earliestCommit,
          problem: `is dated ${earliest}, before the commit it went by was authored (${short(desired)}, ${new Date(at).toISOString()})`,
        },
      ];
    }),
  );
}

/** Of `commits`, those in the history of `watched`, with the time each was authored, ms since the epoch. */
async function onBranch(
  gitDir: string,
  watched: string,
  commits: ReadonlySet<string>,
): Promise<ReadonlyMap<string, number>> {
  const here = await existing(gitDir, commits);
  if (here.length === 0) return new Map();
  const input = `${[...here, `^${checked(watched)}`].join('\n')}\n`;
  const outside = new Set(lines(await git(gitDir, ['rev-list', '--stdin'], { input })));
  const times = await git(gitDir, ['log', '--no-walk=unsorted', '--format=%H %at', '--stdin'], {
    input: `${here.join('\n')}\n`,
  });
  const found = new Map<string, number>();
  for (const line of lines(times)) {
    const [commit = '', seconds] = line.split(' ');
    // by their dates Git may take one for outside that is not: it is asked again, about that one alone
    if (outside.has(commit) && !(await isAncestor(gitDir, commit, watched))) continue;
    found.set(commit, Number(seconds) * 1000);
  }
  return found;
}

/** Those that are commits and are here; what is not is not fetched either. */
export async function existing(gitDir: string, commits: Iterable<string>): Promise<readonly string[]> {
  const asked = [...commits].map(checked);
  if (asked.length === 0) return [];
  const output = await git(gitDir, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], {
    input: `${asked.join('\n')}\n`,
    env: { GIT_NO_LAZY_FETCH: '1' },
  });
  return lines(output).flatMap((line) => {
    const [commit = '', type] = line.split(' ');
    return type === 'commit' ? [commit] : [];
  });
}
