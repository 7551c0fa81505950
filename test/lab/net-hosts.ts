/**
 * Several hosts on one machine: a network namespace each, with a capped link to a switch between them, and a real sshd that serves
 * the host's boxes. The switch is in a namespace of its own: nothing of the machine's own network changes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { claim, LAB_PREFIX, sweepAbandoned } from './housekeeping.ts';
import { addNamespace, enterNamespace, newNames, removeNamespace } from './namespaces.ts';
import { assertNetHostsUsable } from './requirements.ts';
import { type SftpServer, startSftpServer } from './sftp-server.ts';
import { capEnd, layLink, type Traffic, trafficOf } from './veth-link.ts';

export type NetHost = {
  readonly name: string;
  /** Its address between the hosts. */
  readonly address: string;
  /** Its network namespace, for `openLab`. */
  readonly namespace: string;
  /** The words before a program that put it into the host's namespace. */
  readonly enter: readonly string[];
  /** Private to this host; gone after `dispose`. */
  readonly folder: string;
  /** Its private key as a client, a file; every host's sshd lets it in until `authorize` says otherwise. */
  readonly key: string;
  readonly publicKey: string;
  /** All the hosts' keys, as ssh and sftp read them. */
  readonly knownHosts: string;
  readonly sftp: SftpServer;
  /** Runs a program in its namespace, and returns what it did; never throws for an exit status. */
  run(program: string, args: readonly string[]): Promise<Ran>;
  /** Sets another cap on its link, both ways. Bytes a second; null: none. */
  cap(rate: number | null): Promise<void>;
  /** What went over its link so far. */
  traffic(): Promise<Traffic>;
};

type Ran = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

export type NetLab = {
  readonly folder: string;
  readonly hosts: readonly NetHost[];
  /** Throws if there is none of that name. */
  host(name: string): NetHost;
  /** Ends all that runs in the namespaces and removes them. Labs in them must be disposed of before. Safe to repeat. */
  dispose(): Promise<void>;
};

type NetOptions = {
  /** Small letters, digits and dashes. */
  readonly names: readonly string[];
  /** Of each link, each way. Bytes a second; null: as fast as the machine. */
  readonly rate: number | null;
};

/** For measuring networks (RFC 2544): no address of anybody's. No other network reaches these namespaces anyway. */
const NETWORK = '198.18.0';
const DEVICE = 'eth0';
const SWITCH = 'switch0';
/** Milliseconds; a copy over a capped link takes seconds. */
const RUN_LIMIT = 120_000;

/** Throws, saying what is missing, where namespaces or capped links cannot be had; nothing is left behind then. */
export async function openNetHosts({ names, rate }: NetOptions): Promise<NetLab> {
  await assertNetHostsUsable();
  await sweepAbandoned();
  const folder = await mkdtemp(join(tmpdir(), LAB_PREFIX));
  await claim(folder);
  const begin = await newNames();
  const hub = `${begin}switch`;
  const hosts: NetHost[] = [];
  const dispose = async () => {
    for (const { sftp } of hosts) await sftp.stop();
    for (const name of [...names.map((each) => `${begin}${each}`), hub]) await removeNamespace(name);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await addSwitch(hub);
    for (const [index, name] of names.entries())
      hosts.push(await addHost({ name, index, namespace: `${begin}${name}`, hub, folder, rate }));
    introduce(hosts, knownHostsOf(folder));
  } catch (error) {
    await dispose();
    throw error;
  }
  return { folder, hosts, host: (name) => named(hosts, name), dispose };
}

/** What `scp`, or `sftp`, takes for this host to read a file of another: over SFTP, as that one's sshd gives nothing else. */
export function scpArguments(client: NetHost, server: NetHost, file: string, target: string): string[] {
  return [...sshOptions(client), '-P', `${server.sftp.port}`, `${addressOf(server)}:/boxes/${file}`, target];
}

/** For ssh and its kin: this host's key, and no server that is not known. */
export function sshOptions(client: NetHost): string[] {
  const options = {
    IdentitiesOnly: 'yes',
    BatchMode: 'yes',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: client.knownHosts,
    GlobalKnownHostsFile: '/dev/null',
    LogLevel: 'ERROR',
  };
  return [
    '-F',
    'none',
    '-i',
    client.key,
    ...Object.entries(options).map(([name, value]) => `-o${name}=${value}`),
  ];
}

/** `user@address`, as ssh takes it. */
export function addressOf({ sftp, address }: NetHost): string {
  return `${sftp.user}@${address}`;
}

async function addSwitch(namespace: string): Promise<void> {
  await addNamespace(namespace);
  const ip = (...args: string[]) => execa('ip', ['-n', namespace, ...args], { stdin: 'ignore' });
  await ip('link', 'add', SWITCH, 'type', 'bridge', 'forward_delay', '0');
  await ip('link', 'set', SWITCH, 'up');
}

type Making = {
  readonly name: string;
  readonly index: number;
  readonly namespace: string;
  readonly hub: string;
  /** The lab's. */
  readonly folder: string;
  readonly rate: number | null;
};

async function addHost(making: Making): Promise<NetHost> {
  const { name, index, namespace, folder: labFolder } = making;
  const folder = join(labFolder, name);
  await mkdir(join(folder, 'sshd'), { recursive: true });
  const address = `${NETWORK}.${index + 1}`;
  await addNamespace(namespace);
  const cap = await connect(making, address);
  const key = join(folder, 'id_ed25519');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', key]);
  const enter = enterNamespace(namespace);
  return {
    name,
    address,
    namespace,
    enter,
    folder,
    key,
    publicKey: readFileSync(`${key}.pub`, 'utf8').trim(),
    knownHosts: knownHostsOf(labFolder),
    sftp: await startSftpServer(join(folder, 'sshd'), join(folder, 'boxes'), enter),
    run: (program, args) => runIn(enter, program, args),
    cap,
    traffic: () => trafficOf({ namespace, device: DEVICE }),
  };
}

/** Plugs the host into the switch. Returns what sets its cap. */
async function connect({ namespace, hub, index, rate }: Making, address: string): Promise<NetHost['cap']> {
  const ends = [
    { namespace, device: DEVICE },
    { namespace: hub, device: `port${index}` },
  ] as const;
  await layLink(...ends);
  await execa('ip', ['-n', namespace, 'address', 'add', `${address}/24`, 'dev', DEVICE]);
  await execa('ip', ['-n', hub, 'link', 'set', ends[1].device, 'master', SWITCH]);
  const cap: NetHost['cap'] = async (to) => {
    for (const end of ends) await capEnd(end, to);
  };
  if (rate !== null) await cap(rate);
  return cap;
}

async function runIn(
  [into = '', ...words]: readonly string[],
  program: string,
  args: readonly string[],
): Promise<Ran> {
  const { exitCode, stdout, stderr } = await execa(into, [...words, program, ...args], {
    reject: false,
    stdin: 'ignore',
    timeout: RUN_LIMIT,
  });
  return { exitCode: exitCode ?? -1, stdout, stderr };
}

/** Every host knows every host's key, and lets it in. */
function introduce(hosts: readonly NetHost[], knownHosts: string): void {
  const lines = hosts.map(({ address, sftp }) => `[${address}]:${sftp.port} ${sftp.hostKey}\n`);
  writeFileSync(knownHosts, lines.join(''));
  for (const { sftp } of hosts) sftp.authorize(hosts.map(({ publicKey }) => publicKey));
}

function knownHostsOf(labFolder: string): string {
  return join(labFolder, 'known_hosts');
}

function named(hosts: readonly NetHost[], name: string): NetHost {
  const found = hosts.find((each) => each.name === name);
  if (found === undefined) throw new Error(`the lab has no host ${name}`);
  return found;
}
