/** host.yaml: what it may say, what holds where it says nothing, and its mistakes with their places. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadHostConfig } from '../../../reconciler/daemon/load-host-config.ts';
import { InvalidHostConfig } from '../../../reconciler/errors.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxreeve-host-config-'));
  file = join(dir, 'host.yaml');
  vi.stubEnv('VAGRANT_HOME', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

const LEAST = 'name: builder1\nrepo: https://git.example.org/infra.git\nsigningKey: id_ed25519\n';

function load(text: string) {
  writeFileSync(file, text);
  return loadHostConfig(file);
}

/** The lines a person reads, the file called by its name alone. */
async function mistakes(text: string): Promise<string[]> {
  try {
    await load(text);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidHostConfig)) throw error;
    return error.message.replaceAll(`${dir}/`, '').split('\n');
  }
}

/** Root may do it; anyone else needs to be let. */
const stateDir = process.platform === 'darwin' ? '/usr/local/var/boxreeve' : '/var/lib/boxreeve';
const REBOOT = [...(process.getuid?.() === 0 ? [] : ['sudo', '-n']), '/sbin/shutdown', '-r', 'now'];

describe('host.yaml', () => {
  it('may say no more than who the host is, where the infra repo is, and where its key is', async () => {
    expect(await load(LEAST)).toEqual({
      file,
      name: 'builder1',
      repo: 'https://git.example.org/infra.git',
      auditRepo: null,
      branch: 'main',
      path: 'desired-state',
      stateDir,
      signingKey: join(dir, 'id_ed25519'),
      firstCommit: null,
      firstKey: null,
      revokedKeys: [],
      poll: 60_000,
      secrets: {},
      notify: null,
      sendmail: ['/usr/sbin/sendmail'],
      rebootCommand: REBOOT,
      boxesDir: join(stateDir, 'boxes'),
      downloadLimit: null,
      sftp: { key: null, knownHosts: join(homedir(), '.ssh', 'known_hosts') },
      vagrantHome: join(homedir(), '.vagrant.d'),
    });
  });

  it('may say everything; relative paths count from its own folder, ~/ is the home folder', async () => {
    const text = `apiVersion: boxreeve/v1
kind: HostConfig
name: builder1
repo: ../infra.git
auditRepo: ../accounts.git
branch: release/2
path: ./ci//desired-state/
stateDir: state
signingKey: ~/keys/id
firstCommit: 0123456789abcdef0123456789abcdef01234567
firstKey: ssh-ed25519 AAAA ada
revokedKeys: [ssh-ed25519 BBBB eve, 0123456789ABCDEF0123456789ABCDEF01234567]
poll: 1m30s
vagrantHome: ~/vagrant
rebootCommand: [/usr/local/bin/reboot-host, now]
notify: true
sendmail: [/usr/bin/msmtp, --read-envelope-from]
boxesDir: ../boxes
downloadLimit: 20MiB
sftp: { key: keys/sftp, knownHosts: ~/known }
secrets:
  A: { file: secrets/a }
  B: { env: B_VALUE }
  C: { exec: [op, read, "op://x/./y"] }
  D: { exec: [./get-secret, ./d] }
`;
    expect(await load(text)).toEqual({
      file,
      name: 'builder1',
      repo: join(dir, '..', 'infra.git'),
      auditRepo: join(dir, '..', 'accounts.git'),
      branch: 'release/2',
      path: 'ci/desired-state',
      stateDir: join(dir, 'state'),
      signingKey: join(homedir(), 'keys/id'),
      firstCommit: '0123456789abcdef0123456789abcdef01234567',
      firstKey: 'ssh-ed25519 AAAA',
      revokedKeys: ['ssh-ed25519 BBBB', 'openpgp:0123456789ABCDEF0123456789ABCDEF01234567'],
      poll: 90_000,
      notify: true,
      sendmail: ['/usr/bin/msmtp', '--read-envelope-from'],
      rebootCommand: ['/usr/local/bin/reboot-host', 'now'],
      boxesDir: join(dir, '..', 'boxes'),
      downloadLimit: 20 * 1024 * 1024,
      sftp: { key: join(dir, 'keys/sftp'), knownHosts: join(homedir(), 'known') },
      vagrantHome: join(homedir(), 'vagrant'),
      secrets: {
        A: { file: join(dir, 'secrets/a') },
        B: { env: 'B_VALUE' },
        C: { exec: ['op', 'read', 'op://x/./y'] },
        D: { exec: [join(dir, 'get-secret'), './d'] },
      },
    });
  });

  it.each([
    ['git@git.example.org:team/infra.git'],
    ['ssh://git@git.example.org/infra.git'],
    ['file:///srv/infra.git'],
    ['/srv/infra.git'],
  ])('takes %s for the infra repo as it stands', async (repo) => {
    expect((await load(LEAST.replace('https://git.example.org/infra.git', repo))).repo).toBe(repo);
  });

  it("takes the environment's VAGRANT_HOME where it names none", async () => {
    vi.stubEnv('VAGRANT_HOME', '/srv/vagrant');
    expect((await load(LEAST)).vagrantHome).toBe('/srv/vagrant');
    expect((await load(`${LEAST}vagrantHome: /other\n`)).vagrantHome).toBe('/other');
  });

  it('is named absolutely, however it was given', async () => {
    writeFileSync(file, LEAST);
    expect((await loadHostConfig(relative(process.cwd(), file))).file).toBe(file);
  });
});

describe('a mistake in host.yaml is told with its place', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['an unknown key', `${LEAST}pol: 1m\n`, ['host.yaml:4:1 unknown key `pol`; did you mean `poll`?']],
    ['a key that is missing', 'name: builder1\nrepo: /x\n', ['host.yaml:1:1 key `signingKey` is missing']],
    [
      'several at once, in order',
      'name: Builder1\nrepo: --upload-pack=x\nsigningKey: k\nbranch: -x\npath: ../x\n',
      [
        'host.yaml:1:7 name "Builder1" is not a name: lower-case letters, digits, `.`, `_` and `-`, at most 63, beginning with a letter or digit, without `..`, ending in neither `.` nor `.lock`',
        'host.yaml:2:7 repo "--upload-pack=x" is not an address that Git understands, or a path',
        'host.yaml:4:9 branch "-x" is not the name of a branch',
        'host.yaml:5:7 path "../x" is not a folder in the infra repo, such as desired-state: relative, without `..`',
      ],
    ],
    [
      'no duration',
      `${LEAST}poll: 60\n`,
      ['host.yaml:4:7 poll must be text, and YAML takes 60 for a number: quote it ("60")'],
    ],
    [
      'a secret with its value in place of where it comes from, which is not repeated',
      `${LEAST}secrets: { TOKEN: hunter2 }\n`,
      ['host.yaml:4:19 secrets.TOKEN must be a map of keys and values'],
    ],
    [
      'a secret from two places',
      `${LEAST}secrets: { TOKEN: { file: a, env: B } }\n`,
      ['host.yaml:4:19 secrets.TOKEN must have only one key'],
    ],
    [
      'a secret from nowhere',
      `${LEAST}secrets: { TOKEN: {} }\n`,
      ['host.yaml:4:19 secrets.TOKEN must not be empty'],
    ],
    [
      'a source that is unknown',
      `${LEAST}secrets: { TOKEN: { fil: a } }\n`,
      ['host.yaml:4:21 unknown key `fil` in secrets.TOKEN; did you mean `file`?'],
    ],
    [
      'no YAML',
      'name: [\n',
      [
        'host.yaml:2:1 this is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
      ],
    ],
  ];
  it.each(cases)('%s', async (_title, text, expected) => {
    expect(await mistakes(text)).toEqual(expected);
  });

  it('says what to do when there is none', async () => {
    await expect(loadHostConfig(file)).rejects.toThrow(
      `${file} is missing: write it (docs/how-to/add-a-host.md says how), or name another with --config FILE`,
    );
  });
});
