/** Reads and checks `host.yaml`. The parser and the schemas are loaded when it is called. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { MINUTE } from '../clock.ts';
import type { Kinds } from '../desired/check-schema.ts';
import { keyItself } from '../desired/public-key.ts';
import { parseDuration } from '../duration.ts';
import { type Complaint, InvalidHostConfig, showComplaint } from '../errors.ts';
import type { HostConfig, SecretSource } from '../host-config.ts';
import { openPgpKeyId } from '../trust/key-id.ts';

export const DEFAULT_HOST_CONFIG = '/etc/boxreeve/host.yaml';

const DEFAULTS = {
  branch: 'main',
  path: 'desired-state',
  stateDir: process.platform === 'darwin' ? '/usr/local/var/boxreeve' : '/var/lib/boxreeve',
  poll: MINUTE,
  vagrantHome: '~/.vagrant.d',
  sendmail: ['/usr/sbin/sendmail'],
  knownHosts: '~/.ssh/known_hosts',
};

/** Throws InvalidHostConfig with all mistakes, each as `file:line:column message`. */
export async function loadHostConfig(file = DEFAULT_HOST_CONFIG): Promise<HostConfig> {
  const path = resolve(file);
  const content = await contentOf(path);
  const [{ readYaml }, { checkSchema }] = await Promise.all([
    import('../desired/read-yaml.ts'),
    import('../desired/check-schema.ts'),
  ]);
  const read = await readYaml(content, path);
  if (!read.ok) throw invalid(read.complaints);
  const checked = await checkSchema('host-config', read.yaml);
  if (!checked.ok) throw invalid(checked.complaints);
  return complete(checked.data, path);
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const place = { file: path };
    if (code === 'ENOENT') {
      throw invalid([
        {
          place,
          message:
            'is missing: write it (docs/how-to/add-a-host.md says how), or name another with --config FILE',
        },
      ]);
    }
    throw invalid([
      { place, message: `cannot be read: ${error instanceof Error ? error.message : String(error)}` },
    ]);
  }
}

function complete(data: Kinds['host-config'], file: string): HostConfig {
  const folder = dirname(file);
  const stateDir = absolute(data.stateDir ?? DEFAULTS.stateDir, folder);
  return {
    file,
    name: data.name,
    repo: address(data.repo, folder),
    auditRepo: data.auditRepo === undefined ? null : address(data.auditRepo, folder),
    branch: data.branch ?? DEFAULTS.branch,
    path: (data.path ?? DEFAULTS.path)
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/'),
    stateDir,
    signingKey: absolute(data.signingKey, folder),
    firstCommit: data.firstCommit ?? null,
    firstKey: data.firstKey === undefined ? null : keyItself(data.firstKey),
    revokedKeys: (data.revokedKeys ?? []).map((key) =>
      key.includes(' ') ? keyItself(key) : openPgpKeyId(key),
    ),
    poll: parseDuration(data.poll ?? '') ?? DEFAULTS.poll,
    secrets: Object.fromEntries(
      Object.entries(data.secrets ?? {}).map(([name, source]) => [name, secretSource(source, folder)]),
    ),
    notify: data.notify ?? null,
    sendmail: data.sendmail ?? DEFAULTS.sendmail,
    rebootCommand: data.rebootCommand ?? defaultRebootCommand(),
    boxesDir: data.boxesDir === undefined ? join(stateDir, 'boxes') : absolute(data.boxesDir, folder),
    downloadLimit: bytesIn(data.downloadLimit),
    sftp: {
      key: data.sftp?.key === undefined ? null : absolute(data.sftp.key, folder),
      knownHosts: absolute(data.sftp?.knownHosts ?? DEFAULTS.knownHosts, folder),
    },
    vagrantHome: absolute(data.vagrantHome || process.env.VAGRANT_HOME || DEFAULTS.vagrantHome, folder),
  };
}

function defaultRebootCommand(): readonly string[] {
  const reboot = ['/sbin/shutdown', '-r', 'now'];
  return process.getuid?.() === 0 ? reboot : ['sudo', '-n', ...reboot];
}

const UNITS = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** `20MiB` in bytes; null if nothing is said. */
function bytesIn(amount: string | undefined): number | null {
  const [, count, unit] = /^(\d+)(KiB|MiB|GiB)$/.exec(amount ?? '') ?? [];
  if (unit !== 'KiB' && unit !== 'MiB' && unit !== 'GiB') return null;
  return Number(count) * UNITS[unit];
}

/** The schema lets through exactly one of the three. */
function secretSource(
  source: NonNullable<Kinds['host-config']['secrets']>[string],
  folder: string,
): SecretSource {
  if (source.file !== undefined) return { file: absolute(source.file, folder) };
  if (source.env !== undefined) return { env: source.env };
  const [program = '', ...args] = source.exec ?? [];
  return { exec: [/^(~|\.\.?)\//.test(program) ? absolute(program, folder) : program, ...args] };
}

function address(repo: string, folder: string): string {
  return isUrl(repo) ? repo : absolute(repo, folder);
}

/** `https://…`, and `user@host:path` where the colon comes before any slash, as Git tells them apart. */
function isUrl(repo: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(repo) || /^[^/]+:/.test(repo);
}

function absolute(path: string, folder: string): string {
  if (path === '~' || path.startsWith('~/')) return resolve(homedir(), path.slice(2));
  return resolve(folder, path);
}

function invalid(complaints: readonly Complaint[]): InvalidHostConfig {
  return new InvalidHostConfig(complaints.map(showComplaint).join('\n'));
}
