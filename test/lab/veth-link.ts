/** A link between two namespaces that takes so many bytes a second each way, and the counters of its end. */
import { execa } from 'execa';

export type End = { readonly namespace: string; readonly device: string };

/** Bytes through a device since it was made, as its own counters say: with all headers from Ethernet's up. */
export type Traffic = { readonly received: number; readonly sent: number };

/** Lays a link and brings both its ends up. */
export async function layLink(one: End, other: End): Promise<void> {
  const peer = ['peer', 'name', other.device, 'netns', other.namespace];
  await ip(one.namespace, ['link', 'add', one.device, 'type', 'veth', ...peer]);
  for (const { namespace, device } of [one, other]) await ip(namespace, ['link', 'set', device, 'up']);
}

/**
 * Caps what leaves by this end; what comes is capped at the other.
 * @param rate bytes a second; null: as fast as the machine
 */
export async function capEnd({ namespace, device }: End, rate: number | null): Promise<void> {
  const { exitCode, stderr } = await execa('tc', ['-n', namespace, ...discipline(device, rate)], {
    reject: false,
    stdin: 'ignore',
  });
  // there was no cap to take away
  if (exitCode === 0 || rate === null) return;
  throw new Error(
    `a link cannot be capped here: tc says ${stderr.trim() || `nothing (exit code ${exitCode})`}\n` +
      'it takes the program tc (Debian package iproute2), CAP_NET_ADMIN, and a kernel with CONFIG_NET_SCH_TBF (module sch_tbf)',
  );
}

export async function trafficOf({ namespace, device }: End): Promise<Traffic> {
  const counters: unknown = JSON.parse(
    await ip(namespace, ['-statistics', '-json', 'link', 'show', 'dev', device]),
  );
  const [link] = Array.isArray(counters) ? counters : [];
  const received = Number(link?.stats64?.rx?.bytes);
  const sent = Number(link?.stats64?.tx?.bytes);
  if (Number.isNaN(received + sent)) throw new Error(`${device} of ${namespace} has no counters`);
  return { received, sent };
}

/** At once passes what is below `burst`, so that is little. The queue is a tenth of a second, as that of a switch. */
function discipline(device: string, rate: number | null): readonly string[] {
  if (rate === null) return ['qdisc', 'delete', 'dev', device, 'root'];
  const burst = 128 * 1024;
  const limit = burst + Math.ceil(rate / 10);
  const shape = ['rate', `${rate * 8}bit`, 'burst', `${burst}`, 'limit', `${limit}`];
  return ['qdisc', 'replace', 'dev', device, 'root', 'tbf', ...shape];
}

async function ip(namespace: string, args: readonly string[]): Promise<string> {
  return (await execa('ip', ['-n', namespace, ...args], { stdin: 'ignore' })).stdout;
}
