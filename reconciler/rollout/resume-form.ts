/** An approver's word that a halted roll-out goes on: the branch it stands on, and the file that says it. Pure. */
import { isString, isTime, listOf, objectOf, readAs } from '../observed/check.ts';
import type { Failure, Resume } from './progress.ts';

/** The one file of its commit. */
export const RESUME_FILE = 'resume.json';

/** Bytes. No word needs more: a failure takes less than 200 of them. */
export const LARGEST_RESUME = 1024 * 1024;

export type ResumeWord = Resume & { readonly reason: string };

/** Where others look for it. The name only says where to look: what counts is what the file says. */
export function resumeBranch(guest: string, change: string): string {
  return `boxreeve/resume-${guest}-${change.slice(0, 12)}`;
}

export function resumeBytes({ guest, change, forgiven, reason }: ResumeWord): Buffer {
  const failures = forgiven.map(({ host, since }) => ({ host, since }));
  return Buffer.from(`${JSON.stringify({ guest, change, forgiven: failures, reason }, null, 2)}\n`);
}

const isWord = objectOf<ResumeWord>({
  guest: isString,
  change: isString,
  forgiven: listOf(objectOf<Pick<Failure, 'host' | 'since'>>({ host: isString, since: isTime })),
  reason: isString,
});

/** null: it is no such file. */
export function parseResume(bytes: Buffer): ResumeWord | null {
  return readAs(isWord, bytes);
}
