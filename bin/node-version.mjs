// Plain JavaScript that old Nodes can read: whoever is too old is to hear it in words.

/** In words, for messages; the rule itself is below, and `engines` in package.json says the same. */
export const WANTED = '22.22.2 or newer of 22, 24.15 or newer of 24, or 26 and newer';

/** Whether Boxreeve runs on this Node: `version` as in `process.versions.node`. Odd majors are never long-lived. */
export function isNewEnough(version) {
  const [major, minor, patch] = version.split('.').map(Number);
  if (major === 22) return minor > 22 || (minor === 22 && patch >= 2);
  if (major === 24) return minor >= 15;
  return major >= 26;
}
