/** Every mistake is told with the place where it stands, in words that say what to do. Each case is the good fleet with one thing wrong. */
import { describe, expect, it } from 'vitest';
import { beside, complaintsOf, FILES, swap } from './complaints-of.ts';
import { BOX, FLEET, GUEST, HOST, type Item, KEYS } from './memory-tree.ts';

/** What it is, what of the good fleet is changed, and what a person reads. */
type Case = readonly [title: string, change: Readonly<Record<string, Item | null>>, lines: readonly string[]];

/** One more version of the box, as a line of its file. */
function oneMore(version: string): string {
  return `  - { version: ${version}, provider: vmware_desktop, sha256: ${'b2'.repeat(32)}, size: 1, sources: ["peers:"] }\n`;
}

it('the good fleet itself has none', async () => {
  expect(await complaintsOf({})).toEqual([]);
});

describe('a box that a guest names', () => {
  const cases: readonly Case[] = [
    [
      'may be unknown',
      { [FILES.guest]: swap(GUEST, 'azure-ci-node', 'azure-ci-nod') },
      [
        'desired-state/guests/azure-agent/guest.yaml:3:14 box.name "azure-ci-nod" has no file boxes/azure-ci-nod.yaml; did you mean `azure-ci-node`?',
      ],
    ],
    [
      'may lack the version',
      { [FILES.guest]: swap(GUEST, '2022.2.24', '"2022.02"') },
      [
        'desired-state/guests/azure-agent/guest.yaml:3:38 box.version "2022.02" is not in boxes/azure-ci-node.yaml (has 2022.2.17, 2022.2.24)',
      ],
    ],
    [
      'may lack it for this provider',
      { [FILES.guest]: swap(GUEST, 'vmware_desktop', 'lxc') },
      [
        'desired-state/guests/azure-agent/guest.yaml:4:11 provider "lxc" is not in boxes/azure-ci-node.yaml for version 2022.2.24 (has vmware_desktop)',
      ],
    ],
    [
      'may be given a version that YAML takes for a number',
      { [FILES.guest]: swap(GUEST, '2022.2.24', '2022.10') },
      [
        'desired-state/guests/azure-agent/guest.yaml:3:38 box.version must be text, and YAML takes 2022.10 for a number: quote it ("2022.10")',
      ],
    ],
    [
      'may be given a version that Vagrant does not understand',
      { [FILES.guest]: swap(GUEST, '2022.2.24', 'v2022') },
      [
        'desired-state/guests/azure-agent/guest.yaml:3:38 box.version "v2022" is not a version that Vagrant understands, such as 2022.2.24: digits first, then parts of letters and digits with dots between them',
      ],
    ],
    [
      'may be one that leads out of the catalogue',
      { [FILES.guest]: swap(GUEST, 'azure-ci-node', '../../etc/passwd') },
      [
        'desired-state/guests/azure-agent/guest.yaml:3:14 box.name "../../etc/passwd" is not the name of a box: `name` or `organisation/name`, of letters, digits, `.`, `_` and `-`, each part beginning with a letter or digit, without `..`',
      ],
    ],
    [
      'may have a version twice, or two that are one to Vagrant',
      { [FILES.box]: `${BOX}${oneMore('2022.2.24')}${oneMore('2022.2.24.0')}` },
      [
        'desired-state/boxes/azure-ci-node.yaml:15:16 version "2022.2.24" is here twice for vmware_desktop: other content is another version',
        'desired-state/boxes/azure-ci-node.yaml:16:16 version "2022.2.24.0" is the same as "2022.2.24" to Vagrant',
      ],
    ],
    [
      'may have values that cannot be right',
      { [FILES.box]: swap(swap(BOX, '42681237504', '-1'), '"peers:" ]', 'ftp://x/y ]') },
      [
        'desired-state/boxes/azure-ci-node.yaml:7:11 versions[0].size must be at least 1',
        'desired-state/boxes/azure-ci-node.yaml:8:16 versions[0].sources[0] "ftp://x/y" is not a source: `peers:`, or an address that begins with file://, https://, http://, sftp://, oci:// or s3:// and holds no password',
      ],
    ],
    [
      'may have a digest that is none',
      { [FILES.box]: swap(BOX, 'a1a1a1', 'zz') },
      [
        'desired-state/boxes/azure-ci-node.yaml:6:13 versions[0].sha256 "zza1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1" is not a SHA-256 digest: 64 hexadecimal digits',
      ],
    ],
    [
      'may have a size in quotes',
      { [FILES.box]: swap(BOX, '42681237504', '"42681237504"') },
      [
        'desired-state/boxes/azure-ci-node.yaml:7:11 versions[0].size must be a whole number, not the text "42681237504"',
      ],
    ],
    [
      'may have a password in a source, which is not repeated',
      { [FILES.box]: swap(BOX, 'sftp://builder@', 'sftp://builder:hunter2@') },
      [
        'desired-state/boxes/azure-ci-node.yaml:13:26 versions[1].sources[1] "sftp://builder:…@builder1/images/initialized-20220224.box" is not a source: `peers:`, or an address that begins with file://, https://, http://, sftp://, oci:// or s3:// and holds no password',
      ],
    ],
    [
      'may be called otherwise than its file',
      { [FILES.box]: swap(BOX, 'name: azure-ci-node', 'name: azure-node') },
      [
        'desired-state/boxes/azure-ci-node.yaml:2:7 name "azure-node" must be "azure-ci-node": the file is called boxes/azure-ci-node.yaml',
      ],
    ],
  ];
  it.each(cases)('%s', async (_title, change, lines) => {
    expect(await complaintsOf(change)).toEqual(lines);
  });
});

describe('what follows when others can get in', () => {
  const at = 'desired-state/guests/azure-agent/guest.yaml:11';
  const cases: readonly Case[] = [
    [
      'may be misspelt',
      { [FILES.guest]: `${GUEST}exposure: refus\n` },
      [`${at}:11 exposure "refus" is not one of: report, refuse; did you mean \`refuse\`?`],
    ],
    [
      'may be said of something else than there is',
      { [FILES.guest]: `${GUEST}exposure: { insecure-keys: refuse, password-login: no }\n` },
      [
        `${at}:13 unknown key \`insecure-keys\` in exposure; did you mean \`insecure-key\`?`,
        `${at}:52 exposure.password-login "no" is not one of: report, refuse`,
      ],
    ],
    [
      'may be neither a word nor a map',
      { [FILES.guest]: `${GUEST}exposure: 5\n` },
      [`${at}:11 exposure must be a word, or a map of keys and values, not 5`],
    ],
  ];
  it.each(cases)('%s', async (_title, change, lines) => {
    expect(await complaintsOf(change)).toEqual(lines);
  });
});

describe('a key', () => {
  const cases: readonly Case[] = [
    [
      'that is unknown is told with the nearest one',
      { [FILES.guest]: swap(GUEST, 'probes:', 'probs:') },
      ['desired-state/guests/azure-agent/guest.yaml:8:1 unknown key `probs`; did you mean `probes`?'],
    ],
    [
      'that is unknown and near none is told with all there are',
      { [FILES.host]: `${HOST}xyzzy: 1\n` },
      [
        'desired-state/hosts/builder1.yaml:6:1 unknown key `xyzzy` (known here: apiVersion, kind, name, labels, auditKey, nextAuditKey, revokedAuditKeys, window, reboot, keep, peer, guests)',
      ],
    ],
    [
      'that is unknown deeper down is told with where it is, and the one it stands for is not told missing',
      { [FILES.guest]: swap(GUEST, 'version: 2022.2.24', 'vrsion: 2022.2.24') },
      [
        'desired-state/guests/azure-agent/guest.yaml:3:29 unknown key `vrsion` in box; did you mean `version`?',
      ],
    ],
    [
      'that must be there is told missing',
      { [FILES.guest]: swap(GUEST, 'kind: Guest\n', '') },
      ['desired-state/guests/azure-agent/guest.yaml:1:1 key `kind` is missing'],
    ],
    [
      'must not be there twice',
      { [FILES.guest]: `${GUEST}provider: lxc\n` },
      ['desired-state/guests/azure-agent/guest.yaml:11:1 key `provider` is here twice'],
    ],
    [
      'must be text',
      { [FILES.guest]: swap(GUEST, 'env: {', 'env: { 1: x,') },
      ['desired-state/guests/azure-agent/guest.yaml:5:8 a key must be text: put it in quotes'],
    ],
    [
      'named << merges nothing',
      { [FILES.host]: `${HOST}<<: { labels: [x] }\n` },
      [
        'desired-state/hosts/builder1.yaml:6:1 unknown key `<<` (known here: apiVersion, kind, name, labels, auditKey, nextAuditKey, revokedAuditKeys, window, reboot, keep, peer, guests)',
      ],
    ],
    [
      'named __proto__ is a key like others',
      { [FILES.host]: `${HOST}__proto__: { labels: [x] }\n` },
      [
        'desired-state/hosts/builder1.yaml:6:1 unknown key `__proto__` (known here: apiVersion, kind, name, labels, auditKey, nextAuditKey, revokedAuditKeys, window, reboot, keep, peer, guests)',
      ],
    ],
  ];
  it.each(cases)('%s', async (_title, change, lines) => {
    expect(await complaintsOf(change)).toEqual(lines);
  });
});

describe('a value', () => {
  const cases: readonly Case[] = [
    [
      'of the wrong kind of file is refused',
      { [FILES.guest]: swap(GUEST, 'kind: Guest', 'kind: Gest') },
      ['desired-state/guests/azure-agent/guest.yaml:1:7 kind must be "Guest", not "Gest"'],
    ],
    [
      'that is a number where text is asked for must be quoted',
      { [FILES.guest]: swap(GUEST, '"{host}" }\nsecrets', '1.50 }\nsecrets') },
      [
        'desired-state/guests/azure-agent/guest.yaml:5:20 env.GUEST_NAME must be text, and YAML takes 1.50 for a number: quote it ("1.50")',
      ],
    ],
    [
      'that is missing is told so',
      { [FILES.guest]: swap(GUEST, 'provider: vmware_desktop', 'provider:') },
      ['desired-state/guests/azure-agent/guest.yaml:4:10 provider has no value; it must be text'],
    ],
    [
      'that is no duration is told with what one looks like',
      { [FILES.guest]: swap(swap(GUEST, '30m', '30 min'), '6h', '0h') },
      [
        'desired-state/guests/azure-agent/guest.yaml:10:17 timeouts.up "30 min" is not a duration, longer than nothing, such as 30s, 90m, 1h30m or 1d',
        'desired-state/guests/azure-agent/guest.yaml:10:32 timeouts.drain "0h" is not a duration, longer than nothing, such as 30s, 90m, 1h30m or 1d',
      ],
    ],
    [
      'that is no interval of recycling is told so',
      { [FILES.guest]: `${GUEST}recycle: { every: nevr }\n` },
      [
        'desired-state/guests/azure-agent/guest.yaml:11:19 recycle.every "nevr" is not a duration, longer than nothing, such as 12h or 1d; or never',
      ],
    ],
    [
      'that is a list where a map is asked for is told so',
      { [FILES.guest]: '- a\n' },
      [
        'desired-state/guests/azure-agent/guest.yaml:1:1 this file must be a map of keys and values, not a list',
      ],
    ],
  ];
  it.each(cases)('%s', async (_title, change, lines) => {
    expect(await complaintsOf(change)).toEqual(lines);
  });
});

describe('a guest', () => {
  const cases: readonly Case[] = [
    [
      'may hold what Ajv would call as a method',
      {
        [FILES.host]: swap(
          HOST,
          '[azure-agent]',
          '[azure-agent, { length: 1 }, { toString: null, valueOf: null }]',
        ),
      },
      [
        'desired-state/hosts/builder1.yaml:5:23 guests[1] must be text, not a map of keys and values',
        'desired-state/hosts/builder1.yaml:5:38 guests[2] must be text, not a map of keys and values',
      ],
    ],
    [
      'may have a next audit key that is none, and a revoked one',
      { [FILES.host]: `${HOST}nextAuditKey: builder1\nrevokedAuditKeys: [{ key: x }]\n` },
      [
        'desired-state/hosts/builder1.yaml:6:15 nextAuditKey does not begin with the type of an OpenSSH public key, such as ssh-ed25519',
        'desired-state/hosts/builder1.yaml:7:27 revokedAuditKeys[0].key does not begin with the type of an OpenSSH public key, such as ssh-ed25519',
      ],
    ],
    [
      'may have an audit key that is its next one too, or is revoked',
      {
        [FILES.host]: `${HOST}nextAuditKey: ${KEYS.builder1} again\nrevokedAuditKeys:\n  - key: ${KEYS.builder1}\n`,
      },
      [
        'desired-state/hosts/builder1.yaml:6:15 nextAuditKey is the same key as auditKey',
        'desired-state/hosts/builder1.yaml:8:10 revokedAuditKeys[0].key is nextAuditKey too: a revoked key signs nothing, so give the host another',
      ],
    ],
    [
      'may name a window that the fleet lacks',
      { [FILES.guest]: `${GUEST}window: nightl\n` },
      [
        'desired-state/guests/azure-agent/guest.yaml:11:9 window "nightl" is not a window of fleet.yaml; did you mean `nightly`?',
      ],
    ],
    [
      'may expect what is no regular expression',
      { [FILES.guest]: swap(GUEST, '\\\\d\\\\d)', '') },
      [
        'desired-state/guests/azure-agent/guest.yaml:9:48 probes[0].expect is no regular expression: Unterminated group',
      ],
    ],
    [
      'may have a key with a line break in it',
      { [FILES.guest]: `${GUEST}"a\\nb": 1\n` },
      [expect.stringMatching(/^desired-state\/guests\/azure-agent\/guest.yaml:11:1 unknown key `a b`/)],
    ],
    [
      'may interrupt jobs without a reason',
      { [FILES.guest]: `${GUEST}interruptJobs: true\n` },
      [
        'desired-state/guests/azure-agent/guest.yaml:11:16 interruptJobs needs a reason beside it, such as reason: "CVE-2026-1234 is being used against us"',
      ],
    ],
    [
      'may have two probes of one name',
      { [FILES.guest]: swap(GUEST, 'timeouts:', '  - { name: nix, run: "true" }\ntimeouts:') },
      ['desired-state/guests/azure-agent/guest.yaml:10:13 probes[1].name "nix" is here twice'],
    ],
    [
      'may have a variable that is a secret too',
      { [FILES.guest]: swap(GUEST, 'GUEST_NAME', 'VSTS_TOKEN') },
      [
        'desired-state/guests/azure-agent/guest.yaml:6:11 secrets[0] "VSTS_TOKEN" is in env too: only one can hold',
      ],
    ],
    [
      'may name a secret twice',
      { [FILES.guest]: swap(GUEST, '[VSTS_TOKEN]', '[VSTS_TOKEN, VSTS_TOKEN]') },
      ['desired-state/guests/azure-agent/guest.yaml:6:23 secrets[1] is in the list already'],
    ],
    [
      'may have a variable that cannot be one',
      { [FILES.guest]: swap(GUEST, 'GUEST_NAME', 'GUEST-NAME') },
      [
        'desired-state/guests/azure-agent/guest.yaml:5:8 key "GUEST-NAME" in env is not the name of an environment variable: letters, digits and `_`, not beginning with a digit, and none that Boxreeve sets itself (BOXREEVE_…, VAGRANT_HOME, VAGRANT_CWD, VAGRANT_DOTFILE_PATH, VAGRANT_VAGRANTFILE)',
      ],
    ],
    [
      'may have a variable that Boxreeve sets itself',
      { [FILES.guest]: swap(GUEST, 'GUEST_NAME', 'VAGRANT_HOME') },
      [
        'desired-state/guests/azure-agent/guest.yaml:5:8 key "VAGRANT_HOME" in env is not the name of an environment variable: letters, digits and `_`, not beginning with a digit, and none that Boxreeve sets itself (BOXREEVE_…, VAGRANT_HOME, VAGRANT_CWD, VAGRANT_DOTFILE_PATH, VAGRANT_VAGRANTFILE)',
      ],
    ],
    [
      'may be called otherwise than its folder',
      { [FILES.guest]: swap(GUEST, 'name: azure-agent', 'name: azure-agnt') },
      [
        'desired-state/guests/azure-agent/guest.yaml:2:7 name "azure-agnt" must be "azure-agent": the file is called guests/azure-agent/guest.yaml',
      ],
    ],
  ];
  it.each(cases)('%s', async (_title, change, lines) => {
    expect(await complaintsOf(change)).toEqual(lines);
  });
});

describe('an agent', () => {
  const cases: readonly Case[] = [
    [
      'of an unknown system is told with those there are',
      { [FILES.guest]: swap(GUEST, 'azure-pipelines', 'azure') },
      [
        'desired-state/guests/azure-agent/guest.yaml:7:18 agent.system "azure" is not one of: none, command, azure-pipelines, github-actions, gitlab-runner, buildkite, jenkins; did you mean `azure-pipelines`?',
      ],
    ],
    [
      'without a system is told so',
      { [FILES.guest]: swap(GUEST, 'system: azure-pipelines, ', '') },
      [
        'desired-state/guests/azure-agent/guest.yaml:7:8 key `system` is missing in agent: one of none, command, azure-pipelines, github-actions, gitlab-runner, buildkite, jenkins',
      ],
    ],
    [
      'with an unknown setting is told with the nearest one of its system',
      { [FILES.guest]: swap(GUEST, 'pool:', 'pol:') },
      ['desired-state/guests/azure-agent/guest.yaml:7:63 unknown key `pol` in agent; did you mean `pool`?'],
    ],
    [
      "with a value in place of a secret's name is refused, and the value is not repeated",
      { [FILES.guest]: swap(GUEST, 'AZURE_PAT', 'abcdefghij0123456789klmnop') },
      [
        'desired-state/guests/azure-agent/guest.yaml:7:104 agent.token must be the name of a secret, and this looks like a value: take it back at its issuer, it is in Git now',
      ],
    ],
    [
      'with a token that is no name is refused, and the token is not repeated',
      { [FILES.guest]: swap(GUEST, 'AZURE_PAT', 'glpat-0123') },
      [
        'desired-state/guests/azure-agent/guest.yaml:7:104 agent.token is not the name of a secret: letters, digits and `_`, not beginning with a digit, and none that Boxreeve sets itself; its value stands on the host alone',
      ],
    ],
    [
      'of GitHub belongs to one owner',
      {
        [FILES.guest]: swap(
          GUEST,
          /agent: .*/.exec(GUEST)?.[0] ?? '',
          'agent: { system: github-actions, name: x, token: T }',
        ),
      },
      [
        'desired-state/guests/azure-agent/guest.yaml:7:8 agent must have one of enterprise, organization and repository',
      ],
    ],
    [
      'of GitLab has an id or a name',
      {
        [FILES.guest]: swap(
          GUEST,
          /agent: .*/.exec(GUEST)?.[0] ?? '',
          'agent: { system: gitlab-runner, token: T }',
        ),
      },
      ['desired-state/guests/azure-agent/guest.yaml:7:8 agent must have id or name'],
    ],
    [
      'that is a command must be able to ask',
      {
        [FILES.guest]: swap(
          GUEST,
          /agent: .*/.exec(GUEST)?.[0] ?? '',
          'agent: { system: command, idle: [] }',
        ),
      },
      ['desired-state/guests/azure-agent/guest.yaml:7:33 agent.idle must not be empty'],
    ],
  ];
  it.each(cases)('%s', async (_title, change, lines) => {
    expect(await complaintsOf(change)).toEqual(lines);
  });
});

describe('a host', () => {
  const cases: readonly Case[] = [
    [
      'may name a guest that is not there',
      { [FILES.host]: swap(HOST, '[azure-agent]', '[azure-agnt]') },
      [
        'desired-state/hosts/builder1.yaml:5:10 guests[0] "azure-agnt" has no folder guests/azure-agnt; did you mean `azure-agent`?',
      ],
    ],
    [
      'may name a guest twice',
      { [FILES.host]: swap(HOST, '[azure-agent]', '[azure-agent, azure-agent]') },
      ['desired-state/hosts/builder1.yaml:5:23 guests[1] is in the list already'],
    ],
    [
      'may have an audit key that is none',
      { [FILES.host]: swap(HOST, KEYS.builder1, 'builder1') },
      [
        'desired-state/hosts/builder1.yaml:4:11 auditKey does not begin with the type of an OpenSSH public key, such as ssh-ed25519',
      ],
    ],
    [
      'may have an audit key that was cut short',
      { [FILES.host]: swap(HOST, '4NY builder1', ' builder1') },
      [
        'desired-state/hosts/builder1.yaml:4:11 auditKey is no OpenSSH public key: it is cut short or mangled',
      ],
    ],
    [
      'may have an audit key with an ellipsis',
      { [FILES.host]: swap(HOST, KEYS.builder1, 'ssh-ed25519 AAAA… builder1') },
      [
        'desired-state/hosts/builder1.yaml:4:11 auditKey is no OpenSSH public key: after the type comes its text in base64',
      ],
    ],
    [
      'may have a private key for its audit key',
      {
        [FILES.host]: swap(
          HOST,
          `auditKey: ${KEYS.builder1}`,
          'auditKey: |\n  -----BEGIN OPENSSH PRIVATE KEY-----\n  b3Blb\n',
        ),
      },
      [
        'desired-state/hosts/builder1.yaml:4:11 auditKey is a private key: never commit one; replace this key on its host',
      ],
    ],
    [
      'may name a window that the fleet lacks',
      { [FILES.host]: `${HOST}window: nope\n` },
      ['desired-state/hosts/builder1.yaml:6:9 window "nope" is not a window of fleet.yaml'],
    ],
    [
      'may be called otherwise than its file',
      { [FILES.host]: swap(HOST, 'name: builder1', 'name: builder2') },
      [
        'desired-state/hosts/builder1.yaml:2:7 name "builder2" must be "builder1": the file is called hosts/builder1.yaml',
      ],
    ],
    [
      'may have a name that leads elsewhere',
      { [FILES.host]: swap(HOST, 'name: builder1', 'name: ../x') },
      [
        'desired-state/hosts/builder1.yaml:2:7 name "../x" is not a name: lower-case letters, digits, `.`, `_` and `-`, at most 63, beginning with a letter or digit, without `..`, ending in neither `.` nor `.lock`',
      ],
    ],
  ];
  it.each(cases)('%s', async (_title, change, lines) => {
    expect(await complaintsOf(change)).toEqual(lines);
  });
});

describe('the fleet', () => {
  const cases: readonly Case[] = [
    [
      'may have a window in a time zone that is none',
      { [FILES.fleet]: swap(FLEET, 'Europe/Zurich', 'Europe/Zurch') },
      [
        'desired-state/fleet.yaml:5:95 windows.nightly.timezone "Europe/Zurch" is no IANA time zone; did you mean `Europe/Zurich`?',
      ],
    ],
    [
      'may have a window in an offset, which is no time zone',
      { [FILES.fleet]: swap(FLEET, 'Europe/Zurich', '"+01:00"') },
      [
        'desired-state/fleet.yaml:5:95 windows.nightly.timezone "+01:00" is not an IANA time zone, such as Europe/Zurich or UTC',
      ],
    ],
    [
      'may have a window at a time that is none',
      { [FILES.fleet]: swap(FLEET, '"20:00"', '"24:00"') },
      [
        'desired-state/fleet.yaml:5:63 windows.nightly.from "24:00" is not a time of day from 00:00 to 23:59, such as 20:00',
      ],
    ],
    [
      'may have a window on a day that is none',
      { [FILES.fleet]: swap(FLEET, 'mon, tue', 'monday, tue') },
      [
        'desired-state/fleet.yaml:5:21 windows.nightly.days[0] "monday" is not one of: mon, tue, wed, thu, fri, sat, sun; did you mean `mon`?',
      ],
    ],
    [
      'may have a default window that it lacks',
      { [FILES.fleet]: swap(FLEET, 'window: nightly', 'window: night') },
      [
        'desired-state/fleet.yaml:7:11 defaults.window "night" is not a window of fleet.yaml; did you mean `nightly`?',
      ],
    ],
    [
      'may have one audit branch for all',
      { [FILES.fleet]: swap(FLEET, '"audit/{host}"', 'audit') },
      [
        'desired-state/fleet.yaml:15:18 audit.branch "audit" is not a branch of each host\'s own: it must contain {host}',
      ],
    ],
    [
      'may have an audit branch that Git does not take',
      { [FILES.fleet]: swap(FLEET, 'audit/{host}', 'audit..{host}') },
      ['desired-state/fleet.yaml:15:18 audit.branch "audit..{host}" is not the name of a Git branch'],
    ],
    [
      'may leave in doubt whether commits must be signed',
      { [FILES.fleet]: swap(FLEET, 'requireSignedCommits: true', 'requireSignedCommits: "yes"') },
      ['desired-state/fleet.yaml:16:32 trust.requireSignedCommits must be true or false, not the text "yes"'],
    ],
    [
      'may ask for signatures that nobody can make',
      { [FILES.approvers]: null },
      [
        'desired-state/fleet.yaml:16:32 trust.requireSignedCommits is true, and there is no file trust/approvers with a key to sign with',
      ],
    ],
    [
      'may have approvers without a key',
      { [FILES.approvers]: '# none\nada ssh-ed25519 AAAA\nbob\n' },
      [
        'desired-state/fleet.yaml:16:32 trust.requireSignedCommits is true, and trust/approvers holds no key',
        "desired-state/trust/approvers:2:1 this line's key is no OpenSSH public key: it is cut short or mangled",
        'desired-state/trust/approvers:3:1 this line is not of the form `who@example.org ssh-ed25519 AAAA…`',
      ],
    ],
    ['may be missing', { [FILES.fleet]: null }, ['desired-state/fleet.yaml is missing']],
    [
      'may be called .yml',
      { [FILES.fleet]: null, 'desired-state/fleet.yml': FLEET },
      ['desired-state/fleet.yaml is missing: rename fleet.yml to it'],
    ],
  ];
  it.each(cases)('%s', async (_title, change, lines) => {
    expect(await complaintsOf(change)).toEqual(lines);
  });
});

describe("a guest's folder", () => {
  const cases: readonly Case[] = [
    [
      'must hold a Vagrantfile, by exactly this name',
      { [beside('Vagrantfile')]: null, [beside('vagrantfile')]: '' },
      [
        'desired-state/guests/azure-agent/Vagrantfile is missing: each guest needs one; did you mean `vagrantfile`?',
      ],
    ],
    [
      'holds regular files and nothing else',
      {
        [beside('link')]: { kind: 'symlink', content: '/etc/passwd' },
        [beside('sub')]: { kind: 'submodule' },
        [beside('odd')]: { kind: 'other' },
      },
      [
        'desired-state/guests/azure-agent/link must be a regular file, not a symlink',
        'desired-state/guests/azure-agent/odd must be a regular file, not a device, a socket or the like',
        'desired-state/guests/azure-agent/sub must be a regular file, not a submodule',
      ],
    ],
    [
      'holds nothing that leads out of it',
      { [beside('../out')]: '', [beside('a//b')]: '', [beside('a/./b')]: '' },
      [
        'desired-state/guests/azure-agent/../out is a path that leads out of the folder',
        'desired-state/guests/azure-agent/a/./b is a path that leads out of the folder',
        'desired-state/guests/azure-agent/a//b is a path that leads out of the folder',
      ],
    ],
    [
      'holds nothing that Vagrant or Boxreeve keep there themselves, in whatever case',
      {
        [beside('Vagrantfile.boxreeve')]: '',
        [beside('lib/Vagrantfile.Boxreeve-end')]: '',
        [beside('.Vagrant/machines/default/lxc/id')]: '',
        [beside('.git/hooks/post-checkout')]: '',
      },
      [
        "desired-state/guests/azure-agent/.Vagrant/machines/default/lxc/id is where Vagrant keeps a machine's state: do not commit it (add it to .gitignore)",
        'desired-state/guests/azure-agent/.git/hooks/post-checkout is a folder of Git: it cannot be part of a guest',
        'desired-state/guests/azure-agent/Vagrantfile.boxreeve is a name that Boxreeve uses itself: call the file something else',
        'desired-state/guests/azure-agent/lib/Vagrantfile.Boxreeve-end is a name that Boxreeve uses itself: call the file something else',
      ],
    ],
    [
      'holds no two names that are one on macOS',
      {
        [beside('Init.sh')]: '',
        [beside('lib/a')]: '',
        [beside('Lib/b')]: '',
        [beside('\u00e9')]: '',
        [beside('e\u0301')]: '',
      },
      [
        'desired-state/guests/azure-agent/init.sh is the same name as Init.sh on macOS, where case does not count',
        'desired-state/guests/azure-agent/lib/a is the same name as Lib on macOS, where case does not count',
        'desired-state/guests/azure-agent/é is the same name as é on macOS, where case does not count',
      ],
    ],
    [
      'holds no name with a line break in it, nor with a backslash',
      { [beside('a\nb')]: '', [beside('a\\b')]: '' },
      [
        'desired-state/guests/azure-agent/a?b has a control character or a backslash in its name',
        'desired-state/guests/azure-agent/a\\b has a control character or a backslash in its name',
      ],
    ],
    [
      'holds no more than 1000 files',
      Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [beside(`f/${n}`), ''])),
      ['desired-state/guests/azure-agent has 1003 files; the most is 1000'],
    ],
    [
      'holds no more than 16 MiB',
      { [beside('image')]: { size: 17 * 1024 * 1024 } },
      ['desired-state/guests/azure-agent has files of 17 MiB together; the most is 16 MiB'],
    ],
    [
      'must be a folder',
      {
        'desired-state/guests/azure-agent': { kind: 'symlink' },
        [FILES.guest]: null,
        [beside('Vagrantfile')]: null,
        [beside('init.sh')]: null,
      },
      ['desired-state/guests/azure-agent must be a folder, not a symlink'],
    ],
    [
      'must hold a guest.yaml that is a regular file',
      { [FILES.guest]: { kind: 'symlink', content: '../other/guest.yaml' } },
      ['desired-state/guests/azure-agent/guest.yaml must be a regular file, not a symlink'],
    ],
  ];
  it.each(cases)('%s', async (_title, change, lines) => {
    expect(await complaintsOf(change)).toEqual(lines);
  });
});
