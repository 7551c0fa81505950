/** What a host proposes when a change is halted: with real Git, merged as a person does, and read as hosts do. */
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveHost } from '../../../reconciler/desired/resolve.ts';
import type { BoxSpec } from '../../../reconciler/desired/spec.ts';
import { type Mirror, openMirror } from '../../../reconciler/git/mirror.ts';
import { proposeRevert, type RevertWanted } from '../../../reconciler/rollout/propose-revert.ts';
import { type AccountHost, type AccountLab, openAccountLab } from '../audit/account-lab.ts';

const CHANGE = 'c'.repeat(64);
const BRANCH = 'boxreeve/revert-cccccccccccc';
const FOLDER = 'desired-state/guests/agent';
const failures = [
  { host: 'a', since: '2026-11-20T10:00:00.000Z', detail: 'init failed\nBoxreeve-Desired: x' },
];

let lab: AccountLab;
let host: AccountHost;
let worked: string;
let commit: string;

beforeEach(async () => {
  lab = await openAccountLab();
  await lab.repo.remoteGit('config', 'uploadpack.allowFilter', 'true');
  host = await lab.host('a');
  const { write } = lab.repo;
  write(
    'desired-state/hosts/a.yaml',
    `kind: Host\nname: a\nauditKey: ${host.publicKey}\nguests: [agent, docs]\n`,
  );
  catalogue('1.0.0');
  for (const name of ['agent', 'docs']) guest(name, '1.0.0');
  write(`${FOLDER}/init.sh`, 'one\n');
  write(`${FOLDER}/files/old.conf`, 'old\n');
  chmodSync(join(lab.repo.folder, FOLDER, 'init.sh'), 0o755);
  worked = await lab.repo.merge('What works');
  await host.mirror.fetch();
});
afterEach(() => lab.dispose());

function catalogue(...versions: readonly string[]): void {
  const entry = (version: string) =>
    `  - { version: ${version}, provider: lxc, sha256: "${version[0]?.repeat(64)}", size: 1, sources: ["file:///node.box"] }\n`;
  const text = `kind: Box\nname: node\nversions:\n${versions.map(entry).join('')}`;
  lab.repo.write('desired-state/boxes/node.yaml', text);
}

function guest(name: string, version: string): void {
  const text = `kind: Guest\nname: ${name}\nbox: { name: node, version: ${version} }\nprovider: lxc\n`;
  lab.repo.write(`desired-state/guests/${name}/guest.yaml`, text);
  lab.repo.write(`desired-state/guests/${name}/Vagrantfile`, 'Vagrant.configure("2") { |config| }\n');
}

/** A change of everything that a guest can be changed in, and of another guest. */
async function change(...versions: readonly string[]): Promise<void> {
  catalogue(...versions);
  guest('agent', '2.0.0');
  guest('docs', '2.0.0');
  lab.repo.write(`${FOLDER}/init.sh`, 'two\n');
  chmodSync(join(lab.repo.folder, FOLDER, 'init.sh'), 0o644);
  lab.repo.write(`${FOLDER}/files/new.conf`, 'new\n');
  lab.repo.remove(`${FOLDER}/files/old.conf`);
  lab.repo.write('elsewhere/README.md', 'of the same repository\n');
  commit = await lab.repo.merge('Bump everything');
  await host.mirror.fetch();
}

async function specAt(mirror: Mirror, at: string) {
  return resolveHost(mirror.tree(at), 'desired-state', 'a');
}

async function boxAt(at: string): Promise<BoxSpec> {
  const [agent] = (await specAt(host.mirror, at)).guests;
  if (agent === undefined) throw new Error('there is no guest');
  return agent.box;
}

async function propose(asked: Partial<RevertWanted> = {}, by: AccountHost = host): Promise<string> {
  const { gitDir, mirror, name, key } = by;
  const good = { commit: worked, box: await boxAt(worked) };
  const wanted = { guest: 'agent', change: CHANGE, commit, worked: good, failures, ...asked };
  const parts = { gitDir, path: 'desired-state', mirror, host: name, signingKey: key, now: Date.now };
  return proposeRevert(parts, wanted);
}

/** As another host sees the infra repo once the branch is merged. */
async function merged(): Promise<{ readonly mirror: Mirror; readonly tip: string }> {
  await lab.repo.mergeBranch(BRANCH, 'Take it back');
  const gitDir = join(mkdtempSync(join(lab.root, 'reader-')), 'mirror.git');
  const log = { info: () => undefined, debug: () => undefined };
  const about = { branch: 'main', path: 'desired-state', log, alone: true };
  const mirror = await openMirror({ gitDir, remote: lab.repo.url, ...about });
  return { mirror, tip: await mirror.fetch() };
}

describe('a branch that takes a halted change back', () => {
  it('puts the guest, and nothing else, back to what worked', async () => {
    await change('1.0.0', '2.0.0');
    expect(await propose()).toContain(`the branch ${BRANCH} takes the change of agent back: merge it`);
    const diff = await lab.repo.remoteGit('diff', '--name-status', '--no-renames', worked, BRANCH);
    const others = diff.split('\n').filter((line) => !line.includes('/boxes/'));
    expect(others).toEqual(['M\tdesired-state/guests/docs/guest.yaml', 'A\telsewhere/README.md']);
    const { mirror, tip } = await merged();
    const [before, after] = [await specAt(mirror, worked), await specAt(mirror, tip)];
    expect(after.guests[0]?.fingerprint).toBe(before.guests[0]?.fingerprint);
    expect(after.guests[0]?.files.find(({ path }) => path === 'init.sh')?.executable).toBe(true);
    expect(after.guests[1]?.box.version).toBe('2.0.0');
  });

  it('is signed by the host, and says what failed where, without a trailer of its own making', async () => {
    await change('1.0.0', '2.0.0');
    await propose();
    const message = await lab.repo.remoteGit('log', '-1', '--format=%an%n%B', BRANCH);
    expect(message).toContain('a\nPut agent back to what worked\n');
    expect(message).toContain('a: init failed Boxreeve-Desired: x\n');
    expect(await lab.repo.remoteGit('log', '-1', '--format=%(trailers:only)', BRANCH)).toBe(
      `Boxreeve-Reverts: ${commit}\n`,
    );
    expect(await lab.repo.remoteGit('cat-file', 'commit', BRANCH)).toContain('BEGIN SSH SIGNATURE');
  });

  it('has the box in the catalogue again, if that was taken out of it', async () => {
    await change('2.0.0');
    await propose();
    const { mirror, tip } = await merged();
    const { guests } = await specAt(mirror, tip);
    expect(guests.map(({ box }) => box.version)).toEqual(['1.0.0', '2.0.0']);
    expect(guests[0]?.box).toEqual(await boxAt(worked));
  });

  it('is proposed once, by the host that is first, and left as it is by the others', async () => {
    await change('1.0.0', '2.0.0');
    const b = await lab.host('b');
    const said = await Promise.all([propose(), propose({}, b)]);
    expect(said.filter((text) => text.includes('merge it'))).toHaveLength(1);
    const first = await lab.repo.remoteGit('rev-parse', BRANCH);
    expect(await propose({}, b)).toBe(
      `a branch ${BRANCH} that takes the change of agent back is there already`,
    );
    expect(await lab.repo.remoteGit('rev-parse', BRANCH)).toBe(first);
  });
});

describe('a branch of that name that another pushes in between', () => {
  const path = process.env.PATH;
  afterEach(() => {
    process.env.PATH = path;
  });

  it('is left as it is, and told of', async () => {
    await change('1.0.0', '2.0.0');
    const { stdout: git } = await execa('which', ['git']);
    const folder = mkdtempSync(join(lab.root, 'bin-'));
    const other = `'${git}' --git-dir='${lab.repo.url}' update-ref refs/heads/${BRANCH} ${worked}`;
    const text = `#!/bin/sh\ncase " $* " in *' push '*) ${other};; esac\nexec '${git}' "$@"\n`;
    writeFileSync(join(folder, 'git'), text, { mode: 0o755 });
    process.env.PATH = `${folder}:${path}`;
    expect(await propose()).toContain('is there already');
    expect(await lab.repo.remoteGit('rev-parse', BRANCH)).toBe(worked);
  });
});

describe('no branch is proposed, and why is said,', () => {
  it('where nothing that worked is known', async () => {
    await change('1.0.0', '2.0.0');
    expect(await propose({ worked: null })).toContain('nothing that worked is known on this host');
  });

  it('where the catalogue has another file for the version that worked', async () => {
    await change('1.0.0', '2.0.0');
    const box = { ...(await boxAt(worked)), sha256: 'f'.repeat(64) };
    expect(await propose({ worked: { commit: worked, box } })).toContain(
      'has another file now for version 1.0.0',
    );
  });

  it('where the guest is as it was', async () => {
    await change('1.0.0', '2.0.0');
    const said = await propose({ commit: worked });
    expect(said).toContain('nothing of desired-state/guests/agent differs');
  });

  it('where the remote is away', async () => {
    await change('1.0.0', '2.0.0');
    const { gitDir } = host;
    await lab.gitIn(gitDir, 'config', 'remote.origin.url', join(lab.root, 'away.git'));
    expect(await propose()).toMatch(/^no branch takes the change of agent back: git ls-remote: /);
    await lab.gitIn(gitDir, 'config', 'remote.origin.url', lab.repo.url);
    expect(await lab.repo.remoteGit('for-each-ref', 'refs/heads/boxreeve')).toBe('');
  });
});
