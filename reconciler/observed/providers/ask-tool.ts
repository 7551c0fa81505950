/** Asks a provider's own command-line tool: without a shell, in plain English, within a limit of time. */
import { delimiter } from 'node:path';
import { SECOND } from '../../clock.ts';
import { oneLine } from '../../one-line.ts';

/** A question that takes longer is not answered. */
const ANSWER_WITHIN = 20 * SECOND;

/** Where tools lie that a daemon's PATH (launchd's, above all) does not name. */
const TOOL_FOLDERS: readonly string[] = [
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/usr/sbin',
  '/Applications/VirtualBox.app/Contents/MacOS',
  '/Applications/VMware Fusion.app/Contents/Public',
  '/Applications/VMware Fusion.app/Contents/Library',
  '/Applications/Parallels Desktop.app/Contents/MacOS',
];

export type ToolAnswer =
  | { readonly state: 'ended'; readonly exitStatus: number; readonly stdout: string; readonly stderr: string }
  /** It could not be run, or did not end. `why` is a sentence. */
  | { readonly state: 'none'; readonly why: string };

/** Runs a tool and returns what it said. Never throws. */
export async function askTool(program: string, args: readonly string[]): Promise<ToolAnswer> {
  // Loaded when first needed: a host whose provider is read from files never pays for it.
  const { execa } = await import('execa');
  const result = await execa(program, args, {
    env: { LC_ALL: 'C', PATH: [process.env.PATH ?? '', ...TOOL_FOLDERS].join(delimiter) },
    reject: false,
    stdin: 'ignore',
    timeout: ANSWER_WITHIN,
    maxBuffer: 4 * 1024 * 1024,
  });
  if (result.code === 'ENOENT') return { state: 'none', why: `the program ${program} was not found` };
  if (result.timedOut)
    return { state: 'none', why: `${program} gave no answer in ${ANSWER_WITHIN / SECOND} s` };
  if (result.exitCode === undefined) {
    return { state: 'none', why: `${program} did not end by itself: ${result.shortMessage}` };
  }
  return { state: 'ended', exitStatus: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}

/** A failed tool in a sentence, for `unknown`. */
export function complaintOf(program: string, answer: Extract<ToolAnswer, { state: 'ended' }>): string {
  const said = answer.stderr.trim() || answer.stdout.trim();
  return `${program} failed with exit status ${answer.exitStatus}: ${oneLine(said.split('\n')[0] ?? '')}`;
}

/** First line of a tool's output, for versions; null if it failed or said nothing. */
export async function firstLineOf(program: string, args: readonly string[]): Promise<string | null> {
  const answer = await askTool(program, args);
  if (answer.state === 'none' || answer.exitStatus !== 0) return null;
  return answer.stdout.trim().split('\n')[0]?.trim() || null;
}
