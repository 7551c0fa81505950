import { Command } from 'commander';
import { connectSsh } from '../apply/ssh.ts';
import { SECOND } from '../clock.ts';
import { loadHostConfig } from '../daemon/load-host-config.ts';
import { BoxreeveError, ExitCode } from '../errors.ts';
import type { GuestMemory } from '../observed/memory.ts';
import { peekMemory } from '../observed/memory-store.ts';
import { createRedactor } from '../secrets/redactor.ts';
import { openSecrets } from '../secrets/secret-sources.ts';
import { stateDirLayout } from '../state-dir.ts';
import { globalOptions, printDocument } from './options.ts';
import { stopOnSignals } from './with-host.ts';

/** There is no such guest here, or it cannot be reached. */
class GuestUnreachable extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

const CONNECT_LIMIT = 30 * SECOND;
const READ_LIMIT = 60 * SECOND;

/** `boxreeve logs`: the CI agent's log in a guest, as `tail` shows it, secrets taken out. */
export function logsCommand(): Command {
  return new Command('logs')
    .description("the CI agent's log in a guest")
    .argument('<guest>', 'its name')
    .option('-f, --follow', 'go on as it grows')
    .option('-n, --lines <count>', 'how many of its last lines', '100')
    .addHelpText(
      'after',
      '\nExample:\n  boxreeve logs azure-agent --follow\n\nThe file is `agent.log` of the guest, run.log unless it says otherwise.',
    )
    .action(async (guest: string, options: { follow?: boolean; lines: string }, command: Command) => {
      const { config: file, json } = globalOptions(command);
      const count = /^\d{1,7}$/.test(options.lines) ? options.lines : '100';
      const config = await loadHostConfig(file);
      const built = builtGuest(stateDirLayout(config.stateDir).memory, config.name, guest);
      const redactor = createRedactor(await openSecrets(config).available());
      const session = await connectSsh(built.ssh, CONNECT_LIMIT).catch((error: Error) => {
        throw new GuestUnreachable(`${guest} cannot be reached: ${error.message}`);
      });
      const tail = `tail -n ${count} ${options.follow && !json ? '-F ' : ''}-- ${quoted(built.spec.log)}`;
      try {
        if (options.follow && !json) {
          const stream = redactor.stream();
          await session.follow(tail, (chunk) => process.stdout.write(stream.push(chunk)), stopOnSignals());
          process.stdout.write(stream.end());
          return;
        }
        const { exitStatus, stdout, stderr } = await session.run(tail, READ_LIMIT);
        if (exitStatus !== 0)
          throw new GuestUnreachable(`${built.spec.log} in ${guest}: ${redactor.text(stderr.trim())}`);
        const text = redactor.text(stdout);
        if (json) printDocument({ guest, file: built.spec.log, lines: text.replace(/\n$/, '').split('\n') });
        else process.stdout.write(text);
      } finally {
        session.close();
      }
    });
}

function builtGuest(memoryFile: string, host: string, guest: string): NonNullable<GuestMemory['built']> {
  const guests = peekMemory(memoryFile, host)?.guests ?? {};
  const built = Object.hasOwn(guests, guest) ? guests[guest]?.built : null;
  if (built) return built;
  const there = Object.keys(guests).filter((name) => guests[name]?.built);
  throw new GuestUnreachable(
    `no guest ${guest} is running here as Boxreeve built it (${there.length > 0 ? `there is ${there.join(', ')}` : 'there is none'})`,
  );
}

/** A word of the guest's shell that is only its characters. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
