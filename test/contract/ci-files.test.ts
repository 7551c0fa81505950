/** hooks/ci: what stands in the files, and what their scripts do in real clones of a repository with no hook at its door. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  at,
  documentOf,
  has,
  type JobEnd,
  list,
  runJob,
  scriptsOf,
  textOf,
  type Vendor,
} from '../lab/ci-file.ts';
import { type DoorLab, openDoorLab } from '../lab/door.ts';
import { someDraft } from '../unit/audit/account-lab.ts';

const VENDORS: readonly Vendor[] = ['github', 'gitlab', 'azure-pipelines'];
/** A name that a branch may have, and that does something where it is taken for shell text. */
const EVIL = ['ada/$(touch$', 'IFS}pwned)`touch$', 'IFS}pwned`'].join('{');

describe.each(VENDORS)('%s.yml', (vendor) => {
  const scripts = [...scriptsOf(vendor, 'proposed'), ...scriptsOf(vendor, 'account')];

  it('has scripts that a shell can read', async () => {
    expect(scripts.length).toBeGreaterThan(1);
    for (const { text } of scripts) await execa('bash', ['-n'], { input: text });
  });

  it('lets nothing that others name become part of a script: it all comes by the environment', () => {
    for (const { text } of scripts) {
      expect(text).not.toMatch(/\$\{\{/);
      // Azure's macros
      expect(text).not.toMatch(/\$\(\w+\.[\w.]+\)/);
      expect(text).not.toContain('eval');
    }
  });

  it('quotes every variable it hands to a program', () => {
    for (const { text } of scripts) {
      const unquoted = text
        .replaceAll(/^\s*#.*$/gm, '')
        .replaceAll(/"[^"]*"/g, '')
        .replaceAll(/^\s*\w+=\S+$/gm, '');
      expect(unquoted).not.toMatch(/\$\w/);
    }
  });

  it('has no secrets, and takes Boxreeve at one version', () => {
    expect(textOf(vendor)).not.toMatch(/secrets\.|TOKEN|PASSWORD/);
    expect(textOf(vendor)).toMatch(/BOXREEVE: boxreeve@\d+\.\d+\.\d+ /);
  });
});

describe('github.yml', () => {
  const file = documentOf('github');
  const jobs = ['proposed', 'account'].map((name) => at(file, 'jobs', name));

  it('may read the repository and nothing else', () => {
    expect(at(file, 'permissions')).toEqual({ contents: 'read' });
    for (const job of jobs) expect(has(job, 'permissions')).toBe(false);
  });

  it('runs what others wrote at a commit, not at a name that they can move', () => {
    const used = jobs.flatMap((job) => list(at(job, 'steps')).flatMap((step) => at(step, 'uses') ?? []));
    expect(used).toHaveLength(4);
    for (const action of used) expect(action).toMatch(/^actions\/(?:checkout|setup-node)@[0-9a-f]{40}$/);
  });

  it('takes the whole history, and leaves no credentials in the clone', () => {
    for (const job of jobs)
      expect(at(list(at(job, 'steps'))[0], 'with')).toEqual({
        'fetch-depth': 0,
        'persist-credentials': false,
      });
  });

  it('asks for no event that runs a stranger in the repository’s name', () => {
    expect(Object.keys(Object(at(file, 'on')))).toEqual([
      'pull_request',
      'schedule',
      'delete',
      'workflow_dispatch',
    ]);
  });
});

describe('gitlab.yml', () => {
  it('takes the whole history, and an image at one version', () => {
    const file = documentOf('gitlab');
    expect(at(file, '.boxreeve', 'variables', 'GIT_DEPTH')).toBe('0');
    expect(at(file, '.boxreeve', 'image')).toMatch(/^node:\d+\.\d+\.\d+-\w+$/);
  });
});

describe('azure-pipelines.yml', () => {
  it('takes the whole history, leaves no credentials in the clone, and runs for no push', () => {
    const file = documentOf('azure-pipelines');
    expect([at(file, 'trigger'), at(file, 'pr')]).toEqual(['none', 'none']);
    for (const job of list(at(file, 'jobs')))
      expect(list(at(job, 'steps'))[0]).toEqual({
        checkout: 'self',
        fetchDepth: 0,
        persistCredentials: false,
      });
  });
});

describe.each(VENDORS)('the jobs of %s.yml', (vendor) => {
  let lab: DoorLab;

  beforeAll(async () => {
    lab = await openDoorLab(['builder1', 'builder2']);
    rmSync(join(lab.repo.url, 'hooks', 'pre-receive'));
    await lab.member('builder1').log.append(someDraft(lab.desired));
    await lab.member('builder1').log.push();
    // the branch moves on after the pull requests below have parted from it
    await lab.commit('Moved on', lab.ada.key);
    await lab.push(['HEAD:main']);
  });
  afterAll(() => lab.dispose());
  beforeEach(async () => {
    await lab.repo.git('fetch', '--quiet', 'origin');
    await lab.repo.git('checkout', '--quiet', '--force', '--detach', 'origin/main~1');
  });

  /** What is checked out of a pull request from what is committed: as this vendor's runner leaves it, and what it sets. */
  async function propose(): Promise<JobEnd & { readonly checkout: string }> {
    const head = await lab.repo.git('rev-parse', 'HEAD');
    await lab.push(['--force', `HEAD:refs/heads/${EVIL}`]);
    await lab.repo.git(
      'merge',
      '--quiet',
      '--no-ff',
      '--no-gpg-sign',
      '-m',
      'What a merge would make of it',
      'origin/main',
    );
    const merge = await lab.repo.git('rev-parse', 'HEAD');
    await lab.push(['--force', 'HEAD:refs/pull/1/merge']);
    const checkout = await clone(
      vendor === 'gitlab'
        ? [`+refs/heads/${EVIL}:refs/remotes/origin/${EVIL}`]
        : ['+refs/heads/*:refs/remotes/origin/*', '+refs/pull/1/merge:refs/remotes/pull/1/merge'],
      vendor === 'gitlab' ? head : merge,
    );
    const set: Readonly<Record<Vendor, Readonly<Record<string, string>>>> = {
      github: { 'github.event.pull_request.head.sha': head, GITHUB_HEAD_REF: EVIL, GITHUB_SHA: merge },
      gitlab: { CI_COMMIT_SHA: head, CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: EVIL, CI_COMMIT_REF_NAME: EVIL },
      'azure-pipelines': {
        SYSTEM_PULLREQUEST_SOURCECOMMITID: head,
        SYSTEM_PULLREQUEST_SOURCEBRANCH: `refs/heads/${EVIL}`,
        BUILD_SOURCEVERSION: merge,
      },
    };
    return { ...(await runJob(vendor, 'proposed', checkout, set[vendor])), checkout };
  }

  async function account(): Promise<JobEnd> {
    const refs =
      vendor === 'gitlab'
        ? ['+refs/heads/main:refs/remotes/origin/main']
        : ['+refs/heads/*:refs/remotes/origin/*'];
    return runJob(vendor, 'account', await clone(refs, 'refs/remotes/origin/main'), {});
  }

  async function clone(specs: readonly string[], revision: string): Promise<string> {
    const checkout = join(mkdtempSync(join(lab.root, 'runner-')), 'infra');
    const git = (...args: readonly string[]) => execa('git', args, { cwd: checkout });
    await execa('git', ['init', '--quiet', checkout]);
    await git('remote', 'add', 'origin', lab.repo.url);
    await git('fetch', '--quiet', '--no-tags', 'origin', ...specs);
    await git('checkout', '--quiet', '--detach', revision);
    return checkout;
  }

  it('let a signed and valid pull request pass, also from a branch with a name of shell text', async () => {
    await lab.commit('Proposed', lab.ada.key);
    const { checkout, ...end } = await propose();
    expect(end).toEqual({
      code: 0,
      said: 'valid: 2 hosts, 0 guests, 0 boxes\nboxreeve: 1 ref may come in\n',
    });
    expect(existsSync(join(checkout, 'pwned'))).toBe(false);
  });

  it('fail for a commit that no host would follow', async () => {
    await lab.commit('Proposed');
    expect(await propose()).toMatchObject({ code: 4, said: expect.stringContaining('is not signed') });
  });

  it('fail for a desired state with a mistake, with its place', async () => {
    lab.repo.write('desired-state/guests/lost/guest.yaml', 'kind: Guest\nnmae: lost\n');
    await lab.commit('Proposed', lab.ada.key);
    const { code, said } = await propose();
    expect(code).toBe(3);
    expect(said).toContain('desired-state/guests/lost/guest.yaml:2:1 ');
  });

  it('tell a whole account from one with a forged record', async () => {
    expect(await account()).toMatchObject({ code: 0 });
    const thief = lab.logOf({ ...lab.member('builder1'), key: lab.member('builder2').key });
    await thief.append(someDraft(lab.desired));
    await thief.push();
    const { code, said } = await account();
    expect(code).toBe(1);
    expect(said).toContain('is signed by the key of builder2');
  });
});
