/** What a commit asks of a host. */
import { describe, expect, it } from 'vitest';
import { resolveHost } from '../../../reconciler/desired/resolve.ts';
import { FILES, swap } from './complaints-of.ts';
import { BOX, FLEET, GUEST, goodFleet, HOST, type Item, KEYS, memoryTree } from './memory-tree.ts';

const NIGHTLY = {
  name: 'nightly',
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  from: '20:00',
  to: '05:00',
  timezone: 'Europe/Zurich',
};

function resolveWith(change: Readonly<Record<string, Item | null>> = {}) {
  return resolveHost(memoryTree(goodFleet(change)), 'desired-state', 'builder1');
}

/** The one guest of the host, with the given lines at the end of its file. */
async function guestWith(lines: string, change: Readonly<Record<string, Item | null>> = {}) {
  const [guest] = (await resolveWith({ [FILES.guest]: GUEST + lines, ...change })).guests;
  return guest;
}

describe('a reboot', () => {
  const DEFAULT = { [FILES.fleet]: FLEET.replace('  checkIn', '  reboot: { every: 7d }\n  checkIn') };

  it('is asked for by the fleet, and otherwise by the host', async () => {
    expect((await resolveWith(DEFAULT)).reboot).toEqual({ every: 604_800_000, after: null });
    const own = { ...DEFAULT, [FILES.host]: `${HOST}reboot: { every: never, after: macos-14.6 }\n` };
    expect((await resolveWith(own)).reboot).toEqual({ every: null, after: 'macos-14.6' });
  });
});

describe('a change that goes before others', () => {
  it('is urgent, and may interrupt jobs with a reason; each is warned of, and neither is part of the fingerprint', async () => {
    const plain = await guestWith('');
    expect(plain).not.toHaveProperty('urgent');
    expect(plain).not.toHaveProperty('interruptJobs');
    const lines = 'urgent: true\ninterruptJobs: true\nreason: CVE-2026-1234\n';
    const shouted = await guestWith(lines);
    expect(shouted).toMatchObject({
      urgent: 'CVE-2026-1234',
      interruptJobs: 'CVE-2026-1234',
      fingerprint: plain?.fingerprint,
    });
    const { warnings } = await resolveWith({ [FILES.guest]: GUEST + lines });
    expect(warnings.slice(-2)).toEqual([
      expect.stringMatching(/guest\.yaml:\d+:\d+ urgent is on: .* does not wait for its window/),
      expect.stringMatching(/guest\.yaml:\d+:\d+ interruptJobs is on: .* ENDS THE CI JOB/),
    ]);
  });
});

describe('what follows when others can get into a guest', () => {
  const FLEET_REFUSES = { [FILES.fleet]: FLEET.replace('  checkIn', '  exposure: refuse\n  checkIn') };

  it('is that it is reported, unless the guest or the fleet refuses it; and that is no part of the fingerprint', async () => {
    const plain = await guestWith('');
    expect(plain).not.toHaveProperty('refuses');
    const own = await guestWith('exposure: { ssh-beyond-host: refuse }\n');
    expect(own).toMatchObject({ refuses: ['ssh-beyond-host'], fingerprint: plain?.fingerprint });
    const inherited = await guestWith('exposure: { insecure-key: report }\n', FLEET_REFUSES);
    expect(inherited).toMatchObject({
      refuses: ['ssh-beyond-host', 'password-login'],
      fingerprint: plain?.fingerprint,
    });
  });
});

describe('a right desired state', () => {
  it('gives each host a place of its own, evenly spread in the order of their names', async () => {
    const others = ['a', 'c', 'd'].map((name) => [`desired-state/hosts/${name}.yaml`, 'kind: Host']);
    expect((await resolveWith(Object.fromEntries(others))).place).toBe(0.25);
  });

  it('is resolved in full: references followed, defaults filled in, {host} replaced, durations in milliseconds', async () => {
    expect(await resolveWith()).toEqual({
      host: 'builder1',
      keep: { older: 0, files: null },
      place: 0,
      fleetSize: 1,
      window: {
        name: 'nightly',
        days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
        from: '20:00',
        to: '05:00',
        timezone: 'Europe/Zurich',
      },
      reboot: null,
      labels: ['catalina', 'canary'],
      auditKey: KEYS.builder1,
      nextAuditKey: null,
      rollout: {
        waves: [{ hosts: { by: 'label', label: 'canary' }, soak: 7_200_000 }],
        maxUnavailable: { count: 1 },
        haltAfterFailures: 1,
        requireProbes: false,
        onHalt: 'stay',
        proposeRevert: false,
        fleetLock: null,
      },
      holds: [],
      catalogue: ['azure-ci-node'],
      checkInEvery: 86_400_000,
      freshness: null,
      auditRepo: null,
      auditBranch: 'audit/builder1',
      pushesPerMinute: 60,
      requireSignedCommits: true,
      warnings: [],
      guests: [
        {
          name: 'azure-agent',
          box: {
            name: 'azure-ci-node',
            version: '2022.2.24',
            provider: 'vmware_desktop',
            sha256: 'a1'.repeat(32),
            size: 42_949_672_960,
            sources: [
              'peers:',
              'sftp://builder@builder1/images/initialized-20220224.box',
              'https://…',
              'file:///…',
            ],
          },
          provider: 'vmware_desktop',
          env: { GUEST_NAME: 'builder1' },
          secrets: ['VSTS_TOKEN'],
          // ids and digests as `git hash-object` and `sha256sum` print them
          files: [
            {
              path: 'Vagrantfile',
              executable: false,
              oid: '9d385ae59d64e32c9ebf54710d0c71570c597ea4',
              sha256: 'e75886b1cf1d2b0421694b84ecf9bc8b282f258543d57cedd1579b970ce38488',
              size: 36,
            },
            {
              path: 'init.sh',
              executable: true,
              oid: '1a2485251c33a70432394c93fb89330ef214bfc9',
              sha256: 'a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf',
              size: 10,
            },
          ],
          agent: {
            system: 'azure-pipelines',
            settings: {
              organization: 'digitalasset',
              pool: 'macOS-pool',
              name: 'builder1',
              token: 'AZURE_PAT',
            },
          },
          log: 'run.log',
          probes: [{ name: 'nix', run: 'nix --version', expect: 'nix \\(Nix\\) 2\\.([4-9]|\\d\\d)' }],
          timeouts: { up: 1_800_000, drain: 21_600_000, probe: 60_000 },
          window: NIGHTLY,
          recycleEvery: 86_400_000,
          fingerprint: 'ce6ea40e9c2c7d8bba9fd7f1defbbb9e134d745decb2119639d8f739f2076742',
        },
      ],
    });
  });

  it('may say next to nothing: a guest then has no agent, no probes, no window, and is never recycled', async () => {
    const spec = await resolveWith({
      [FILES.fleet]: 'kind: Fleet\n',
      [FILES.guest]:
        'kind: Guest\nname: azure-agent\nbox: { name: azure-ci-node, version: 2022.2.24 }\nprovider: vmware_desktop\n',
    });
    expect(spec).toMatchObject({
      checkInEvery: 86_400_000,
      freshness: null,
      auditRepo: null,
      auditBranch: 'audit/builder1',
      pushesPerMinute: 60,
      requireSignedCommits: false,
    });
    expect(spec.guests[0]).toMatchObject({
      env: {},
      secrets: [],
      agent: { system: 'none' },
      log: 'run.log',
      probes: [],
      timeouts: { up: 1_800_000, drain: 21_600_000, probe: 60_000 },
      window: null,
      recycleEvery: null,
    });
  });

  it('lies where the host says: in a folder of a monorepo, or in the repository itself', async () => {
    const files = Object.entries(goodFleet());
    const moved = (to: string) =>
      Object.fromEntries(files.map(([path, item]) => [path.replace('desired-state/', to), item]));
    const expected = await resolveWith({ [FILES.fleet]: 'kind: Fleet\n' });
    for (const [root, folder] of [
      ['infra/ci', 'infra/ci/'],
      ['./infra/ci/', 'infra/ci/'],
      ['', ''],
      ['.', ''],
    ] as const) {
      const tree = memoryTree({ ...moved(folder), [`${folder}fleet.yaml`]: 'kind: Fleet\n' });
      const spec = await resolveHost(tree, root, 'builder1');
      expect({ ...spec, warnings: [] }).toEqual({ ...expected, warnings: [] });
    }
  });

  it('warns of what a person should know: commits that anyone can make', async () => {
    const unsigned = swap(FLEET, 'requireSignedCommits: true', 'requireSignedCommits: false');
    expect((await resolveWith({ [FILES.fleet]: unsigned })).warnings).toEqual([
      'desired-state/fleet.yaml:16:1 trust.requireSignedCommits is false: hosts apply whatever anyone who can push to the branch commits',
    ]);
  });
});

describe('the window of a guest', () => {
  const fleet = swap(
    FLEET,
    'defaults:',
    '  weekend: { days: [sat], from: "00:00", to: "00:00", timezone: UTC }\n  lunch: { days: [mon], from: "12:00", to: "13:00", timezone: UTC }\ndefaults:',
  );
  const change = { [FILES.fleet]: fleet };

  it("is the fleet's default when neither the guest nor its host names one", async () => {
    expect((await guestWith('', change))?.window?.name).toBe('nightly');
  });
  it("is its host's rather than the fleet's", async () => {
    expect((await guestWith('', { ...change, [FILES.host]: `${HOST}window: weekend\n` }))?.window?.name).toBe(
      'weekend',
    );
  });
  it("is its own rather than its host's", async () => {
    const guest = await guestWith('window: lunch\n', { ...change, [FILES.host]: `${HOST}window: weekend\n` });
    expect(guest?.window?.name).toBe('lunch');
  });
});

describe('recycling', () => {
  it("follows the guest's own interval rather than the fleet's", async () => {
    expect((await guestWith('recycle: { every: 12h }\n'))?.recycleEvery).toBe(43_200_000);
  });
  it('can be switched off for one guest', async () => {
    expect((await guestWith('recycle: { every: never }\n'))?.recycleEvery).toBeNull();
  });
});

describe('an agent', () => {
  const without = GUEST.split('\n')
    .filter((line) => !line.startsWith('agent:'))
    .join('\n');
  const agentOf = async (yaml: string) => {
    const [guest] = (await resolveWith({ [FILES.guest]: `${without}agent: ${yaml}\n` })).guests;
    return { agent: guest?.agent, log: guest?.log };
  };

  it('can be any command: argument vectors in which {host} and {provider} are replaced', async () => {
    const yaml =
      '{ system: command, idle: [/opt/ci, idle, "{host}"], drain: [/opt/ci, drain, "{provider}"] }';
    expect((await agentOf(yaml)).agent).toEqual({
      system: 'command',
      idle: ['/opt/ci', 'idle', 'builder1'],
      drain: ['/opt/ci', 'drain', 'vmware_desktop'],
      undrain: [],
    });
  });
  it.each([
    ['{ system: github-actions, organization: acme, name: "{host}", token: T, labels: "a,b" }'],
    ['{ system: gitlab-runner, id: "42", token: T }'],
    ['{ system: buildkite, organization: acme, name: "{host}", token: T }'],
    ['{ system: jenkins, url: "https://ci.example.org", name: "{host}", user: reeve, token: T }'],
    ['{ system: none }'],
  ])('can be %s', async (yaml) => {
    const system = /system: ([a-z-]+)/.exec(yaml)?.[1];
    expect((await agentOf(yaml)).agent).toMatchObject({ system });
  });
  it('may keep its log elsewhere', async () => {
    expect((await agentOf('{ system: none, log: /var/log/agent.log }')).log).toBe('/var/log/agent.log');
  });
});

describe('resolving one host', () => {
  it('reads what concerns it and nothing else, however large the fleet', async () => {
    const others: Record<string, Item> = {};
    for (let n = 0; n < 500; n += 1) {
      others[`desired-state/hosts/other${n}.yaml`] = '{ broken';
      others[`desired-state/guests/other${n}/guest.yaml`] = '{ broken';
      others[`desired-state/boxes/other${n}.yaml`] = '{ broken';
    }
    const tree = memoryTree(goodFleet(others));
    const spec = await resolveHost(tree, 'desired-state', 'builder1');
    expect(spec.catalogue).toHaveLength(501);
    expect(tree.reads.filter((path) => path.includes('other'))).toEqual([]);
    const needed = Object.keys(goodFleet()).filter((path) => !path.endsWith('.recipe.yaml'));
    expect(tree.reads.toSorted()).toEqual(needed.toSorted());
  });

  it('finds a box of an organisation in a folder of its own', async () => {
    const spec = await resolveWith({
      [FILES.guest]: swap(GUEST, 'name: azure-ci-node', 'name: acme/Node'),
      'desired-state/boxes/acme/Node.yaml': swap(BOX, 'azure-ci-node', 'acme/Node'),
    });
    expect(spec.guests[0]?.box.name).toBe('acme/Node');
    expect(spec.catalogue).toEqual(['acme/Node', 'azure-ci-node']);
  });
});
