/** All commands. Each is a file of its own, loaded when it is asked for. */
import { Command, CommanderError, Option } from 'commander';
import { ExitCode } from '../errors.ts';
import { VERSION } from '../version.ts';

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  validate: async () => (await import('./validate.ts')).validateCommand(),
  plan: async () => (await import('./plan.ts')).planCommand(),
  sync: async () => (await import('./sync.ts')).syncCommand(),
  run: async () => (await import('./run.ts')).runCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
  pause: async () => (await import('./pause.ts')).pauseCommand(),
  resume: async () => (await import('./pause.ts')).resumeCommand(),
  rollout: async () => (await import('./rollout.ts')).rolloutCommand(),
  audit: async () => (await import('./audit.ts')).auditCommand(),
  admit: async () => (await import('./admit.ts')).admitCommand(),
  box: async () => (await import('./box.ts')).boxCommand(),
  logs: async () => (await import('./logs.ts')).logsCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
  init: async () => (await import('./init.ts')).initCommand(),
};

/** The whole program, every command loaded: for help and for the generated reference. */
export async function buildProgram(): Promise<Command> {
  return assemble(Object.keys(COMMANDS));
}

/** Runs one command line and leaves its exit code in `process.exitCode`. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  const asked = argv.filter((word) => word in COMMANDS).slice(0, 1);
  const program = await assemble(
    asked.length > 0 && !wantsHelp(argv, asked[0]) ? asked : Object.keys(COMMANDS),
  );
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // commander has printed its message; a wrong command line is invalid input
    process.exitCode = error.exitCode === 0 ? ExitCode.fine : ExitCode.invalidInput;
  }
}

/** `boxreeve help plan` and `boxreeve --help` need every command. */
function wantsHelp(argv: readonly string[], command: string | undefined): boolean {
  return (
    argv[0] === 'help' ||
    (argv[0]?.startsWith('-') === true && argv[0] !== '--config' && command === undefined)
  );
}

async function assemble(names: readonly string[]): Promise<Command> {
  const program = new Command('boxreeve')
    .description(
      'Keeps this host in the state that a Git repository sets down, and commits a signed account back to it.',
    )
    .version(VERSION)
    .addOption(
      new Option('--config <file>', "this host's own file").default(undefined, '/etc/boxreeve/host.yaml'),
    )
    .option('--json', 'print one JSON document on standard output')
    // a command may have an option `--version` of its own
    .enablePositionalOptions()
    .showHelpAfterError('(boxreeve --help shows what there is)')
    .showSuggestionAfterError(true)
    .addHelpText('after', EXIT_CODES);
  for (const name of names) {
    const command = await COMMANDS[name]?.();
    if (command) program.addCommand(inherit(command));
  }
  return program.exitOverride();
}

/** `--config` and `--json` may stand before or after the command's name. */
function inherit(command: Command): Command {
  command.exitOverride().showHelpAfterError('(add --help to see what it takes)');
  for (const sub of command.commands) inherit(sub);
  const json = new Option('--json', 'print one JSON document on standard output');
  return command
    .addOption(new Option('--config <file>', "this host's own file").hideHelp())
    .addOption(command.commands.length > 0 ? json.hideHelp() : json);
}

const EXIT_CODES = `
Exit codes: 0 fine, 1 failed, 2 changes pending (plan --detailed-exitcode), 3 invalid input,
4 untrusted commit, 5 gated (there was drift, and a gate held it).`;
