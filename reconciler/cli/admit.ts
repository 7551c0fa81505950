import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import type { Admission } from '../door/admit.ts';
import type { RefChange } from '../door/push.ts';
import { GitFailed, InvalidHostConfig } from '../errors.ts';
import { globalOptions, print, printDocument, printError } from './options.ts';

type Options = {
  readonly gitDir?: string;
  readonly branch: string;
  readonly path: string;
  readonly base?: string;
  readonly head?: string;
  readonly ref?: string;
  readonly proposed?: true;
};

/** `boxreeve admit`: at the door of the infra repo, as a pre-receive hook or in the CI system of a forge. Needs no host.yaml. */
export function admitCommand(): Command {
  return new Command('admit')
    .description(
      'judge a push to the infra repo before it is taken: audit branches, the branch that hosts follow, and names that hide them',
    )
    .option(
      '--git-dir <folder>',
      'the repository; without it GIT_DIR, else .git in this folder, else this folder',
    )
    .option('--branch <name>', 'the branch that hosts follow', 'main')
    .option('--path <folder>', 'folder of the desired state in it', 'desired-state')
    .option('--base <commit>', 'in a clone: full id of what the ref named before; zeros: nothing')
    .option('--head <commit>', 'full id of what it names now, or is to name; zeros: nothing')
    .option('--ref <name>', 'the ref in full, such as refs/heads/main')
    .option('--proposed', 'the commits are those of a pull request: they need not stand on the newest commit')
    .addHelpText(
      'after',
      '\nWithout --base, --head and --ref it reads lines `<old> <new> <ref>` on standard input, as Git hands them to a pre-receive hook.\n\n' +
        'Example:\n  boxreeve admit --proposed --ref refs/heads/main --base $(git rev-parse origin/main) --head $(git rev-parse HEAD)',
    )
    .action(async (options: Options, command: Command) => {
      const [admission, { exitCodeOf }, { admissionDocument, showAdmission }] = await Promise.all([
        judge(options),
        import('../door/reason.ts'),
        import('../report/admit-text.ts'),
      ]);
      const lines = showAdmission(admission).join('\n');
      if (globalOptions(command).json) printDocument(admissionDocument(admission));
      // a push that is let in needs no word more: whoever pushed would read it every time
      else if (admission.reasons.length > 0) printError(lines);
      else if (options.ref !== undefined) print(lines);
      process.exitCode = exitCodeOf(admission.reasons);
    });
}

async function judge(options: Options): Promise<Admission> {
  const [{ admit }, { openPushedObjects }, { refValue }] = await Promise.all([
    import('../door/admit.ts'),
    import('../door/pushed-objects.ts'),
    import('../git/history.ts'),
  ]);
  const changes = await changesOf(options);
  const inClone = options.ref !== undefined;
  const server = options.gitDir ?? process.env.GIT_DIR ?? (existsSync('.git') ? '.git' : '.');
  if (inClone) await refuseGaps(server, changes);
  const branch = await branchName(options.branch);
  const present =
    (inClone ? await refValue(server, `refs/remotes/origin/${branch}`) : null) ??
    (await refValue(server, `refs/heads/${branch}`));
  const digits = changes.map(({ from, to }) => (to ?? from ?? '').length);
  const objects = await openPushedObjects(server, process.env, Math.max(0, ...digits));
  try {
    const door = { gitDir: objects.gitDir, branch, path: folderName(options.path), present };
    const proposed = options.proposed === true;
    // what a forge has taken already may be there for long
    const newSince = inClone && !proposed ? null : Date.now();
    return await admit({ ...door, pusher: pusher(), newSince, proposed }, changes);
  } finally {
    await objects.dispose();
  }
}

async function changesOf({ base, head, ref, proposed }: Options): Promise<readonly RefChange[]> {
  const { parsePush, refChange } = await import('../door/push.ts');
  if (base !== undefined && head !== undefined && ref !== undefined) return [refChange(base, head, ref)];
  if (base !== undefined || head !== undefined || ref !== undefined || proposed === true)
    throw new InvalidHostConfig(
      '--base, --head and --ref belong together: give all three, or none in a pre-receive hook',
    );
  return parsePush(await text(process.stdin));
}

/** What a clone lacks would look as if it had never been. */
async function refuseGaps(gitDir: string, changes: readonly RefChange[]): Promise<void> {
  const [{ git }, { refValue }] = await Promise.all([
    import('../git/git-command.ts'),
    import('../git/history.ts'),
  ]);
  const shallow = (await git(gitDir, ['rev-parse', '--is-shallow-repository'])).toString('utf8').trim();
  if (shallow === 'true')
    throw new GitFailed(
      'this clone is shallow, and what it lacks cannot be judged: fetch all of it (git fetch --unshallow)',
    );
  for (const { to } of changes)
    if (to !== null && (await refValue(gitDir, `${to}^{commit}`)) === null)
      throw new GitFailed(`this clone has no commit ${to.slice(0, 7)}: fetch it`);
}

async function branchName(name: string): Promise<string> {
  const { isBranch } = await import('../desired/fleet-rules.ts');
  if (isBranch(name)) return name;
  throw new InvalidHostConfig(`--branch ${JSON.stringify(name)} is not the name of a branch, such as main`);
}

function folderName(name: string): string {
  const parts = name.split('/');
  if (parts[0] !== '' && !name.startsWith('-') && !parts.includes('..')) return name.replace(/\/+$/, '');
  throw new InvalidHostConfig(
    `--path ${JSON.stringify(name)} is not a folder in the repository, such as desired-state: relative, without ..`,
  );
}

/** Set by a forced command of sshd, or by gitolite. */
function pusher(): string | null {
  return process.env.BOXREEVE_PUSHER || process.env.GL_USER || null;
}
