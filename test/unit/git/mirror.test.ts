import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RemoteUnreachable } from '../../../reconciler/errors.ts';
import { pullRequestOf } from '../../../reconciler/git/commit-info.ts';
import { withoutCredentials } from '../../../reconciler/git/git-command.ts';
import { type Mirror, openMirror } from '../../../reconciler/git/mirror.ts';
import { type GitHttp, startGitHttp } from '../../lab/git-http.ts';
import { type InfraRepo, newInfraRepo } from '../../lab/infra-repo.ts';
import { newKey } from '../audit/account-lab.ts';

const log = { info: () => undefined, debug: () => undefined };
let root: string;
let repo: InfraRepo;
const servers: GitHttp[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve mirror '));
  repo = await newInfraRepo(root);
  repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
  repo.write('desired-state/guests/a/init.sh', 'one\ntwo\nthree\n');
  repo.write('elsewhere/large.bin', 'x'.repeat(10_000));
  await repo.merge('Begin');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  rmSync(root, { recursive: true, force: true });
});

function open(remote = repo.url, name = 'mirror.git'): Promise<Mirror> {
  return openMirror({
    gitDir: join(root, name),
    remote,
    branch: 'main',
    path: 'desired-state',
    log,
    alone: true,
  });
}

type WatchedGit = { with<T>(work: () => Promise<T>): Promise<T>; calls(): string[] };

/** The real `git`, with every call written down; one that has the argument `fatal` fails instead. */
async function watchGit(fatal = 'nothing'): Promise<WatchedGit> {
  const { stdout: git } = await execa('which', ['git']);
  const folder = mkdtempSync(join(root, 'bin-'));
  const calls = join(folder, 'calls');
  writeFileSync(calls, '');
  writeFileSync(
    join(folder, 'git'),
    `#!/bin/sh\necho "$*" >> '${calls}'\ncase " $* " in *' ${fatal} '*) exit 128;; esac\nexec '${git}' "$@"\n`,
    { mode: 0o755 },
  );
  return {
    with: async (work) => {
      const { PATH } = process.env;
      process.env.PATH = `${folder}:${PATH ?? ''}`;
      try {
        return await work();
      } finally {
        process.env.PATH = PATH;
      }
    },
    calls: () => readFileSync(calls, 'utf8').split('\n').slice(0, -1),
  };
}

async function overHttp() {
  const server = await startGitHttp(root);
  servers.push(server);
  return { server, mirror: await open(`${server.url}/infra.git`) };
}

/** On the remote, all at its tip. */
async function manyRefs(prefix: string, count: number): Promise<void> {
  const tip = await repo.git('rev-parse', 'HEAD');
  const input = Array.from({ length: count }, (_, index) => `create ${prefix}${index} ${tip}\n`).join('');
  await execa('git', [`--git-dir=${repo.url}`, 'update-ref', '--stdin'], { input });
  await repo.remoteGit('pack-refs', '--all');
}

async function content(mirror: Mirror, commit: string, path: string): Promise<string> {
  const entry = await mirror.tree(commit).entry(path);
  if (entry === undefined) throw new Error(`${path} is not there`);
  return (await mirror.tree(commit).read(entry)).toString('utf8');
}

describe('a mirror', () => {
  it('follows the branch, reads its files, and counts changed lines', async () => {
    const mirror = await open();
    const first = await mirror.fetch();
    repo.write('desired-state/guests/a/init.sh', 'one\n2\nthree\nfour\n');
    const second = await repo.merge('Change (#12)');
    expect(await mirror.fetch()).toBe(second);
    expect(await content(mirror, second, 'desired-state/guests/a/init.sh')).toBe('one\n2\nthree\nfour\n');
    expect(await mirror.lineChanges(first, second, 'desired-state/guests/a')).toEqual({ 'init.sh': 2 });
    expect(await mirror.describe(second)).toMatchObject({
      subject: 'Change (#12)',
      pullRequest: 12,
      author: 'Ada Approver <ada@example.org>',
      signedBy: null,
    });
    expect(await mirror.isAncestor(first, second)).toBe(true);
    expect(await mirror.isAncestor(second, first)).toBe(false);
  });

  it('asks Git once, and for nothing, when no branch moved', async () => {
    const mirror = await open();
    const tip = await mirror.fetch();
    const git = await watchGit();
    expect(await git.with(() => mirror.fetch())).toBe(tip);
    expect(git.calls()).toEqual([expect.stringContaining(' ls-remote ')]);
  });

  it('asks for no other branch than the watched one where there are many, until somebody goes by the others', async () => {
    const { server, mirror } = await overHttp();
    const tip = await mirror.fetch();
    await manyRefs('refs/heads/audit/builder', 1001);
    await mirror.fetch();
    const before = server.bytes().sent;
    await repo.remoteGit('update-ref', 'refs/heads/audit/new', tip);
    expect(await mirror.fetch()).toBe(tip);
    expect(server.bytes().sent - before).toBeLessThan(2000);
    expect(mirror.auditTips('audit/{host}')).not.toHaveProperty('new');
    await mirror.listBranches();
    expect(mirror.auditTips('audit/{host}')).toMatchObject({ new: tip, builder7: tip });
    const next = await repo.merge('Next');
    expect(await mirror.fetch()).toBe(next);
  });

  it('lists nothing more than it has seen in the same poll', async () => {
    const { server, mirror } = await overHttp();
    await manyRefs('refs/heads/audit/builder', 10);
    await mirror.fetch();
    const before = server.bytes().sent;
    await mirror.listBranches();
    expect(server.bytes().sent).toBe(before);
  });

  it('is not told of refs that are no branches, such as one for each pull request that there ever was', async () => {
    const { server, mirror } = await overHttp();
    await mirror.fetch();
    await manyRefs('refs/pull/', 1000);
    const before = server.bytes().sent;
    await mirror.fetch();
    expect(server.bytes().sent - before).toBeLessThan(2000);
  });

  it('sees a branch that was rewound, and knows that it lacks what it had', async () => {
    const first = await repo.git('rev-parse', 'HEAD');
    const second = await repo.merge('Second');
    const mirror = await open();
    expect(await mirror.fetch()).toBe(second);
    await repo.remoteGit('update-ref', 'refs/heads/main', first);
    expect(await mirror.fetch()).toBe(first);
    expect(await mirror.isAncestor(second, first)).toBe(false);
    expect(await mirror.isAncestor(first, first)).toBe(true);
    expect(await mirror.isAncestor('0'.repeat(40), first)).toBe(false);
  });

  it('counts changed lines of text, of files that came and went, and of none elsewhere', async () => {
    const first = await repo.git('rev-parse', 'HEAD');
    repo.remove('desired-state/guests/a/init.sh');
    repo.write('desired-state/guests/a/Vagrantfile', 'a\nb\n');
    repo.write('desired-state/guests/a/logo.png', 'x\0y');
    repo.write('desired-state/guests/ab/init.sh', 'other guest\n');
    const second = await repo.merge('Change');
    const mirror = await open();
    await mirror.fetch();
    expect(await mirror.lineChanges(first, second, 'desired-state/guests/a')).toEqual({
      'init.sh': 3,
      Vagrantfile: 2,
    });
  });

  it('sees that a commit left the desired state as it was', async () => {
    const mirror = await open();
    const first = await mirror.fetch();
    repo.write('elsewhere/large.bin', 'y');
    const second = await repo.merge('Elsewhere');
    await mirror.fetch();
    expect(await mirror.desiredTreeId(second)).toBe(await mirror.desiredTreeId(first));
  });

  it('of a remote that gives partial clones has all of the desired state with the remote gone, and nothing else', async () => {
    await repo.remoteGit('config', 'uploadpack.allowFilter', 'true');
    await repo.remoteGit('config', 'uploadpack.allowAnySHA1InWant', 'true');
    const mirror = await open(`file://${repo.url}`);
    const tip = await mirror.fetch();
    rmSync(repo.url, { recursive: true });
    expect(await content(mirror, tip, 'desired-state/guests/a/init.sh')).toBe('one\ntwo\nthree\n');
    await expect(content(mirror, tip, 'elsewhere/large.bin')).rejects.toThrow();
  });

  it('keeps what is named from being lost when the branch is rewritten', async () => {
    const mirror = await open();
    const first = await mirror.fetch();
    await mirror.keep('applied', first);
    await repo.git('checkout', '--quiet', '--orphan', 'new');
    await repo.git('commit', '--quiet', '-m', 'New');
    await repo.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
    const second = await mirror.fetch();
    expect(second).not.toBe(first);
    await execa('git', [`--git-dir=${join(root, 'mirror.git')}`, 'gc', '--quiet', '--prune=now']);
    expect(await content(mirror, first, 'desired-state/fleet.yaml')).toBe('kind: Fleet\n');
  });
});

describe('what goes wrong', () => {
  it('a remote that is away is unreachable, and the tip of before is known still', async () => {
    const mirror = await open();
    const tip = await mirror.fetch();
    rmSync(repo.url, { recursive: true });
    await expect(mirror.fetch()).rejects.toThrow(RemoteUnreachable);
    expect(await (await open()).lastTip()).toBe(tip);
  });

  it('a branch that is missing from an address with a password is told without it', () => {
    expect(withoutCredentials('ssh://git:an@s3cret@host/x.git has no branch main')).toBe(
      'ssh://host/x.git has no branch main',
    );
    expect(withoutCredentials('see https://host/x.git, or ask ada@example.org')).toBe(
      'see https://host/x.git, or ask ada@example.org',
    );
  });

  it('a branch that is missing is told by its name', async () => {
    await repo.remoteGit('update-ref', '-d', 'refs/heads/main');
    await expect((await open()).fetch()).rejects.toThrow(/has no branch main/);
  });

  it('a password in an address is in no message', async () => {
    expect(withoutCredentials("fatal: unable to access 'https://user:s3cret@host/x.git/': no")).toBe(
      "fatal: unable to access 'https://host/x.git/': no",
    );
    for (const password of ['s3cret', 'an@s3cret', 's3cret%40']) {
      const remote = `https://user:${password}@127.0.0.1:1/x.git`;
      const mirror = await open(remote, `${password}.git`);
      await expect(mirror.fetch()).rejects.toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('s3cret') }),
      );
    }
  });

  it('locks that a killed Git left are no hindrance to whoever holds the host', async () => {
    const mirror = await open();
    await mirror.fetch();
    for (const lock of ['refs/boxreeve/tip.lock', 'packed-refs.lock', 'config.lock'])
      writeFileSync(join(root, 'mirror.git', lock), '');
    const second = await repo.merge('Second');
    expect(await (await open()).fetch()).toBe(second);
  });

  it('several that make it at once all have it, and none writes to what the others see', async () => {
    const git = await watchGit();
    const mirrors = await git.with(() => Promise.all([open(), open(), open()]));
    const made = `--git-dir=${join(root, 'mirror.git')} `;
    const written = git.calls().filter((call) => call.includes('--replace-all'));
    expect(written.length).toBeGreaterThan(0);
    expect(written.filter((call) => call.startsWith(made))).toEqual([]);
    for (const mirror of mirrors) expect(await mirror.fetch()).toBe(await repo.git('rev-parse', 'HEAD'));
  });

  it('a making that was cut short is no hindrance, and is finished by the next', async () => {
    const gitDir = join(root, 'mirror.git');
    mkdirSync(gitDir);
    mkdirSync(join(root, '.mirror.git-cut'));
    writeFileSync(join(root, '.mirror.git-cut', 'HEAD'), 'ref: ');
    const tip = await (await open()).fetch();
    await execa('git', [`--git-dir=${gitDir}`, 'config', '--unset', 'remote.origin.url']);
    expect(await (await open()).fetch()).toBe(tip);
  });

  it('a fetch that was cut between commits and contents is finished by the next', async () => {
    await repo.remoteGit('config', 'uploadpack.allowFilter', 'true');
    await repo.remoteGit('config', 'uploadpack.allowAnySHA1InWant', 'true');
    const git = await watchGit('--recurse-submodules=no');
    const mirror = await open(`file://${repo.url}`);
    await git.with(() => expect(mirror.fetch()).rejects.toThrow(RemoteUnreachable));
    expect(await mirror.lastTip()).toBe(null);
    const tip = await mirror.fetch();
    rmSync(repo.url, { recursive: true });
    expect(await content(mirror, tip, 'desired-state/guests/a/init.sh')).toBe('one\ntwo\nthree\n');
  });
});

describe("the machine's own Git configuration", () => {
  it('has no effect: no hook, filter, alias, rewritten address or signing program is run', async () => {
    const home = join(root, 'home');
    const trap = join(root, 'trap');
    mkdirSync(home);
    const trapText = `#!/bin/sh\ntouch '${join(root, 'sprung')}'\ncat\n`;
    writeFileSync(trap, trapText, { mode: 0o755 });
    writeFileSync(join(root, 'reference-transaction'), trapText, { mode: 0o755 });
    writeFileSync(
      join(home, '.gitconfig'),
      `[core]\n\thooksPath = ${root}\n\tfsmonitor = ${trap}\n\tsshCommand = ${trap}\n[filter "x"]\n\tsmudge = ${trap}\n\tclean = ${trap}\n[gpg "ssh"]\n\tprogram = ${trap}\n[url "${root}/nowhere/"]\n\tinsteadOf = /\n[alias]\n\tlog = !${trap}\n[credential]\n\thelper = !${trap}\n`,
    );
    repo.write('.gitattributes', '* filter=x diff=x\n');
    const ada = await newKey(root, 'ada');
    repo.write('desired-state/trust/approvers', `ada@example.org ${ada.publicKey}\n`);
    const tip = await repo.merge('Attributes', ada.key);
    for (const hook of ['post-checkout', 'post-merge', 'reference-transaction', 'pre-auto-gc'])
      writeFileSync(join(repo.url, 'hooks', hook), trapText, { mode: 0o755 });
    const before = { ...process.env };
    Object.assign(process.env, {
      HOME: home,
      XDG_CONFIG_HOME: home,
      GIT_DIR: '/nonexistent',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.hooksPath',
      GIT_CONFIG_VALUE_0: root,
      GIT_SSH: trap,
    });
    try {
      const mirror = await open();
      expect(await mirror.fetch()).toBe(tip);
      expect(await content(mirror, tip, 'desired-state/fleet.yaml')).toBe('kind: Fleet\n');
      expect(await mirror.describe(tip)).toMatchObject({
        subject: 'Attributes',
        signedBy: 'ada@example.org',
      });
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
    }
    expect(existsSync(join(root, 'sprung'))).toBe(false);
  });
});

describe('the number of a pull request', () => {
  it.each([
    ['ci: bump Nix on macOS nodes (#13061)', 13061],
    ['Merge pull request #42 from someone/branch', 42],
    ['Merged PR 7: Bump the box', 7],
    ["Merge branch 'x' into 'main' (!99)", 99],
    ['Fix #12 at last', null],
    ['', null],
  ])('of %j is %s', (subject, number) => {
    expect(pullRequestOf(subject)).toBe(number);
  });
});
