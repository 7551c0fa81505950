/** Public SSH keys in the form of a `.pub` file: `ssh-ed25519 AAAA… comment`. */

const TYPES: ReadonlySet<string> = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

const ED25519_BYTES = 32;

/** What is wrong with it, or undefined. Looks at the form (RFC 4253, 6.6; RFC 8709), not at the mathematics. */
export function publicKeyProblem(line: string): string | undefined {
  if (/PRIVATE KEY/.test(line)) return 'is a private key: never commit one; replace this key on its host';
  if (/[\r\n]/.test(line.trim())) return 'must be one line';
  const [type = '', encoded = ''] = line.trim().split(/[ \t]+/);
  if (!TYPES.has(type)) return `does not begin with the type of an OpenSSH public key, such as ssh-ed25519`;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded))
    return 'is no OpenSSH public key: after the type comes its text in base64';
  const [name, key] = fields(Buffer.from(encoded, 'base64'));
  if (name?.toString('latin1') !== type || key === undefined)
    return 'is no OpenSSH public key: it is cut short or mangled';
  if (type === 'ssh-ed25519' && key.length !== ED25519_BYTES)
    return 'is no ed25519 key: it is cut short or mangled';
  return undefined;
}

/** Type and text of a public key, without its comment: equal for equal keys. */
export function keyItself(line: string): string {
  return line
    .trim()
    .split(/[ \t]+/)
    .slice(0, 2)
    .join(' ');
}

/** The length-prefixed fields of a key; none if the lengths do not add up. */
function fields(blob: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < blob.length; ) {
    if (at + 4 > blob.length) return [];
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return [];
    found.push(blob.subarray(at + 4, end));
    at = end;
  }
  return found;
}
