/** What real guests need of a machine, and the words to say what is missing. Nothing is skipped in silence. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Program, and the Debian package that brings it. */
const PROGRAMS: readonly (readonly [string, string])[] = [
  ['vagrant', 'vagrant'],
  ['lxc-create', 'lxc'],
  ['lxc-info', 'lxc'],
  ['ip', 'iproute2'],
  ['sshd', 'openssh-server'],
  ['sudo', 'sudo'],
  ['ps', 'procps'],
];

/** Bits of `CapEff` in /proc/self/status. */
const CAPABILITIES: readonly (readonly [string, bigint])[] = [
  ['CAP_NET_ADMIN', 12n],
  ['CAP_SYS_ADMIN', 21n],
];

/** Of hosts in network namespaces (net-hosts.ts). */
const NET_PROGRAMS: typeof PROGRAMS = [
  ['ip', 'iproute2'],
  ['tc', 'iproute2'],
  ['nsenter', 'util-linux'],
  ['unshare', 'util-linux'],
  ['mount', 'mount'],
  ['sshd', 'openssh-server'],
  ['scp', 'openssh-client'],
];

let usable: Promise<void> | undefined;

/** Throws an error that lists all that is missing, with the command that brings it. Looked at once a process. */
export function assertUsable(): Promise<void> {
  usable ??= check();
  return usable;
}

/** The same for hosts in network namespaces; whether the kernel has all it takes shows when it is asked for. */
export async function assertNetHostsUsable(): Promise<void> {
  const missing = [...lacksRoot(), ...(await lackedCapabilities()), ...(await lackedPrograms(NET_PROGRAMS))];
  if (missing.length === 0) return;
  throw new Error(
    [
      'Hosts cannot have networks of their own on this machine:',
      ...missing.map((line) => `  - ${line}`),
    ].join('\n'),
  );
}

/**
 * Brings up the bridge that guests are attached to. Safe to repeat.
 * @param enter words that put a program where the guests are to be; none: the machine's own network
 */
export async function raiseBridge(enter: readonly string[]): Promise<void> {
  const [program = '', ...args] = [...enter, join(import.meta.dirname, 'net-up.sh')];
  await execa(program, args, { stdin: 'ignore' });
}

async function check(): Promise<void> {
  const missing = [
    ...lacksRoot(),
    ...(await lackedCapabilities()),
    ...(await lackedPrograms(PROGRAMS)),
    ...(await lackedPlugin()),
  ];
  if (missing.length === 0) return;
  throw new Error(
    [
      'Real guests cannot run on this machine:',
      ...missing.map((line) => `  - ${line}`),
      'The lab runs on Linux, as root, with:',
      '  apt-get install -y --no-install-recommends vagrant vagrant-lxc lxc openssh-server iproute2 procps sudo',
    ].join('\n'),
  );
}

function lacksRoot(): string[] {
  return process.getuid?.() === 0 ? [] : ['it needs root (for containers and their networks)'];
}

async function lackedCapabilities(): Promise<string[]> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return CAPABILITIES.filter(([, bit]) => ((effective >> bit) & 1n) === 0n).map(
    ([name]) => `this process lacks ${name}`,
  );
}

async function lackedPrograms(programs: typeof PROGRAMS): Promise<string[]> {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  const found = await Promise.all(
    programs.map(async ([program, from]) => {
      const { failed } = await execa('which', [program], { env: { PATH: path }, reject: false });
      return failed ? [`the program ${program} (package ${from})`] : [];
    }),
  );
  return found.flat();
}

async function lackedPlugin(): Promise<string[]> {
  const place = '/usr/share/rubygems-integration';
  const plugin = await execa('find', [place, '-maxdepth', '3', '-name', 'vagrant-lxc-*'], { reject: false });
  return plugin.stdout === '' ? ['the Vagrant plugin vagrant-lxc (package vagrant-lxc)'] : [];
}
