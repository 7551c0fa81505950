/**
 * A whole scene on this machine: a lab, an infra repo, and one host with its key and host.yaml, on which the real
 * command line is run.
 */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { SecretSource } from '../../reconciler/host-config.ts';
import { checkDocument } from './check-document.ts';
import { type InfraRepo, newInfraRepo } from './infra-repo.ts';
import type { Lab } from './lab.ts';

export type CommandResult = { exitCode: number | undefined; stdout: string; stderr: string };

/** A command in the background. */
export type Running = { readonly ended: Promise<CommandResult>; kill(signal: NodeJS.Signals): void };

export type SceneHost = {
  readonly name: string;
  readonly folder: string;
  readonly configFile: string;
  readonly stateDir: string;
  readonly vagrantHome: string;
  /** As `auditKey` in the host's YAML wants it. */
  readonly publicKey: string;
  readonly env: Record<string, string>;
  /** Runs `boxreeve <args> --config host.yaml`. */
  boxreeve(...args: string[]): Promise<CommandResult>;
  /** The same with `--json`, parsed. */
  json(...args: string[]): Promise<{ exitCode: number | undefined; document: unknown; stderr: string }>;
  /** `boxreeve run` in the background; ended with the scene if not before. */
  daemon(env?: Record<string, string>): Running;
  /** Any command in the background, with more environment; never rejects for an exit status. */
  start(args: readonly string[], env?: Record<string, string>): Running;
};

const ENTRY = fileURLToPath(new URL('../../reconciler/cli/main.ts', import.meta.url));

export type SceneOptions = {
  readonly host: string;
  /** Values by name, laid in files of their own; or where a value comes from, as host.yaml says it. */
  readonly secrets?: Readonly<Record<string, string | SecretSource>>;
  readonly poll?: string;
  /** More lines of host.yaml. */
  readonly config?: readonly string[];
};

export type Scene = {
  readonly root: string;
  readonly repo: InfraRepo;
  readonly host: SceneHost;
  dispose(): Promise<void>;
};

/** An empty infra repo and one enrolled host in a lab. The caller writes desired state and merges it; and disposes the lab. */
export async function newScene(lab: Lab, options: SceneOptions): Promise<Scene> {
  const root = mkdtempSync(join(lab.folder, 'scene-'));
  const repo = await newInfraRepo(root);
  const running: Running[] = [];
  const host = await newSceneHost(lab, root, repo.url, options, running);
  return {
    root,
    repo,
    host,
    dispose: async () => {
      for (const daemon of running) {
        daemon.kill('SIGTERM');
        await daemon.ended;
      }
    },
  };
}

/** A host with a key, secrets in files and a host.yaml, pulling from `repo`. */
export async function newSceneHost(
  lab: Lab,
  root: string,
  repo: string,
  options: SceneOptions,
  running: Running[],
): Promise<SceneHost> {
  const folder = join(root, options.host);
  mkdirSync(folder, { recursive: true });
  const key = join(folder, 'id_ed25519');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', options.host, '-f', key]);
  const publicKey = (await execa('ssh-keygen', ['-y', '-f', key])).stdout.trim();
  const stateDir = join(folder, 'state');
  const configFile = join(folder, 'host.yaml');
  writeFileSync(configFile, hostYaml(options, repo, stateDir, key, folder));
  const env = { ...lab.env };
  const start = (args: readonly string[], extra: Record<string, string> = {}): Running => {
    const [program = '', ...words] = [...lab.enter, process.execPath, ENTRY, ...args, '--config', configFile];
    const child = execa(program, words, {
      env: { ...env, ...extra },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      // the daemon lets a step end before it does
      forceKillAfterDelay: 90_000,
    });
    const started = {
      ended: child.then(({ exitCode, stdout, stderr }) => ({ exitCode, stdout, stderr })),
      kill: (signal: NodeJS.Signals) => {
        child.kill(signal);
      },
    };
    running.push(started);
    return started;
  };
  const boxreeve = (...args: string[]) => start(args).ended;
  return {
    name: options.host,
    folder,
    configFile,
    stateDir,
    vagrantHome: lab.vagrantHome,
    publicKey,
    env,
    boxreeve,
    json: async (...args) => {
      const { exitCode, stdout, stderr } = await boxreeve(...args, '--json');
      const document = parse(stdout, stderr);
      checkDocument(args, document);
      return { exitCode, document, stderr };
    },
    start,
    daemon: (extra) => start(['run'], extra),
  };
}

function parse(stdout: string, stderr: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(
      `no JSON document on standard output: ${JSON.stringify(stdout)}; standard error: ${stderr}`,
    );
  }
}

function hostYaml(
  options: SceneOptions,
  repo: string,
  stateDir: string,
  key: string,
  folder: string,
): string {
  const secrets = Object.entries(options.secrets ?? {}).map(([name, value]) => {
    if (typeof value !== 'string') return `  ${name}: ${JSON.stringify(value)}`;
    const file = join(folder, `secret-${name}`);
    writeFileSync(file, `${value}\n`);
    chmodSync(file, 0o600);
    return `  ${name}: { file: ${file} }`;
  });
  return [
    `name: ${options.host}`,
    `repo: ${repo}`,
    `stateDir: ${stateDir}`,
    `signingKey: ${key}`,
    `poll: ${options.poll ?? '5s'}`,
    ...(secrets.length > 0 ? ['secrets:', ...secrets] : []),
    ...(options.config ?? []),
    '',
  ].join('\n');
}
