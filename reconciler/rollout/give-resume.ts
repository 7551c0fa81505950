/**
 * An approver's word that a halted roll-out goes on: signed with his key, and pushed behind what others gave, so that two who do so at
 * once do not take each other's word away. A word that hosts would not believe is not pushed.
 */
import { BoxreeveError, ExitCode, GitFailed, RemoteUnreachable } from '../errors.ts';
import { gitRemote } from '../git/git-command.ts';
import type { Mirror } from '../git/mirror.ts';
import { refusalOf } from '../git/push-refusal.ts';
import { writeSignedCommit } from '../git/signed-commit.ts';
import { oneLine } from '../one-line.ts';
import { openProofs } from '../trust/proofs.ts';
import { approversNeeded, believed, giverOf, type JudgedBy, type SignedWord } from './judge-resumes.ts';
import { type Failure, failureKey } from './progress.ts';
import { RESUME_FILE, resumeBranch, resumeBytes } from './resume-form.ts';
import type { Resumes } from './resumes.ts';

/** No host would believe it. */
class NotBelieved extends BoxreeveError {
  readonly exitCode = ExitCode.untrusted;
}

/** The key is no key, or is locked. */
class CannotSign extends BoxreeveError {
  readonly exitCode = ExitCode.invalidInput;
}

export type GiveParts = {
  readonly gitDir: string;
  readonly mirror: Pick<Mirror, 'fetch' | 'listBranches' | 'auditRefs' | 'auditRemote'>;
  readonly resumes: Pick<Resumes, 'read'>;
  /** Who gives it. `key`: see `CommitDraft.signingKey`; null: he does not sign. */
  readonly person: { readonly name: string; readonly email: string; readonly key: string | null };
  /** ms since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
};

export type Wanted = {
  readonly guest: string;
  readonly change: string;
  /** Not none. */
  readonly failures: readonly Failure[];
  readonly reason: string;
};

export type Gave = {
  readonly commit: string;
  readonly branch: string;
  /** As trust/approvers has him; null: the fleet asks for no signatures, and anyone who can push is believed. */
  readonly by: string | null;
  /** Different approvers that it takes. */
  readonly needed: number;
  /** Whether enough have given their word, this one included. */
  readonly enough: boolean;
};

/** Others may give theirs at the same moment; so many of them do not. */
const MOST_TRIES = 8;

/** Throws RemoteUnreachable, GitFailed, or one of its own that says why hosts would not believe it. */
export async function giveResume(parts: GiveParts, wanted: Wanted): Promise<Gave> {
  const branch = resumeBranch(wanted.guest, wanted.change);
  for (let tries = 1; ; tries += 1) {
    // fetched each time: what is laid behind must be here, and be the newest
    const at = await parts.mirror.fetch(parts.signal);
    await parts.mirror.listBranches(parts.signal);
    const seen = await parts.resumes.read(at, wanted.guest, wanted.change);
    if (seen === null) throw notReadable(at);
    const previous = parts.mirror.auditRefs().get(`refs/heads/${branch}`) ?? null;
    const signed = await signedWord(parts, wanted, previous, seen.judgedBy);
    const giver = giverOf(signed, seen.judgedBy);
    if (!giver.ok) throw notBelieved(giver.why);
    if (await pushBehind(parts, branch, previous, signed.commit)) {
      const given = believed([...seen.words, signed], seen.judgedBy);
      const forgiven = new Set(given.flatMap((word) => word.forgiven.map(failureKey)));
      const enough = wanted.failures.every((failure) => forgiven.has(failureKey(failure)));
      const needed = approversNeeded(seen.judgedBy.authority, wanted.guest);
      return { commit: signed.commit, branch, by: giver.name, needed, enough };
    }
    if (tries === MOST_TRIES)
      throw new RemoteUnreachable(`others changed the branch ${branch} each time: try again`);
  }
}

async function signedWord(
  { gitDir, person, now }: GiveParts,
  { guest, change, failures, reason }: Wanted,
  parent: string | null,
  { authority }: JudgedBy,
): Promise<SignedWord> {
  if (person.key === null && authority.requiresSignatures)
    throw new CannotSign('an approver has to sign this: name his SSH key with --key');
  const word = { guest, change, forgiven: failures, reason };
  const draft = {
    ...{ parent, alone: true, files: new Map([[RESUME_FILE, resumeBytes(word)]]) },
    ...{ message: messageOf(word, failures), host: person.name, email: person.email },
    ...{ signingKey: person.key, at: now() },
  };
  const commit = await writeSignedCommit(gitDir, draft).catch((error: unknown) => {
    if (error instanceof GitFailed) throw cannotSign(person.key, error);
    throw error;
  });
  const [proven] = await openProofs(gitDir).of([commit], authority.openPgpKeys);
  if (proven === undefined) throw new GitFailed(`commit ${commit} cannot be read`);
  return { commit, committedAt: proven.committedAt, proof: proven.proof, word };
}

function messageOf(
  { guest, change, reason }: Pick<Wanted, 'guest' | 'change' | 'reason'>,
  failures: readonly Failure[],
): string {
  const forgiven = failures.map(({ host, since }) => `Forgives ${host}, failed since ${since}.`);
  return [
    `Resume the roll-out of ${guest}`,
    '',
    oneLine(reason),
    '',
    `Change ${change}.`,
    ...forgiven,
    '',
  ].join('\n');
}

/** False if somebody was faster. After an answer that never came, what is there counts. */
async function pushBehind(
  { gitDir, mirror, signal }: GiveParts,
  branch: string,
  previous: string | null,
  commit: string,
): Promise<boolean> {
  const ref = `refs/heads/${branch}`;
  const quiet = ['--quiet', '--no-verify', '--no-signed'];
  const lease = `--force-with-lease=${ref}:${previous ?? ''}`;
  try {
    await gitRemote(gitDir, ['push', ...quiet, lease, mirror.auditRemote(), `${commit}:${ref}`], { signal });
    return true;
  } catch (error) {
    if (!(error instanceof RemoteUnreachable)) throw error;
    await mirror.fetch(signal);
    await mirror.listBranches(signal);
    const there = mirror.auditRefs().get(ref) ?? null;
    if (there === commit) return true;
    // somebody else may be at the branch, which is not yet seen to have moved
    if (there === previous && refusalOf(error.message) !== 'busy') throw error;
    return false;
  }
}

function notReadable(commit: string): NotBelieved {
  return new NotBelieved(
    `whose word counts cannot be told from ${commit.slice(0, 7)}: fleet.yaml or trust/ there is unreadable, so hosts believe nobody`,
  );
}

function notBelieved(why: string): NotBelieved {
  return new NotBelieved(
    `hosts would not believe this: it ${why}. Nothing was pushed. Sign with the key of an approver (--key)`,
  );
}

function cannotSign(key: string | null, { message }: Error): CannotSign {
  return new CannotSign(
    `${key ?? 'this'} cannot be signed with: ${message}. If the key has a passphrase, add it to ssh-agent (ssh-add), and give --key the public one (.pub)`,
  );
}
