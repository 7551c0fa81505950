/**
 * The daemon's answer to `status`, kept on disk in the very form in which it is printed, so that the launcher can give it from
 * the shell: starting Node alone takes longer than `status` may. The first line says whose answer it is: process number, boot id
 * and start of that process, exit code. A launcher that does not find that very process running asks in the ordinary way.
 *
 * Only where /proc tells when a process started (Linux): elsewhere `status` goes by the socket.
 */
import { rm } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { processStart } from '../apply/process-identity.ts';
import type { StateDir } from '../state-dir.ts';
import { type StatusDocument, showStatus, statusExitCode } from './status.ts';

export async function writeAnswers(dirs: StateDir, status: StatusDocument): Promise<void> {
  if (process.platform !== 'linux') return;
  const header = `${process.pid} ${processStart(process.pid)} ${statusExitCode(status)}\n`;
  await writeFileAtomic(dirs.answers.text, header + showStatus(status), { mode: 0o600 });
  await writeFileAtomic(dirs.answers.json, `${header}${JSON.stringify(status, null, 2)}\n`, { mode: 0o600 });
}

export async function removeAnswers(dirs: StateDir): Promise<void> {
  await rm(dirs.answers.text, { force: true });
  await rm(dirs.answers.json, { force: true });
}
