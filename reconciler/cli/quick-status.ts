/**
 * `boxreeve status` without the command line's machinery: ask the daemon, or read what it last wrote. Whatever is out of the
 * ordinary is left to the full command.
 */
import { readFileSync } from 'node:fs';
import { askDaemon } from '../daemon/control-socket.ts';
import { isStatusDocument, type StatusDocument, showStatus, statusExitCode } from '../report/status.ts';
import { stateDirLayout } from '../state-dir.ts';
import { visible } from '../visible.ts';

const DEFAULT_CONFIG = '/etc/boxreeve/host.yaml';
/** A `stateDir` line that YAML reads as just these characters: no quotes, escapes, anchors or comments to think of. */
const PLAIN_STATE_DIR = /^stateDir:[ \t]+(\/[\w./+@-]+)[ \t]*$/m;
const PATIENCE_MS = 2000;

/** Only `status` with nothing but `--config FILE` and `--json`. */
export function isQuickStatus(argv: readonly string[]): boolean {
  return argv.includes('status') && argv.every((word, at) => isKnown(word, argv[at - 1]));
}

function isKnown(word: string, before: string | undefined): boolean {
  return word === 'status' || word === '--json' || word === '--config' || before === '--config';
}

/** Prints this host's status; returns the exit code. */
export async function quickStatus(argv: readonly string[]): Promise<number> {
  const at = argv.indexOf('--config');
  const config = at >= 0 ? argv[at + 1] : DEFAULT_CONFIG;
  const document = await currentStatus(await stateDirOf(config));
  process.stdout.write(
    argv.includes('--json') ? `${JSON.stringify(document, null, 2)}\n` : visible(showStatus(document)),
  );
  return statusExitCode(document);
}

/** The daemon's answer; else the last status on disk; else that nothing has run here yet. */
async function currentStatus(stateDir: string): Promise<StatusDocument> {
  const dirs = stateDirLayout(stateDir);
  const reply = await askDaemon(dirs.controlSocket, { command: 'status' }, PATIENCE_MS).catch(
    () => undefined,
  );
  if (reply?.ok === true && isStatusDocument(reply.document)) return reply.document;
  const { lastStatus } = await import('../report/last-status.ts');
  return lastStatus(dirs);
}

async function stateDirOf(config: string | undefined): Promise<string> {
  const plain = config === undefined ? undefined : PLAIN_STATE_DIR.exec(readQuietly(config))?.[1];
  if (plain !== undefined) return plain;
  const { loadHostConfig } = await import('../daemon/load-host-config.ts');
  return (await loadHostConfig(config)).stateDir;
}

/** An unreadable file is the full loader's to complain about. */
function readQuietly(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
