/**
 * Brings a host's chain to where its last record says that it goes on.
 *
 * 1. By plain pushes of that one branch, never forced: pushing it again changes nothing, so an answer that was lost does no harm, and
 *    what the remote has is never overwritten. A server that was busy is asked again at once.
 * 2. What each remote has is known apart: where the fleet has its audit elsewhere from now on, the whole chain goes there.
 * 3. Where that is not the infra repo, the chain is brought there as well first, up to a record that says where it goes on: a host that
 *    lost its state begins to look for it in the infra repo, and believes nobody else. It need not be where host.yaml says the same.
 */
import { systemClock } from '../clock.ts';
import { AuditDiverged, RemoteUnreachable } from '../errors.ts';
import { git, gitRemote, lines } from '../git/git-command.ts';
import { isAncestor, refValue } from '../git/history.ts';
import { pushAgain, type Standing } from '../git/push-again.ts';
import { remoteTip } from '../git/remote-tip.ts';
import { REMOTE } from '../git/repository.ts';
import { localRef, pushedRef } from './paths.ts';
import { recordAt } from './record-at.ts';

export type ChainPlaces = {
  readonly gitDir: string;
  readonly host: string;
  /** Branch on the remote, such as `audit/builder1`. */
  readonly branch: () => string;
  /** Name of the Git remote of a repository, which is added if it is not known yet. @param repo null: the infra repo */
  readonly remote: (repo: string | null) => Promise<string>;
  /** Another repository to look for the chain in, by the word of host.yaml; null: none. */
  readonly ownRepo: string | null;
};

/** Throws RemoteUnreachable or AuditDiverged. @param repo where the record at `tip` says that the chain goes on; null: in the infra repo */
export async function pushChain(
  places: ChainPlaces,
  tip: string,
  repo: string | null,
  signal?: AbortSignal,
): Promise<void> {
  if (!(await isWordLeft(places, repo))) await leaveWord(places, tip, repo, signal);
  await pushTo(places, await places.remote(repo), tip, signal);
}

/** Records that are not yet known to be where the chain goes on. By one process, as it is asked at every record. */
export async function countUnpushed({ gitDir, host, remote }: ChainPlaces, repo: string | null) {
  // a ref that is not there yet counts for nothing
  const range = ['--ignore-missing', localRef(host), `^${pushedRef(host, await remote(repo))}`];
  return Number(lines(await git(gitDir, ['rev-list', '--count', ...range]))[0]);
}

/** Rule 3. */
async function isWordLeft({ gitDir, host, ownRepo, remote }: ChainPlaces, repo: string | null) {
  if (repo === ownRepo || (await remote(repo)) === REMOTE) return true;
  const there = await refValue(gitDir, pushedRef(host));
  if (there === null) return false;
  return ((await recordAt(gitDir, host, there)).record.auditRepo ?? null) === repo;
}

async function leaveWord(places: ChainPlaces, tip: string, repo: string | null, signal?: AbortSignal) {
  try {
    await pushTo(places, REMOTE, tip, signal);
  } catch (error) {
    if (!(error instanceof RemoteUnreachable)) throw error;
    throw new RemoteUnreachable(
      `the infra repo must know that the records of this host go on in ${repo}, before any is there: ${error.message} ` +
        `If this host may not push to the infra repo, write \`auditRepo: ${repo}\` in its host.yaml.`,
    );
  }
}

async function pushTo(places: ChainPlaces, remote: string, tip: string, signal?: AbortSignal): Promise<void> {
  const { gitDir, host } = places;
  const branch = `refs/heads/${places.branch()}`;
  // what the push itself notes as pushed, once the remote has it: one process less for each record
  const env = {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `remote.${remote}.fetch`,
    GIT_CONFIG_VALUE_0: `+${branch}:${pushedRef(host, remote)}`,
  };
  const push = ['push', '--quiet', '--no-verify', '--no-signed', remote, `${tip}:${branch}`];
  await pushAgain({
    push: () => gitRemote(gitDir, push, { signal, env }),
    look: () => lookAt(places, tip, { remote, branch }, signal),
    sleep: (ms) => systemClock.sleep(ms, signal),
    random: Math.random,
  });
}

/** Where the branch is after a push that failed. Throws AuditDiverged if it has what this host did not write. */
async function lookAt(
  { gitDir, host }: ChainPlaces,
  tip: string,
  { remote, branch }: { readonly remote: string; readonly branch: string },
  signal?: AbortSignal,
): Promise<Standing> {
  const there = await remoteTip(gitDir, remote, branch, { signal });
  if (there === tip) {
    await git(gitDir, ['update-ref', pushedRef(host, remote), tip]);
    return 'there';
  }
  if (there === null || (await isAncestor(gitDir, there, tip))) return 'behind';
  const found = `refs/boxreeve/found/${host}`;
  // all of it: by the mirror's own filter, contents would be left with the infra repo, which has not got them
  const how = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-filter'];
  await gitRemote(gitDir, ['fetch', ...how, remote, `+${branch}:${found}`], { signal });
  if (await isAncestor(gitDir, there, tip)) return 'behind';
  throw new AuditDiverged(
    `${branch.slice('refs/heads/'.length)} on the remote (${there.slice(0, 7)}) is not what this host wrote (${tip.slice(0, 7)}): someone ` +
      `rewrote it, or another host goes by the name ${host}. Nothing was overwritten and nothing is lost: compare ${found} and ${localRef(host)} in ${gitDir}.`,
  );
}
