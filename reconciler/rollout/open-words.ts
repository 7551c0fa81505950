/**
 * The words of the fleet as the remote has them. It is seldom asked: what reads them is loaded when it is.
 *
 * Each process has a repository of its own to read into, named by its id: two that fetched into the same shallow one would be in each
 * other's way. Whoever comes next takes away those of processes that have ended.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pid } from 'node:process';
import { auditBranch } from '../audit/paths.ts';
import { RemoteUnreachable } from '../errors.ts';
import type { Mirror } from '../git/mirror.ts';
import { remoteUrl } from '../git/repository.ts';
import { type Believed, believe, type Reading, signerOf, wordIn } from './believe.ts';
import type { FleetFacts, HostWord } from './progress.ts';
import type { FleetWords } from './words.ts';

export type WordsParts = {
  /** The mirror's repository, whose remotes are the fleet's. */
  readonly gitDir: string;
  /** Of the repositories to read into. */
  readonly folder: string;
  readonly mirror: Pick<Mirror, 'tree' | 'desiredTreeId' | 'auditTips' | 'auditAway' | 'auditRemote'>;
  /** Folder of the desired state in the repository. */
  readonly path: string;
  /** `audit/{host}` */
  readonly pattern: () => string;
};

export function openWords(parts: WordsParts): FleetWords {
  const { mirror, path, folder } = parts;
  /** `listed`: what the tip was when the record was asked for. */
  const known = new Map<string, { readonly listed: string; readonly reading: Reading }>();
  const believed = new Map<string, Believed>();
  const once = eachOnce();
  let kept: { readonly key: string; readonly facts: FleetFacts } | null = null;
  /** One reading at a time: they share the repository. */
  let busy: Promise<unknown> = Promise.resolve();
  let tidied = false;

  async function facts(commit: string, guests: readonly string[]): Promise<FleetFacts> {
    const key = JSON.stringify([await mirror.desiredTreeId(commit), guests]);
    if (kept?.key !== key) {
      const { readFleetFacts } = await import('../desired/fleet-facts.ts');
      kept = { key, facts: await readFleetFacts(mirror.tree(commit), path, guests) };
    }
    return kept.facts;
  }

  async function learn(hosts: readonly string[], signal?: AbortSignal): Promise<void> {
    const away = mirror.auditAway();
    if (away !== null) throw new RemoteUnreachable(away);
    const tips = mirror.auditTips(parts.pattern());
    for (const host of known.keys()) if (!Object.hasOwn(tips, host)) known.delete(host);
    const branches = new Map<string, string>();
    for (const host of hosts) {
      const there = known.get(host);
      const tip = Object.hasOwn(tips, host) ? tips[host] : undefined;
      if (tip === undefined || tip === there?.listed || tip === there?.reading.commit) continue;
      branches.set(host, auditBranch(parts.pattern(), host));
    }
    if (branches.size === 0) return;
    if (!tidied) await tidy(folder);
    tidied = true;
    const { newestRecords } = await import('../audit/newest-records.ts');
    const remote = await remoteUrl(parts.gitDir, mirror.auditRemote());
    const gitDir = join(folder, `${pid}.git`);
    for await (const { host, commit, signature, bytes } of newestRecords(gitDir, remote, branches, signal)) {
      const reading = { commit, signer: signerOf(signature), record: await recordIn(commit, bytes, once) };
      known.set(host, { listed: tips[host] ?? commit, reading });
    }
  }

  function lastWords({ keys }: Pick<FleetFacts, 'keys'>, hosts: readonly string[]): Map<string, HostWord> {
    return new Map(hosts.map((host) => [host, wordOf(host, keys.get(host) ?? [])]));
  }

  function wordOf(host: string, keys: readonly string[]): HostWord {
    const reading = known.get(host)?.reading;
    if (reading === undefined) return { state: 'silent', why: 'has no record on the remote' };
    const judged = believe(host, reading, keys, believed.get(host) ?? null);
    if (judged.believed !== null) believed.set(host, judged.believed);
    return judged.word;
  }

  return {
    facts,
    words: async (of, hosts, signal) => {
      const turn = busy.then(() => learn(hosts, signal));
      busy = turn.catch(() => undefined);
      await turn;
      return lastWords(of, hosts);
    },
    lastWords,
  };
}

async function recordIn(
  commit: string,
  bytes: Buffer | null,
  once: (text: string) => string,
): Promise<Reading['record']> {
  const named = `has a newest commit (${commit.slice(0, 12)}) that`;
  if (bytes === null) return { ok: false, why: `${named} adds no record` };
  const { parseRecord } = await import('../audit/parse-record.ts');
  const parsed = await parseRecord(bytes);
  if (!parsed.ok) return { ok: false, why: `${named} adds what ${parsed.why}` };
  const { host, sequence } = parsed.record;
  return { ok: true, host, sequence, word: wordIn(parsed.record, once) };
}

/** More different texts than a fleet ever has at a time. */
const MOST_TEXTS = 10_000;

/** Equal texts become the same one: ten thousand hosts say the same fingerprints. */
function eachOnce(): (text: string) => string {
  const texts = new Map<string, string>();
  return (text) => {
    const same = texts.get(text);
    if (same !== undefined) return same;
    if (texts.size >= MOST_TEXTS) texts.clear();
    texts.set(text, text);
    return text;
  };
}

/** Its own as well: whoever had this id before has ended. */
async function tidy(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    const of = Number(/^\.?(\d+)\.git/.exec(name)?.[1] ?? 0);
    if (of === pid || !isRunning(of)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isRunning(id: number): boolean {
  try {
    return id > 0 && process.kill(id, 0);
  } catch (error) {
    // it runs, and is another user's
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
