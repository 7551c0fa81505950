/**
 * Host keys that are known, in the form of OpenSSH's known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): names with `*`, `?` and `!`,
 * `[name]:port`, and names that are hashed.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export type KnownKeys = {
  /** Keys that the server may show, as SSH has them on the wire. */
  readonly keys: readonly Buffer[];
  /** Keys that it must not show, wherever else they stand. */
  readonly revoked: readonly Buffer[];
  /** Whether a line for it names an authority whose certificates count: those are not gone by here. */
  readonly byAuthority: boolean;
};

/** What a file says of a server. Lines that cannot be read say nothing, as for OpenSSH. Pure. @param text of the file */
export function knownKeys(text: string, host: string, port: number): KnownKeys {
  const keys: Buffer[] = [];
  const revoked: Buffer[] = [];
  let byAuthority = false;
  for (const line of text.split('\n')) {
    const entry = entryOf(line);
    if (entry === null || !isAbout(entry.names, host, port)) continue;
    if (entry.mark === '@cert-authority') byAuthority = true;
    else if (entry.mark === '@revoked') revoked.push(entry.key);
    else if (entry.mark === '') keys.push(entry.key);
  }
  return { keys, revoked, byAuthority };
}

/** Type of a key on the wire, such as `ssh-ed25519`; '' if it is none. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

type Entry = { readonly mark: string; readonly names: string; readonly key: Buffer };

function entryOf(line: string): Entry | null {
  const words = line.trim().split(/[ \t]+/);
  const mark = words[0]?.startsWith('@') === true ? (words.shift() ?? '') : '';
  const [names = '', type = '', encoded = ''] = words;
  if (names === '' || names.startsWith('#') || encoded === '') return null;
  const key = Buffer.from(encoded, 'base64');
  return keyType(key) === type ? { mark, names, key } : null;
}

function isAbout(names: string, host: string, port: number): boolean {
  const name = host.toLowerCase();
  const wanted = port === 22 ? name : `[${name}]:${port}`;
  if (names.startsWith('|')) return isHashOf(names, wanted);
  let about = false;
  for (const pattern of names.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      // said to be about others: whatever else the line says
      if (matches(pattern.slice(1), wanted)) return false;
    } else if (matches(pattern, wanted)) about = true;
  }
  return about;
}

/** `|1|salt|hash`: HMAC-SHA1 of the name. */
function isHashOf(names: string, wanted: string): boolean {
  const [, version, salt = '', said = ''] = names.split('|');
  if (version !== '1') return false;
  const hash = createHmac('sha1', Buffer.from(salt, 'base64')).update(wanted).digest();
  const expected = Buffer.from(said, 'base64');
  return expected.length === hash.length && timingSafeEqual(expected, hash);
}

function matches(pattern: string, name: string): boolean {
  // no star is tried again once a later one has matched, so that no pattern takes long
  let at = 0;
  let star = -1;
  let resume = 0;
  let place = 0;
  while (place < name.length) {
    if (pattern[at] === '*') {
      star = at;
      at += 1;
      resume = place;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[place])) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      place = resume;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
