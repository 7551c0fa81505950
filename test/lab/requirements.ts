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

let usable: Promise<void> | undefined;

/** Throws an error that lists all that is missing, with the command that brings it. Looked at once a process. */
export function assertUsable(): Promise<void> {
  usable ??= check();
  return usable;
}

/** Brings up the bridge that guests are attached to. Safe to repeat. */
export async function raiseBridge(): Promise<void> {
  await execa(join(import.meta.dirname, 'net-up.sh'), { stdin: 'ignore' });
}

async function check(): Promise<void> {
  const missing = [...lacksRoot(), ...(await lackedCapabilities()), ...(await lackedPrograms())];
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
  return process.getuid?.() === 0 ? [] : ['it needs root (LXC containers are made with sudo by vagrant-lxc)'];
}

async function lackedCapabilities(): Promise<string[]> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return CAPABILITIES.filter(([, bit]) => ((effective >> bit) & 1n) === 0n).map(
    ([name]) => `this process lacks ${name}`,
  );
}

async function lackedPrograms(): Promise<string[]> {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  const found = await Promise.all(
    PROGRAMS.map(async ([program, from]) => {
      const { failed } = await execa('which', [program], { env: { PATH: path }, reject: false });
      return failed ? [`the program ${program} (package ${from})`] : [];
    }),
  );
  const plugin = await execa(
    'find',
    ['/usr/share/rubygems-integration', '-maxdepth', '3', '-name', 'vagrant-lxc-*'],
    {
      reject: false,
    },
  );
  return [
    ...found.flat(),
    ...(plugin.stdout === '' ? ['the Vagrant plugin vagrant-lxc (package vagrant-lxc)'] : []),
  ];
}
