/** What there is to tell, from the infra repo and the records of all hosts: read when a round asks for it, and once in a round. */
import { readFleetFacts } from '../desired/fleet-facts.ts';
import { type RolloutRules, readRolloutRules } from '../desired/rollout-rules.ts';
import type { Mirror } from '../git/mirror.ts';
import { once } from '../once.ts';
import { type RolloutDocument, rolloutDocument } from '../report/rollout-document.ts';
import type { FleetFacts } from '../rollout/progress.ts';
import type { Resumes } from '../rollout/resumes.ts';
import type { FleetWords } from '../rollout/words.ts';
import { type CommitParts, CommitsToTell } from './commit-news.ts';
import type { RecordPlace } from './cursor.ts';
import { type Fleet, HostRecords, type RecordsParts } from './host-records.ts';
import { standingOf } from './standing.ts';
import type { News } from './tell.ts';

export type NewsParts = CommitParts &
  RecordsParts & {
    readonly mirror: Pick<Mirror, 'tree' | 'desiredTreeId' | 'describe' | 'auditTips' | 'auditRemote'>;
    readonly words: Pick<FleetWords, 'words'>;
    readonly resumes: Pick<Resumes, 'given'>;
    /** ms since the epoch. */
    readonly now: () => number;
  };

export type Round = {
  /** The commit that hosts follow. */
  readonly followed: string;
  readonly signal: AbortSignal;
};

/** Keeps from one round to the next what does not change. */
export function fleetNews(parts: NewsParts): (round: Round) => News {
  const commits = new CommitsToTell(parts);
  const records = new HostRecords(parts);
  let known: Known | null = null;

  async function fleetAt(commit: string): Promise<Known> {
    const tree = await parts.mirror.desiredTreeId(commit);
    if (known === null || known.tree !== tree) known = await readFleet(parts, commit, tree);
    return known;
  }

  return ({ followed, signal }) => {
    const document = once(async () => documentOf(parts, followed, await fleetAt(followed), signal));
    const newest = once(async () => records.newestOf(await fleetAt(followed), signal));
    return {
      happened: async (since, withRecords) => ({
        followed,
        commits: since === null ? [] : await commits.after(since, followed),
        newest: withRecords ? await newest() : NONE,
      }),
      standing: async (commit) => standingOf(await commits.news(commit), await document()),
      output: async (failure) => records.outputOf(await fleetAt(followed), failure, signal),
      records: async (host, after, most) => records.after(await fleetAt(followed), host, after, most, signal),
    };
  };
}

const NONE: ReadonlyMap<string, RecordPlace> = new Map();

/** What a commit says of the whole fleet. */
type Known = Fleet & {
  readonly tree: string | null;
  readonly facts: FleetFacts;
  readonly rollout: RolloutRules['rollout'];
};

async function readFleet(
  { mirror, path }: Pick<NewsParts, 'mirror' | 'path'>,
  commit: string,
  tree: string | null,
): Promise<Known> {
  const { guests, rollout, auditBranch } = await readRolloutRules(mirror.tree(commit), path);
  return {
    tree,
    facts: await readFleetFacts(mirror.tree(commit), path, guests),
    rollout,
    pattern: auditBranch,
  };
}

async function documentOf(
  { mirror, words, resumes, now }: NewsParts,
  commit: string,
  { facts, rollout }: Known,
  signal: AbortSignal,
): Promise<RolloutDocument> {
  const { subject } = await mirror.describe(commit);
  const hosts = facts.members.map(({ name }) => name);
  return rolloutDocument({
    ...{ commit, subject, rollout, facts, now: now() },
    words: await words.words(facts, hosts, signal),
    resumes: await resumes.given(commit, facts.changes),
    // who is at work just now is no news
    leases: { held: [], unreadable: [] },
    problems: [],
    offline: null,
  });
}
