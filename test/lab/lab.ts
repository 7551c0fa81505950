/**
 * The lab: real Vagrant with real guests (vagrant-lxc, up in seconds) for tests, the demo and benchmarks. Each lab has a
 * VAGRANT_HOME and a folder of its own, so several are at work on one machine at once; `dispose` removes every container
 * that was made from that VAGRANT_HOME, by whatever name, and no other.
 */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type BoxContent, type LabBox, makeBox } from './boxes.ts';
import { claim, containersOf, dismantle, LAB_PREFIX, layHome, sweepAbandoned } from './housekeeping.ts';
import { enterNamespace } from './namespaces.ts';
import { assertUsable, raiseBridge } from './requirements.ts';

export type { LabBox } from './boxes.ts';

type Ran = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

export type Lab = {
  /** Private to this lab; lay whatever you like in it. Gone after `dispose`. */
  readonly folder: string;
  readonly vagrantHome: string;
  /** The words before a program that put it where the lab's guests are: none in the machine's own network. */
  readonly enter: readonly string[];
  /** Whole environment for programs of this lab: VAGRANT_HOME, provider, USER, HOME (empty), PATH, locale. */
  readonly env: Readonly<Record<string, string>>;
  /** A box file; equal content gives the same file. It is shared between labs: copy it before you change it. */
  box(content: BoxContent): Promise<LabBox>;
  /** Runs `vagrant` to its end and returns what it did; never throws for an exit status. */
  vagrant(args: readonly string[], options?: VagrantOptions): Promise<Ran>;
  /** The same, but throws with the output if it fails; returns what went to stdout. */
  succeed(args: readonly string[], options?: VagrantOptions): Promise<string>;
  /** Adds a box under a name and a real version, through a catalogue with its digest, as Boxreeve does. */
  addBox(box: LabBox, name: string, version: string): Promise<void>;
  /** A Vagrant project folder `<folder>/<name>` as a person would write it. */
  project(name: string, files: ProjectFiles): Promise<string>;
  /** Names of the containers that exist and were made from this lab's VAGRANT_HOME, sorted. */
  containers(): Promise<readonly string[]>;
  /** Removes all of it. Throws if a container could not be removed. Safe to repeat. */
  dispose(): Promise<void>;
};

type VagrantOptions = {
  readonly cwd?: string;
  /** Added to the lab's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds; 120 000 unless given. */
  readonly timeout?: number;
};

export type ProjectFiles = {
  readonly box: string;
  readonly version?: string;
  /** Shell script run by the provisioner in the guest, as root; none if not given. */
  readonly init?: string;
};

/**
 * Opens a lab. Throws, saying what is missing and how to get it, where real guests cannot run.
 * @param namespace network namespace of a host (net-hosts.ts): its guests see those of no other, whatever their addresses. Dispose of
 * the lab before the namespace.
 */
export async function openLab(namespace: string | null = null): Promise<Lab> {
  await assertUsable();
  await sweepAbandoned();
  const enter = namespace === null ? [] : enterNamespace(namespace);
  await raiseBridge(enter);
  const folder = await mkdtemp(join(tmpdir(), LAB_PREFIX));
  await claim(folder, namespace);
  const vagrantHome = await layHome(folder);
  const home = join(folder, 'home');
  await mkdir(home);
  const env = labEnvironment(home, vagrantHome);

  const vagrant: Lab['vagrant'] = async (args, options = {}) => {
    const [program = '', ...words] = [...enter, 'vagrant', ...args];
    const { exitCode, stdout, stderr } = await execa(program, words, {
      cwd: options.cwd ?? folder,
      env: { ...env, ...options.env },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      timeout: options.timeout ?? 120_000,
    });
    return { exitCode: exitCode ?? -1, stdout, stderr };
  };

  const succeed: Lab['succeed'] = async (args, options) => {
    const ran = await vagrant(args, options);
    if (ran.exitCode === 0) return ran.stdout;
    throw new Error(`vagrant ${args.join(' ')} ended with ${ran.exitCode}\n${ran.stdout}\n${ran.stderr}`);
  };

  return {
    folder,
    vagrantHome,
    enter,
    env,
    box: makeBox,
    vagrant,
    succeed,
    addBox: (box, name, version) => addBox({ folder, succeed }, box, name, version),
    project: (name, files) => layProject(join(folder, name), files),
    containers: () => containersOf(folder),
    dispose: () => dismantle(folder),
  };
}

function labEnvironment(home: string, vagrantHome: string): Record<string, string> {
  return {
    PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: home,
    // `vagrant package` crashes without it.
    USER: 'root',
    LANG: 'C.UTF-8',
    VAGRANT_HOME: vagrantHome,
    VAGRANT_DEFAULT_PROVIDER: 'lxc',
    VAGRANT_CHECKPOINT_DISABLE: '1',
  };
}

/** A file added by its path would get the version `0`; a catalogue gives it a real one. */
async function addBox(
  lab: Pick<Lab, 'folder' | 'succeed'>,
  box: LabBox,
  name: string,
  version: string,
): Promise<void> {
  const catalogue = join(lab.folder, `catalogue-${name.replaceAll('/', '-')}-${version}.json`);
  const provider = { name: 'lxc', url: `file://${box.file}`, checksum_type: 'sha256', checksum: box.sha256 };
  await writeFile(catalogue, JSON.stringify({ name, versions: [{ version, providers: [provider] }] }));
  await lab.succeed(['box', 'add', '--provider', 'lxc', '--box-version', version, catalogue]);
}

async function layProject(folder: string, files: ProjectFiles): Promise<string> {
  await mkdir(folder, { recursive: true });
  const lines = [
    'Vagrant.configure("2") do |config|',
    `  config.vm.box = "${files.box}"`,
    ...(files.version === undefined ? [] : [`  config.vm.box_version = "${files.version}"`]),
    '  config.vm.boot_timeout = 60',
    '  config.vm.synced_folder ".", "/vagrant", disabled: true',
    ...(files.init === undefined ? [] : ['  config.vm.provision "shell", path: "init.sh"']),
    'end',
  ];
  await writeFile(join(folder, 'Vagrantfile'), `${lines.join('\n')}\n`);
  if (files.init !== undefined) await writeFile(join(folder, 'init.sh'), files.init, { mode: 0o755 });
  return folder;
}
