/** An approver lets a halted roll-out go on: the real command line, with what hosts of real keys have recorded. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFleetFacts } from '../../../reconciler/desired/fleet-facts.ts';
import type { FleetFacts } from '../../../reconciler/rollout/progress.ts';
import { openResumes } from '../../../reconciler/rollout/resumes.ts';
import { checkDocument } from '../../lab/check-document.ts';
import { waitFor } from '../../lab/wait-for.ts';
import {
  type AccountHost,
  type AccountLab,
  newKey,
  openAccountLab,
  someDraft,
} from '../audit/account-lab.ts';

const ENTRY = fileURLToPath(new URL('../../../reconciler/cli/main.ts', import.meta.url));
const SINCE = '2026-11-20T10:00:00.000Z';
const FLEET = 'kind: Fleet\nrollout: { waves: [{ hosts: { host: b } }] }\n';
const SIGNED = `${FLEET}trust: { requireSignedCommits: true }\n`;

type Key = { readonly key: string; readonly publicKey: string };
let lab: AccountLab;
let b: AccountHost;
let ada: Key;
let bo: Key;
let tip: string;
let facts: FleetFacts;

beforeEach(async () => {
  lab = await openAccountLab();
  [b, ada, bo] = [await lab.host('b'), await newKey(lab.root, 'ada'), await newKey(lab.root, 'bo')];
  const c = await lab.host('c');
  const { write } = lab.repo;
  for (const { name, publicKey } of [b, c])
    write(
      `desired-state/hosts/${name}.yaml`,
      `kind: Host\nname: ${name}\nauditKey: ${publicKey}\nguests: [agent, docs]\n`,
    );
  write(
    'desired-state/boxes/node.yaml',
    `kind: Box\nname: node\nversions:\n  - { version: 1.0.0, provider: lxc, sha256: ${'a'.repeat(64)}, size: 1, sources: ["file:///node.box"] }\n`,
  );
  for (const guest of ['agent', 'docs']) {
    write(
      `desired-state/guests/${guest}/guest.yaml`,
      `kind: Guest\nname: ${guest}\nbox: { name: node, version: 1.0.0 }\nprovider: lxc\n`,
    );
    write(`desired-state/guests/${guest}/Vagrantfile`, 'Vagrant.configure("2") { |config| }\n');
  }
  write(
    'desired-state/trust/approvers',
    `ada@example.org ${ada.publicKey}\nbo@example.org ${bo.publicKey}\n`,
  );
  write('elsewhere/README.md', 'of the same repository\n');
  await declare(SIGNED);
  writeFileSync(
    join(lab.root, 'host.yaml'),
    JSON.stringify({
      ...{ name: 'laptop', repo: lab.repo.url, stateDir: join(lab.root, 'state') },
      signingKey: join(lab.root, 'no-key-of-a-host'),
    }),
  );
});
afterEach(() => lab.dispose());

async function declare(fleet: string, path = 'desired-state/fleet.yaml'): Promise<void> {
  lab.repo.write(path, fleet);
  tip = await lab.repo.merge('Declare the fleet', ada.key);
  await b.mirror.fetch();
  facts = await readFleetFacts(b.mirror.tree(tip), 'desired-state', ['agent', 'docs']);
}

/** Host b records that changes of guests failed there. */
async function failed(...guests: readonly string[]): Promise<void> {
  const fingerprints = facts.members.find(({ name }) => name === 'b')?.guests;
  const progress = Object.fromEntries(
    guests.map((guest) => [
      guest,
      {
        ...{ fingerprint: fingerprints?.get(guest) ?? '', state: 'failed' as const, since: SINCE },
        ...{ healthyMs: null, probed: false, detail: 'init failed' },
      },
    ]),
  );
  await b.log.append(someDraft(tip, { progress }));
  await b.log.push();
}

type Ran = { readonly exitCode?: number; readonly stdout: string; readonly stderr: string };

async function resume(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const command = ['rollout', 'resume', '--config', join(lab.root, 'host.yaml'), ...words];
  const own = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...env };
  return execa(process.execPath, [ENTRY, ...command], { reject: false, stdin: 'ignore', env: own });
}

const why = ['--reason', 'the mirror was down'];

/** What a host takes to be forgiven, as `guest host`. */
async function forgiven(): Promise<readonly string[]> {
  await b.mirror.fetch();
  const { gitDir, mirror } = b;
  const resumes = openResumes({ gitDir, path: 'desired-state', mirror, revokedKeys: [], now: Date.now });
  const given = await resumes.given(tip, facts.changes);
  return given.flatMap((word) => word.forgiven.map(({ host }) => `${word.guest} ${host}`));
}

describe('a halted roll-out', () => {
  it('goes on by the word of an approver, who is told what he forgives', async () => {
    await failed('agent');
    const ran = await resume([...why, '--key', ada.key, '--json']);
    expect(ran.stderr).toBe('');
    const document: unknown = JSON.parse(ran.stdout);
    checkDocument(['rollout', 'resume'], document);
    expect(document).toMatchObject({
      resumed: [
        {
          ...{ guest: 'agent', change: facts.changes.get('agent'), by: 'ada@example.org', enough: true },
          forgiven: [{ host: 'b', since: SINCE, detail: 'init failed' }],
        },
      ],
    });
    expect(await forgiven()).toEqual(['agent b']);
    const [branch] = (
      await lab.repo.remoteGit('for-each-ref', '--format=%(refname)', 'refs/heads/boxreeve')
    ).split('\n');
    const log = await lab.repo.remoteGit('log', '-1', '--format=%an%n%B', branch ?? '');
    expect(log).toContain('Resume the roll-out of agent\n\nthe mirror was down\n');
    expect(await lab.repo.remoteGit('ls-tree', '--name-only', branch ?? '')).toBe('resume.json');
  });

  it('is each of them, or the one of a guest that is named', async () => {
    await failed('agent', 'docs');
    const one = await resume([...why, '--key', ada.key, '--guest', 'docs']);
    expect(one).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^docs: its roll-out goes on/) });
    expect(await forgiven()).toEqual(['docs b']);
    await resume([...why, '--key', ada.key]);
    expect((await forgiven()).toSorted()).toEqual(['agent b', 'docs b']);
  });

  it('goes on only when as many approvers as its guest takes have said so, each behind the other', async () => {
    await declare(
      'kind: TrustRules\nrules:\n  - { paths: ["guests/**"], signatures: 2 }\n',
      'desired-state/trust/rules.yaml',
    );
    await failed('agent');
    const first = await resume([...why, '--key', ada.key]);
    expect(first.stdout).toContain('it takes 2 approvers (trust/rules.yaml)');
    expect(await forgiven()).toEqual([]);
    const second = await resume(['--reason', 'I think so too', '--key', bo.key]);
    expect(second.stdout).toContain('agent: its roll-out goes on');
    expect(await forgiven()).toEqual(['agent b', 'agent b']);
  });

  it('does not by a key that no approver has: nothing is pushed', async () => {
    await failed('agent');
    const eve = await newKey(lab.root, 'eve');
    const ran = await resume([...why, '--key', eve.key]);
    expect(ran).toMatchObject({ exitCode: 4, stdout: '' });
    expect(ran.stderr).toContain('hosts would not believe this: it is signed by a key that no approver has');
    expect(await lab.repo.remoteGit('for-each-ref', 'refs/heads/boxreeve')).toBe('');
  });

  it('does not without a key, and by the one of the person’s own Git where there is one', async () => {
    await failed('agent');
    const without = await resume(why);
    expect(without).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('--key') });
    const config = join(lab.root, 'gitconfig');
    writeFileSync(
      config,
      `[gpg]\nformat = ssh\n[user]\nsigningkey = ${ada.key}\nname = Ada\nemail = a@x.org\n`,
    );
    expect(await resume(why, { GIT_CONFIG_GLOBAL: config })).toMatchObject({ exitCode: 0, stderr: '' });
    const branch = `boxreeve/resume-agent-${facts.changes.get('agent')?.slice(0, 12)}`;
    expect(await lab.repo.remoteGit('log', '-1', '--format=%an <%ae>', branch)).toBe('Ada <a@x.org>');
  });

  it('does not by a key with a passphrase that nobody can ask for: the way round is told', async () => {
    await failed('agent');
    await execa('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', ada.key]);
    const ran = await resume([...why, '--key', ada.key]);
    expect(ran).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('ssh-add') });
  });

  it('goes on by a key that is in ssh-agent alone, named by its public half', async () => {
    await failed('agent');
    const env = { SSH_AUTH_SOCK: join(lab.root, 'agent.sock') };
    const agent = execa('ssh-agent', ['-D', '-a', env.SSH_AUTH_SOCK], { reject: false });
    try {
      await waitFor(
        'an agent that has the key',
        async () => (await execa('ssh-add', ['-q', ada.key], { env, reject: false })).exitCode === 0,
      );
      rmSync(ada.key);
      const ran = await resume([...why, '--key', `${ada.key}.pub`], env);
      expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await forgiven()).toEqual(['agent b']);
    } finally {
      agent.kill();
      await agent;
    }
  });

  it('goes on by whoever can push, where the fleet asks for no signatures, and that is said loudly', async () => {
    await declare(FLEET);
    await failed('agent');
    const ran = await resume(why);
    expect(ran).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('WARNING: this fleet asks for no'),
    });
    expect(await forgiven()).toEqual(['agent b']);
  });
});

describe('what is not halted', () => {
  it('is said, with how much has failed', async () => {
    await declare(SIGNED.replace('rollout: {', 'rollout: { haltAfterFailures: 2,'));
    await failed('agent');
    const ran = await resume([...why, '--key', ada.key]);
    expect(ran).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ran.stderr).toContain('no roll-out is halted (agent failed on 1, of 2)');
  });

  it('is told from a guest that there is none of, a reason that says nothing, and a fleet without a roll-out', async () => {
    expect((await resume([...why, '--guest', 'agnet'])).stderr).toContain(
      'the fleet has no guest "agnet" (it has agent, docs)',
    );
    expect((await resume(['--reason', ' '])).stderr).toContain('--reason is empty');
    await declare('kind: Fleet\n');
    const ran = await resume(why);
    expect(ran).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('nothing is ever halted') });
  });
});
