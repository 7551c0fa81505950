/** How a key is named in facts: one text for one key, of whatever kind. SSH keys by themselves, `ssh-ed25519 AAAA…`. */

/** @param fingerprint hexadecimal */
export function openPgpKeyId(fingerprint: string): string {
  return `openpgp:${fingerprint.toUpperCase()}`;
}
