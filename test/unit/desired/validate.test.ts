/** `boxreeve validate`: every file of a checkout, from the command line. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveHost } from '../../../reconciler/desired/resolve.ts';
import { validateAll } from '../../../reconciler/desired/validate.ts';
import { openWorkTree } from '../../../reconciler/desired/work-tree.ts';
import { showComplaint } from '../../../reconciler/errors.ts';
import documentSchema from '../../../reconciler/report/schema/validate.json' with { type: 'json' };
import { FILES, swap } from './complaints-of.ts';
import { BOX, FLEET, GUEST, goodFleet, HOST, type Item, KEYS, memoryTree } from './memory-tree.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

async function lines(change: Readonly<Record<string, Item | null>>): Promise<readonly string[]> {
  const { complaints } = await validateAll(memoryTree(goodFleet(change)), 'desired-state');
  return complaints.map(showComplaint);
}

describe('the fleet that is shipped to be copied', () => {
  it('has no mistake, and nothing to warn of', async () => {
    const result = await validateAll(await openWorkTree(REPOSITORY), 'desired-state');
    expect(result).toEqual({
      complaints: [],
      warnings: [],
      hosts: 8,
      guests: 2,
      boxes: 2,
    });
  });

  it('has seven hosts of one kind, and one of another with a guest and a box of its own', async () => {
    const tree = await openWorkTree(REPOSITORY);
    const names = Array.from({ length: 8 }, (_, n) => `builder${n + 1}`);
    const hosts = await Promise.all(names.map((name) => resolveHost(tree, 'desired-state', name)));
    expect(hosts.map(({ labels }) => labels.join('+'))).toEqual([
      'catalina+canary',
      ...Array.from({ length: 6 }, () => 'catalina'),
      'monterey',
    ]);
    expect(
      new Set(hosts.slice(0, 7).map(({ guests }) => `${guests[0]?.name} ${guests[0]?.box.name}`)),
    ).toEqual(new Set(['azure-agent azure-ci-node']));
    expect(hosts[7]?.guests[0]).toMatchObject({
      name: 'azure-agent-monterey',
      box: { name: 'azure-ci-node-monterey' },
      env: { GUEST_NAME: 'builder8', PROVIDER: 'vmware_desktop' },
    });
    expect(new Set(hosts.map(({ auditKey }) => auditKey)).size).toBe(8);
  });
});

describe('validate', () => {
  it('tells the mistakes of every file at once, also of those that no host uses', async () => {
    expect(
      await lines({
        [FILES.fleet]: null,
        [FILES.guest]: swap(GUEST, '2022.2.24', '"2022.02"'),
        'desired-state/guests/spare/guest.yaml': swap(
          swap(GUEST, 'azure-agent', 'spare'),
          'probes:',
          'probs:',
        ),
        'desired-state/boxes/spare.yaml': swap(swap(BOX, 'azure-ci-node', 'spare'), '42681237504', '0'),
        'desired-state/hosts/builder2.yaml': 'kind: Host\nname: builder2\nguests: []\n',
      }),
    ).toEqual([
      'desired-state/boxes/spare.yaml:7:11 versions[0].size must be at least 1',
      'desired-state/fleet.yaml is missing',
      'desired-state/guests/azure-agent/guest.yaml:3:38 box.version "2022.02" is not in boxes/azure-ci-node.yaml (has 2022.2.17, 2022.2.24)',
      'desired-state/guests/spare/Vagrantfile is missing: each guest needs one',
      'desired-state/guests/spare/guest.yaml:8:1 unknown key `probs`; did you mean `probes`?',
      'desired-state/hosts/builder2.yaml:1:1 key `auditKey` is missing',
    ]);
  });
  it('warns of a wave that no host is in, and says why', async () => {
    const waves = (text: string) => ({ [FILES.fleet]: swap(FLEET, '{ label: canary }, soak: 2h }', text) });
    const warnings = async (text: string) =>
      (await validateAll(memoryTree(goodFleet(waves(text))), 'desired-state')).warnings;
    const at = 'desired-state/fleet.yaml:12:16 rollout.waves[0]';
    expect(await warnings('{ label: canari }, soak: 2h }')).toEqual([
      `${at} has no host, so that the next wave waits for nobody: none has the label "canari"; did you mean \`canary\`?`,
    ]);
    expect(await warnings('{ percent: 100 } }\n    - { hosts: { host: builder1 } }')).toEqual([
      'desired-state/fleet.yaml:13:16 rollout.waves[1] has no host, so that the next wave waits for nobody: those that it names are in earlier waves already',
    ]);
    expect(await warnings('{ label: canary }, soak: 2h }')).toEqual([]);
  });
  it('finds two hosts with one key', async () => {
    const second = swap(swap(HOST, 'name: builder1', 'name: builder2'), '4NY builder1', '4NY other comment');
    expect(await lines({ 'desired-state/hosts/builder2.yaml': second })).toEqual([
      'desired-state/hosts/builder2.yaml:4:11 auditKey is that of builder1 too: each host has its own',
    ]);
  });
  it('finds a key of one host that is to be, or was, the key of another', async () => {
    const stolen = `kind: Host\nname: builder2\nauditKey: ${KEYS.approver}\nguests: []\n`;
    const others = (more: string) => lines({ 'desired-state/hosts/builder2.yaml': `${stolen}${more}\n` });
    expect(await others(`nextAuditKey: ${KEYS.builder1}`)).toEqual([
      'desired-state/hosts/builder2.yaml:5:15 nextAuditKey is that of builder1 too: each host has its own',
    ]);
    expect(await others(`revokedAuditKeys: [{ key: ${KEYS.builder1}, lastRecord: 0123abcd }]`)).toEqual([
      'desired-state/hosts/builder2.yaml:5:27 revokedAuditKeys[0].key is that of builder1 too: each host has its own',
    ]);
  });
  it('finds files that would never be read, and names that macOS takes for one', async () => {
    expect(
      await lines({
        'desired-state/hosts/builder2.yml': HOST,
        'desired-state/hosts/more/builder3.yaml': HOST,
        'desired-state/guests/stray.yaml': GUEST,
        'desired-state/boxes/Azure-ci-node.yaml': swap(BOX, 'azure-ci-node', 'Azure-ci-node'),
      }),
    ).toEqual([
      'desired-state/boxes/azure-ci-node.yaml is the same name as boxes/Azure-ci-node.yaml on macOS, where case does not count',
      'desired-state/guests/stray.yaml is never read: a guest is a folder with a guest.yaml',
      'desired-state/hosts/builder2.yml is never read: its name must end in .yaml',
      'desired-state/hosts/more/builder3.yaml is never read: hosts lie directly in hosts/',
    ]);
  });
  it('warns of a guest that no host has', async () => {
    const { warnings } = await validateAll(
      memoryTree(goodFleet({ [FILES.host]: swap(HOST, '[azure-agent]', '[]') })),
      'desired-state',
    );
    expect(warnings).toContain('desired-state/guests/azure-agent/guest.yaml no host has this guest');
  });
});

describe('boxreeve validate', () => {
  let checkout: string;
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'boxreeve-validate-'));
    cpSync(join(REPOSITORY, 'desired-state'), join(checkout, 'desired-state'), { recursive: true });
  });
  afterEach(() => rmSync(checkout, { recursive: true, force: true }));

  const run = (args: readonly string[], cwd = checkout) =>
    execa(process.execPath, [join(REPOSITORY, 'reconciler/cli/main.ts'), 'validate', ...args], {
      cwd,
      reject: false,
    });
  const breakFleet = () =>
    writeFileSync(join(checkout, 'desired-state/fleet.yaml'), 'kind: Fleet\nwindws: {}\n');
  const MISTAKE = 'desired-state/fleet.yaml:2:1 unknown key `windws`; did you mean `windows`?';

  it.each([
    ['the checkout', []],
    ['the checkout by its path', ['.']],
    ['the folder of the desired state itself', ['desired-state']],
  ])('takes %s, and exits with 0 when nothing is wrong', async (_title, args) => {
    const { exitCode, stdout } = await run(args);
    expect(stdout).toBe('valid: 8 hosts, 2 guests, 2 boxes');
    expect(exitCode).toBe(0);
  });

  it.each([
    ['the checkout', []],
    ['the folder of the desired state itself', ['desired-state']],
  ])(
    'prints each mistake on a line of standard error with the path in the repository, given %s, and exits with 3',
    async (_title, args) => {
      breakFleet();
      const { exitCode, stdout, stderr } = await run(args);
      expect(stderr.split('\n')).toContain(MISTAKE);
      expect(stdout).toMatch(/^not valid: \d+ mistakes? \(8 hosts, 2 guests, 2 boxes\)$/);
      expect(exitCode).toBe(3);
    },
  );

  it('prints one document with --json, as its schema says', async () => {
    breakFleet();
    const { exitCode, stdout } = await run(['--json']);
    const document: unknown = JSON.parse(stdout);
    expect(new Ajv2020({ strict: true }).compile(documentSchema)(document)).toBe(true);
    expect(document).toMatchObject({
      valid: false,
      complaints: [
        {
          file: 'desired-state/fleet.yaml',
          line: 2,
          column: 1,
          message: 'unknown key `windws`; did you mean `windows`?',
        },
      ],
      hosts: 8,
      guests: 2,
      boxes: 2,
    });
    expect(exitCode).toBe(3);
  });

  it('looks in another folder with --path', async () => {
    cpSync(join(checkout, 'desired-state'), join(checkout, 'ci/fleet'), { recursive: true });
    rmSync(join(checkout, 'desired-state'), { recursive: true });
    expect((await run(['--path', 'ci/fleet'])).stdout).toBe('valid: 8 hosts, 2 guests, 2 boxes');
    const { exitCode, stderr } = await run([]);
    expect(stderr).toContain(
      'desired-state/fleet.yaml is missing: there is no folder desired-state in work tree',
    );
    expect(exitCode).toBe(3);
  });

  it('says so when the folder is not there', async () => {
    const { exitCode, stderr } = await run(['nowhere']);
    expect(stderr).toBe('there is no folder nowhere: name a checkout of the infra repo');
    expect(exitCode).toBe(3);
  });
});
