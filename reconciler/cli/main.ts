/**
 * The command line's entry. `status` goes by a path of its own that loads next to nothing, because people and scripts ask
 * it often; every other command is loaded when it is asked for.
 */
import { BoxreeveError, ExitCode } from '../errors.ts';
import { visible } from '../visible.ts';
import { isQuickStatus, quickStatus } from './quick-status.ts';

async function main(argv: readonly string[]): Promise<void> {
  if (isQuickStatus(argv)) {
    process.exitCode = await quickStatus(argv);
    return;
  }
  const { runCommandLine } = await import('./program.ts');
  await runCommandLine(argv);
}

/** What a person reads of an error: never a stack trace, unless it is a defect of ours and they asked for it. */
function complain(error: unknown): void {
  if (error instanceof BoxreeveError) {
    process.stderr.write(`${visible(error.message)}\n`);
    process.exitCode = error.exitCode;
    return;
  }
  const detail = error instanceof Error ? error : new Error(String(error));
  const text = process.env.BOXREEVE_DEBUG ? detail.stack : `${detail.name}: ${detail.message}`;
  process.stderr.write(
    `boxreeve met something it does not know: ${text}\n(set BOXREEVE_DEBUG=1 to see where)\n`,
  );
  process.exitCode = ExitCode.failed;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe went away (`boxreeve audit log | head`): nobody is left to tell.
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

await main(process.argv.slice(2)).catch(complain);
