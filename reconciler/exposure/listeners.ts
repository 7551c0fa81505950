/** The TCP sockets on which this host listens, from what the system says of them. Pure. */
import { isIPv4 } from 'node:net';

export type Listener = {
  /** As Node takes it: `0.0.0.0`, `::`, `192.168.1.5`, `fe80::1%en0`. */
  readonly address: string;
  readonly port: number;
};

/** From Linux's /proc/net/tcp or /proc/net/tcp6 (proc(5)); other states than "listen" are left out. */
export function parseProcNet(text: string): readonly Listener[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A /.exec(line);
    const [, address, port] = match ?? [];
    if (address === undefined || port === undefined) return [];
    return [
      { address: address.length === 8 ? ipv4(address) : ipv6(address), port: Number.parseInt(port, 16) },
    ];
  });
}

/** From `netstat -anlW -p tcp` of macOS, where an address and its port have a dot between them, and `*` is every address. */
export function parseNetstat(text: string): readonly Listener[] {
  return text.split('\n').flatMap((line) => {
    const match = /^tcp(4|6|46)\s+\d+\s+\d+\s+(\S+)\.(\d+)\s+\S+\s+LISTEN\b/.exec(line);
    const [, family, address, port] = match ?? [];
    if (address === undefined || port === undefined) return [];
    const any = family === '4' ? '0.0.0.0' : '::';
    return [{ address: address === '*' ? any : address, port: Number(port) }];
  });
}

/** Those that others than this host itself may reach, each once. */
export function beyondLoopback(listeners: readonly Listener[]): readonly Listener[] {
  const open = listeners.filter(({ address }) => !isLoopback(address));
  return [...new Map(open.map((listener) => [showListener(listener), listener])).values()];
}

export function showListener({ address, port }: Listener): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function isLoopback(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  if (isIPv4(mapped)) return mapped.startsWith('127.');
  // macOS gives its loopback interface, lo0, a link-local address besides
  return address === '::1' || /%lo\d*$/.test(address);
}

/** The kernel prints words of 32 bits as the processor has them; all that Vagrant runs on are little-endian. */
function ipv4(hex: string): string {
  return bytesOf(hex).toReversed().join('.');
}

function ipv6(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => bytesOf(word).toReversed());
  const mapped = bytes.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 255));
  if (mapped) return `::ffff:${bytes.slice(12).join('.')}`;
  const groups = bytes.map((byte, index) => (index % 2 === 0 ? byte * 256 + (bytes[index + 1] ?? 0) : null));
  const text = groups.flatMap((group) => (group === null ? [] : [group.toString(16)])).join(':');
  // a URL has the shortest form of an address, as the rest of the world writes it
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

function bytesOf(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
}
