import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { InvalidHostConfig } from '../errors.ts';
import { globalOptions, print, printDocument } from './options.ts';

type InitOptions = {
  readonly sshd?: boolean;
  readonly address?: string;
  readonly port?: string;
  readonly user?: string;
  readonly hostKey: string;
};

/** `boxreeve init`: what a host needs that is not in the repository. So far, how its sshd lets other hosts read box files. */
export function initCommand(): Command {
  return new Command('init')
    .description('print how this host is set up: so far, how its sshd lets the other hosts read box files')
    .option(
      '--sshd',
      'print settings of sshd, the commands that go before them, and `peer:` for the repository',
    )
    .option('--address <name>', 'host name or IP address under which the other hosts reach this one')
    .option('--port <number>', 'port of sshd')
    .option('--user <name>', 'user that may read box files, and nothing else')
    .option('--host-key <file>', 'public host key of sshd', '/etc/ssh/ssh_host_ed25519_key.pub')
    .addHelpText(
      'after',
      '\nExample:\n  boxreeve init --sshd --address builder1.example.org\n\nChanges nothing. What is not given is as hosts/<name>.yaml has it, else as usual.',
    )
    .action(async (options: InitOptions, command: Command) => {
      const { config, json } = globalOptions(command);
      if (options.sshd !== true)
        throw new InvalidHostConfig(
          'this version does not enrol hosts: docs/how-to/add-a-host.md says how a host joins a fleet. `boxreeve init --sshd` prints how its sshd lets other hosts read box files',
        );
      const document = await describeServing(config, options);
      if (json) printDocument(document);
      else print(inWords(document));
    });
}

/** Schema: report/schema/init.json. */
type ServingDocument = {
  readonly host: string;
  readonly commands: readonly string[];
  readonly settingsFile: string;
  readonly settings: string;
  readonly takeUp: readonly string[];
  readonly hostFile: string;
  readonly peer: string;
};

async function describeServing(file: string | undefined, options: InitOptions): Promise<ServingDocument> {
  const [{ loadHostConfig }, { stateDirLayout }, { jailFor }, { ownPeer }, settings, peers] =
    await Promise.all([
      import('../daemon/load-host-config.ts'),
      import('../state-dir.ts'),
      import('../boxes/peers/jail.ts'),
      import('../boxes/peers/own-peer.ts'),
      import('../boxes/peers/sshd-settings.ts'),
      import('../boxes/peers/peer.ts'),
    ]);
  const config = await loadHostConfig(file);
  const dirs = stateDirLayout(config.stateDir, config.boxesDir);
  const own = await ownPeer(config, dirs);
  const known = own.state === 'peer' ? own.peer : null;
  const platform = process.platform === 'darwin' ? 'darwin' : 'linux';
  const jail = await jailFor(config, platform);
  const peer = {
    name: config.name,
    address: options.address ?? known?.address ?? hostname(),
    port: portOf(options.port) ?? known?.port ?? peers.PEER_PORT,
    user: userOf(options.user) ?? known?.user ?? peers.PEER_USER,
    hostKey: await hostKeyIn(options.hostKey),
    folder: jail.folder,
  };
  const keysUser = await ownerOf(config.stateDir);
  const serving = {
    platform,
    user: peer.user,
    keys: dirs.peerKeys,
    keysUser,
    boxesDir: config.boxesDir,
    jail,
  } as const;
  return {
    host: config.name,
    commands: settings.setUpCommands(serving),
    settingsFile: settings.SETTINGS_FILE,
    settings: settings.sshdSettings(serving),
    takeUp: settings.takeUpCommands(serving),
    hostFile: `${config.path}/hosts/${config.name}.yaml`,
    peer: peers.peerBlock(peer),
  };
}

function inWords({ commands, settingsFile, settings, takeUp, hostFile, peer }: ServingDocument): string {
  return [
    '# 1. As root: the user, and the folder it is locked into',
    ...commands,
    '',
    `# 2. Into ${settingsFile} (without such a folder: at the end of /etc/ssh/sshd_config)`,
    settings,
    `# 3. Into ${hostFile} of the infra repo`,
    peer,
    '# 4. As root, when that is merged and followed',
    ...takeUp,
  ].join('\n');
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65535) return port;
  throw new InvalidHostConfig(`--port ${text} is no port: give a number from 1 to 65535`);
}

/** As the schema of hosts has it. */
function userOf(text: string | undefined): string | undefined {
  if (text === undefined || /^[a-z_][a-z0-9_-]{0,31}$/.test(text)) return text;
  throw new InvalidHostConfig(
    `--user ${text} is no name of a user: lower-case letters, digits, \`_\` and \`-\``,
  );
}

async function hostKeyIn(file: string): Promise<string> {
  const { keyItself, publicKeyProblem } = await import('../desired/public-key.ts');
  const line = await readFile(file, 'utf8').catch(() => {
    throw new InvalidHostConfig(
      `${file} cannot be read: name the public host key of sshd with --host-key FILE (\`ls /etc/ssh/*.pub\`; where there is none, \`ssh-keygen -A\` makes them)`,
    );
  });
  const problem = publicKeyProblem(line);
  if (problem !== undefined) throw new InvalidHostConfig(`${file} ${problem}`);
  return keyItself(line);
}

/** Name of the user whose state folder it is, who is whom the reconciler runs under. */
async function ownerOf(stateDir: string): Promise<string> {
  const about = await stat(stateDir).catch(() => null);
  if (about === null)
    throw new InvalidHostConfig(
      `there is no ${stateDir} yet: let this host follow its first commit (\`boxreeve sync\`), then ask again`,
    );
  const { stdout } = await promisify(execFile)('id', ['-un', String(about.uid)]);
  return stdout.trim();
}
