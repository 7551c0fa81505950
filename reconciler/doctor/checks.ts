/** All checks, in the order in which they are shown. */
import { boxesFolder } from './boxes-folder.ts';
import { boxesRoom } from './boxes-room.ts';
import { type Check, type Finding, type Subject, unknown } from './finding.ts';
import { peerNamed } from './peer-named.ts';
import { peerReads } from './peer-reads.ts';
import { peerRefuses } from './peer-refuses.ts';
import { peerSettings } from './peer-settings.ts';
import { peerUser } from './peer-user.ts';

const CHECKS: readonly Check[] = [
  boxesFolder,
  boxesRoom,
  peerNamed,
  peerUser,
  peerSettings,
  peerReads,
  peerRefuses,
];

/** One after the other: what one of them does to sshd is not in the way of another. */
export async function examineHost(subject: Subject, checks = CHECKS): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { name, look } of checks) {
    try {
      findings.push(...(await look(subject)));
    } catch (error) {
      findings.push(
        unknown(name, `could not be looked at: ${error instanceof Error ? error.message : error}`),
      );
    }
  }
  return findings;
}
