/** A fleet's account made with real Git and real keys, for tests that then tamper with it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { openAuditLog } from '../../../reconciler/audit/audit-log.ts';
import { openFleetAccount } from '../../../reconciler/audit/fleet-account.ts';
import type { HostKeys } from '../../../reconciler/audit/host-keys.ts';
import type { AuditLog, RecordDraft } from '../../../reconciler/audit/record.ts';
import { openReserve } from '../../../reconciler/audit/reserve.ts';
import {
  type HostAccount,
  type Verified,
  type VerifyInput,
  verifyAudit,
} from '../../../reconciler/audit/verify.ts';
import { type Mirror, openMirror } from '../../../reconciler/git/mirror.ts';
import { type InfraRepo, newInfraRepo } from '../../lab/infra-repo.ts';

const silent = { info: () => undefined, debug: () => undefined };

export type AccountHost = {
  readonly name: string;
  readonly key: string;
  readonly publicKey: string;
  readonly gitDir: string;
  readonly mirror: Mirror;
  readonly log: AuditLog;
};

export type AccountLab = {
  readonly root: string;
  readonly repo: InfraRepo;
  /** Tip of the watched branch. */
  readonly desired: string;
  host(name: string, key?: string): Promise<AccountHost>;
  /** Another process that writes to the chain of a host. `branch`: where the fleet has it, if not at `audit/<host>`. */
  logOf(host: AccountHost, branch?: string): AuditLog;
  /** What `audit verify` finds on the remote, by the keys of each host. `watched`: tip of the watched branch, if not `desired`. */
  verify(
    hosts: Readonly<Record<string, readonly string[]>>,
    watched?: string,
  ): Promise<readonly HostAccount[]>;
  /** Declares hosts, as a pull request does: what each one's file says of its keys. Returns the tip of the watched branch. */
  declare(hosts: Readonly<Record<string, string>>, subject?: string): Promise<string>;
  /** `audit verify` on a machine. */
  audit(reader: AccountHost, asked?: Partial<Pick<VerifyInput, 'checkpoint' | 'full'>>): Promise<Verified>;
  /** Git in a scratch clone of the remote, with the key of a host for signing. */
  tamper(key: string, ...args: readonly string[]): Promise<string>;
  /** Git in any repository; its standard output. */
  gitIn(gitDir: string, ...args: readonly string[]): Promise<string>;
  dispose(): void;
};

export async function openAccountLab(): Promise<AccountLab> {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-account-'));
  const repo = await newInfraRepo(root);
  repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
  const desired = await repo.merge('Declare the fleet (#7)');
  return {
    root,
    repo,
    desired,
    host: (name, key) => openAccountHost(root, repo, name, key),
    logOf: (host, branch) => openLog(root, host, branch),
    verify: (hosts, watched = desired) => verifyRemote(root, repo, watched, hosts),
    declare: async (hosts, subject = 'Declare hosts') => {
      for (const [name, keys] of Object.entries(hosts))
        repo.write(`desired-state/hosts/${name}.yaml`, `kind: Host\nname: ${name}\n${keys}\nguests: []\n`);
      return repo.merge(subject);
    },
    audit: async ({ gitDir, mirror, name }, { checkpoint = null, full = false } = {}) => {
      const known = checkpoint?.history ?? null;
      const account = await openFleetAccount(gitDir, mirror, 'desired-state', name, known);
      return verifyAudit({ ...account, gitDir, checkpoint, full, now: Date.now() });
    },
    tamper: async (key, ...args) => {
      const signing = ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${key}`, '-c', 'commit.gpgsign=true'];
      return repo.git(...signing, ...args);
    },
    gitIn: async (gitDir, ...args) => (await execa('git', [`--git-dir=${gitDir}`, ...args])).stdout,
    dispose: () => rmSync(root, { recursive: true, force: true }),
  };
}

export async function newKey(root: string, name: string): Promise<{ key: string; publicKey: string }> {
  const key = join(root, `key-${name}-${Math.random().toString(36).slice(2)}`);
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', key]);
  const line = readFileSync(`${key}.pub`, 'utf8');
  return { key, publicKey: line.trim().split(' ').slice(0, 2).join(' ') };
}

async function openAccountHost(
  root: string,
  repo: InfraRepo,
  name: string,
  given?: string,
): Promise<AccountHost> {
  const made =
    given === undefined
      ? await newKey(root, name)
      : { key: given, publicKey: (await execa('ssh-keygen', ['-y', '-f', given])).stdout.trim() };
  const gitDir = join(mkdtempSync(join(root, `host-${name}-`)), 'mirror.git');
  const mirror = await openMirror({
    gitDir,
    remote: repo.url,
    branch: 'main',
    path: 'desired-state',
    log: silent,
    alone: true,
  });
  await mirror.fetch();
  const host = { name, ...made, gitDir, mirror };
  return { ...host, log: openLog(root, host) };
}

function openLog(
  root: string,
  { name, key, publicKey, gitDir, mirror }: Omit<AccountHost, 'log'>,
  branch = `audit/${name}`,
): AuditLog {
  return openAuditLog({
    gitDir,
    host: name,
    signingKey: key,
    publicKey,
    ownRepo: null,
    repo: () => null,
    remote: async () => mirror.auditRemote(),
    branch: () => branch,
    witness: () => mirror.auditTips('audit/{host}'),
    reserve: openReserve(join(root, `reserve-${name}`)),
  });
}

/** As an auditor would: a fresh clone of everything, and nothing else. */
async function verifyRemote(
  root: string,
  repo: InfraRepo,
  watched: string,
  hosts: Readonly<Record<string, readonly string[]>>,
): Promise<readonly HostAccount[]> {
  const gitDir = join(mkdtempSync(join(root, 'auditor-')), 'all.git');
  await execa('git', ['clone', '--quiet', '--mirror', '--no-local', repo.url, gitDir]);
  const tips = await Promise.all(
    Object.entries(hosts).map(async ([host, keys]) => {
      const { stdout, exitCode } = await execa(
        'git',
        ['rev-parse', '--verify', '--quiet', `refs/heads/audit/${host}`],
        { cwd: gitDir, reject: false },
      );
      return { host, keys: plainKeys(keys), known: [], tip: exitCode === 0 ? stdout : null };
    }),
  );
  const history = { watched, root: 'desired-state', hosts: {} };
  const asked = { gitDir, watched, hosts: tips, history, checkpoint: null, full: false, now: Date.now() };
  return (await verifyAudit(asked)).hosts;
}

/** Keys that were never revoked, the newest first; the host has that one now. */
function plainKeys(newestFirst: readonly string[]): HostKeys {
  const keys = newestFirst.map((key, index) => ({
    key,
    named: index === 0,
    overlapped: false,
    revoked: null,
  }));
  return { keys: keys.toReversed() };
}

/** After the commits that records go by. */
const START = Date.now();
let minute = 0;

/** A record with nothing special about it; each a minute after the last. */
export function someDraft(desired: string, more: Partial<RecordDraft> = {}): RecordDraft {
  minute += 1;
  return {
    kind: 'check-in',
    outcome: 'in-sync',
    id: crypto.randomUUID(),
    time: new Date(START + minute * 60_000).toISOString(),
    trigger: 'poll',
    desired: {
      commit: desired,
      subject: 'Declare the fleet (#7)',
      author: 'Ada Approver <ada@example.org>',
      authoredAt: '2026-11-23T12:00:00.000Z',
      signedBy: null,
      pullRequest: 7,
    },
    actions: [],
    gates: [],
    probes: [],
    fingerprints: {},
    versions: { boxreeve: '0.1.0', vagrant: '2.3.4', providers: {} },
    notes: [],
    summary: 'in sync',
    ...more,
  };
}

/** What was found, as `host kind`. */
export function kindsIn({ hosts }: Verified): readonly string[] {
  return hosts.flatMap(({ findings }) => findings.map(({ host, kind }) => `${host} ${kind}`));
}
