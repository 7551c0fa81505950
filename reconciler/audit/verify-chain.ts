/** One host's branch, or the new part of it: signatures, one line of history, numbers, digests, times, fingerprints. */
import { openObjectReader } from '../git/stream-git.ts';
import { type Finding, type FindingKind, type Problem, short } from './finding.ts';
import { type HostKeys, judgeKey, type KeyVerdict } from './host-keys.ts';
import { judgeLink, type Standing, standingAfter } from './judge-link.ts';
import { LARGEST_RECORD } from './parse-record.ts';
import { type Link, readLinks, readOneLink } from './read-links.ts';

export type ChainInput = {
  readonly gitDir: string;
  readonly host: string;
  readonly tip: string;
  /** What stands before the new part, which is not looked at again; null: everything is looked at. */
  readonly after: Standing | null;
  readonly keys: HostKeys;
  /** Hosts by their keys, for words. */
  readonly owners: ReadonlyMap<string, string>;
};

/** A record that its key does not vouch for, by what stands on this branch. */
export type Unvouched = {
  readonly commit: string;
  readonly sequence: number;
  /** Of the key that signed it, in HostKeys. */
  readonly rank: number;
  readonly state: 'revoked' | 'replaced';
  readonly why: string;
};

export type ChainVerdict = {
  /** Commits looked at. */
  readonly checked: number;
  /** What stands at the tip; null if there is no record at all. */
  readonly standing: Standing | null;
  readonly findings: readonly Finding[];
  /** Findings too, unless another host witnessed them in time (`unvouchedFindings`). */
  readonly unvouched: readonly Unvouched[];
};

/**
 * Judges the commits of `tip` that come after `after.commit`, by themselves and by what stands there. Asks Git alone, trusts
 * `keys` alone, and writes nothing: a server can ask it before it lets a push in (`startingPoint` of the old tip, the new tip as
 * `tip`; a new tip that does not contain the old one is `rewritten` or `truncated`). There, `unvouched` records are findings. What needs the other hosts' branches or the watched branch is not looked at here.
 *
 * @param onRecord told each record in order, with whether it is signed by a key that is good beyond doubt
 */
export async function verifyChain(
  input: ChainInput,
  onRecord: (link: Link, vouched: boolean) => void = () => undefined,
): Promise<ChainVerdict> {
  const { gitDir, host, tip, after, keys } = input;
  const chain = new ChainJudge(input);
  const objects = openObjectReader(gitDir, LARGEST_RECORD);
  try {
    for await (const link of readLinks(gitDir, objects, host, tip, after?.commit ?? null))
      onRecord(link, chain.judge(link));
  } finally {
    await objects.close();
  }
  if (keys.keys.length === 0 && chain.checked > 0)
    chain.say(null, {
      kind: 'wrong-key',
      problem: 'has records, and the watched branch never gave this host a key',
    });
  if (after !== null && chain.checked === 0 && tip !== after.commit)
    chain.say(null, {
      kind: 'truncated',
      problem: `its branch ends at ${short(tip)}, before ${short(after.commit)}, which was its tip`,
    });
  const { checked, standing, findings, unvouched } = chain;
  return { checked, standing, findings, unvouched };
}

/**
 * What stands at a commit that was judged before, so that the ones after it can be judged alone; null if it is no record of this
 * host. @param newestKey `ssh-ed25519 AAAA…`, if it is known; else that of the commit itself
 */
export async function startingPoint(
  gitDir: string,
  host: string,
  commit: string,
  newestKey: string | null = null,
): Promise<Standing | null> {
  const objects = openObjectReader(gitDir, LARGEST_RECORD);
  try {
    const { content, signature } = await readOneLink(gitDir, objects, host, commit);
    const key = newestKey ?? (signature.kind === 'ssh' ? signature.key : null);
    return content.ok ? standingAfter(commit, content, null, key) : null;
  } finally {
    await objects.close();
  }
}

/** Records that no key vouches for, as what they are. */
export function unvouchedFindings(host: string, unvouched: readonly Unvouched[]): readonly Finding[] {
  return unvouched.map(({ commit, state, why }) => ({ kind: UNVOUCHED[state], host, commit, problem: why }));
}

const UNVOUCHED: Readonly<Record<Unvouched['state'], FindingKind>> = {
  revoked: 'revoked-key',
  replaced: 'old-key',
};

class ChainJudge {
  readonly #input: ChainInput;
  readonly findings: Finding[] = [];
  unvouched: Unvouched[] = [];
  checked = 0;
  standing: Standing | null;
  /** The commit before, whether it is a record or not. */
  #last: string | null;
  /** Commits since `standing` that are no records. */
  #skipped = 0;
  #newest: number;
  /** Whether there are unvouched records that no later one was held against. */
  #undecided = false;

  constructor(input: ChainInput) {
    this.#input = input;
    this.standing = input.after;
    this.#last = input.after?.commit ?? null;
    this.#newest = input.keys.keys.findIndex(({ key }) => key === input.after?.newestKey);
  }

  say(commit: string | null, problem: Problem): void {
    this.findings.push({ ...problem, host: this.#input.host, commit });
  }

  /** Whether the record is signed by a key that is good beyond doubt. */
  judge(link: Link): boolean {
    const verdict = judgeKey(link.signature, this.#input.keys, this.#newest, this.#input.owners);
    if (verdict.state === 'bad') this.say(link.commit, { kind: verdict.kind, problem: verdict.why });
    if (link.parents.length < 2 && (link.parents[0] ?? null) !== this.#last)
      this.say(link.commit, this.#astray());
    for (const problem of judgeLink(link, this.standing, this.#skipped)) this.say(link.commit, problem);
    this.checked += 1;
    this.#last = link.commit;
    this.#weigh(link, verdict);
    if (!link.content.ok) {
      this.#skipped += 1;
      return false;
    }
    const newest = this.#input.keys.keys[this.#newest]?.key ?? null;
    this.standing = standingAfter(link.commit, link.content, this.standing, newest);
    this.#skipped = 0;
    return verdict.state === 'good';
  }

  #astray(): Problem {
    return this.#last === null || this.checked > 0
      ? {
          kind: 'fork',
          problem: 'does not follow on the commit before it: the history of an audit branch is one line',
        }
      : {
          kind: 'rewritten',
          problem: `does not follow on ${short(this.#last)}, which was the tip of this branch`,
        };
  }

  /** What this record's key, and its being there, says of itself and of the ones before it. */
  #weigh(link: Link, verdict: KeyVerdict): void {
    const { keys } = this.#input.keys;
    if (verdict.state === 'good') {
      this.#newest = Math.max(this.#newest, verdict.rank);
      // what this key does not vouch for now, it never will
      if (this.#undecided)
        this.unvouched = this.unvouched.filter(
          ({ rank, state }) => !isBuiltOn(keys[rank], state, rank, verdict.rank),
        );
      this.#undecided = false;
      return;
    }
    if (verdict.state === 'bad') return;
    const { rank, state, why } = verdict;
    const sequence = link.content.ok ? link.content.record.sequence : 0;
    this.#undecided = true;
    this.unvouched.push({ commit: link.commit, sequence, rank, state, why });
    const last = keys[rank]?.revoked?.lastRecord ?? null;
    const id = link.content.ok ? link.content.record.id : null;
    // the approver vouches for this one, and all before it
    if (last !== null && (last === link.commit || last === id))
      this.unvouched = this.unvouched.filter((one) => one.rank !== rank);
  }
}

/** Rules 3 and 4 of host-keys.ts: whether a good record by the key of rank `by` vouches for what it builds on. */
function isBuiltOn(
  key: HostKeys['keys'][number] | undefined,
  state: Unvouched['state'],
  rank: number,
  by: number,
): boolean {
  if (state === 'revoked') return key?.revoked?.lastRecord === null;
  return key?.overlapped === true && by > rank;
}
