/**
 * Secrets of every source, printed by everything that can print them, through all that a host goes through; then every byte that the
 * process left is searched for them. What the guest's own processes do with what they were given is the guest's matter: they are
 * known by their PID namespace.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Canary, newCanary, type Search, searchFor } from '../lab/canaries.ts';
import { type CiServer, startCiServer } from '../lab/ci/http-server.ts';
import { GUEST, writeBoxes, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { type LeakWatch, type Sighting, watchForLeaks } from '../lab/leak-watch.ts';
import { newScene, type Running, type Scene } from '../lab/scene.ts';
import { pathWithStub } from '../lab/stub.ts';
import { waitFor } from '../lab/wait-for.ts';

/** Characters that JSON, YAML, shells, Ruby, URLs and HTML write in ways of their own. */
const AWKWARD = newCanary('TOKEN', (a, b) => `${a} 's3/+"\\t$x&#{y}<ü ${b}`);
const LINES = newCanary('KEY', (a, b) => `-----BEGIN KEY-----\n${a}AAAA\nab\n${b}\n-----END KEY-----`);
/** Longer than a line of base64, and handed over by the environment. */
const LONG = newCanary('LONG', (a, b) => `npm_${a}${'0123456789'.repeat(6)}${b}`);
const PAT = newCanary('PAT', (a, b) => `pat${a}${b}`);
const ALL: readonly Canary[] = [AWKWARD, LINES, LONG, PAT];
const search: Search = searchFor(ALL);

const VAGRANTFILE = `p ENV.to_h
puts ENV.to_a.inspect, ENV["KEY"]
warn ENV["TOKEN"]
# in two pieces, on both outputs
[$stdout, $stderr].each do |out|
  out.write ENV["LONG"].to_s[0, 30]
  out.flush
  sleep 0.1
  out.puts ENV["LONG"].to_s[30..]
end
Vagrant.configure("2") do |config|
  config.vm.box = "azure-ci-node"
  config.vm.boot_timeout = 60
  config.vm.synced_folder ".", "/vagrant", disabled: true
  config.vm.provision "shell", path: "init.sh", args: [ENV["LONG"]], env: ENV.to_h.slice("TOKEN", "KEY", "LONG")
end
`;

/** Prints what it was given in every way it can think of. */
const TELL = `#!/bin/bash
tell() {
  printf '%s\\n' "$TOKEN" "$KEY" "$LONG"
  for value in "$TOKEN" "$KEY" "$LONG"; do
    printf %s "$value" | base64
    printf 'u:%s@host\\n' "$value" | base64 -w 20
    printf '%q\\n' "$value"
    (LC_ALL=C; hex= url=
      for ((i = 0; i < \${#value}; i++)); do
        printf -v code %02x "'\${value:i:1}"
        hex+=\${code: -2}
        case \${value:i:1} in [A-Za-z0-9._~-]) url+=\${value:i:1} ;; *) code=\${code: -2}; url+=%\${code^^} ;; esac
      done
      printf '%s\\n' "$hex" "$url")
  done
  declare -p TOKEN KEY LONG
  env
  (set -x; : "$TOKEN" "$KEY") 2>&1
  printf %s "\${LONG:0:30}"; sleep 0.4; printf '%s\\n' "\${LONG:30}"
  printf %s "\${TOKEN:0:20}" >&2; sleep 0.4; printf '%s\\n' "\${TOKEN:20}" >&2
}
tell
tell > /run/told 2>&1
`;

let lab: Lab;
let ci: CiServer;
let scene: Scene;
let watch: LeakWatch;
let daemon: Running;
let env: Record<string, string>;
let recorded: string;
let temp: string;
/** All that commands printed, by command. */
const printed: [string, string][] = [];

beforeAll(async () => {
  lab = await openLab();
  // answers with what it was sent, as some gateways do
  ci = await startCiServer(({ headers }) => {
    const sent = String(headers.authorization);
    const plain = Buffer.from(sent.split(' ')[1] ?? '', 'base64').toString();
    return { status: 403, body: { message: `${'x'.repeat(60)} no: ${sent} (${plain})` } };
  });
  const key = join(lab.folder, 'deploy-key');
  writeFileSync(key, `${LINES.value}\n`, { mode: 0o600 });
  scene = await newScene(lab, {
    host: 'canary1',
    poll: '1d',
    secrets: {
      TOKEN: AWKWARD.value,
      KEY: { exec: ['/bin/cat', key] },
      LONG: { env: 'LONG_FROM_OUTSIDE' },
      PAT: PAT.value,
    },
  });
  temp = join(scene.root, 'tmp');
  recorded = join(scene.root, 'recorded');
  for (const folder of [temp, recorded, scene.host.stateDir]) mkdirSync(folder, { mode: 0o700 });
  env = { PATH: pathOfRecorders(scene.host.env.PATH ?? ''), TMPDIR: temp, LONG_FROM_OUTSIDE: LONG.value };
  writeFleet(scene.repo);
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, { '2022.2.17': await lab.box({ label: 'e2e-old' }) });
  watch = await watchForLeaks({
    canaries: ALL,
    folders: [temp, join(scene.host.stateDir), join(lab.vagrantHome, 'data')],
  });
});
afterAll(async () => {
  await scene?.dispose();
  await ci?.close();
  await lab?.dispose();
});

/** Every call of these programs is seen, however short: each notes its environment and its command line first. */
function pathOfRecorders(path: string): string {
  return ['git', 'ssh', 'ssh-keygen', 'vagrant'].reduce(
    (found, name) =>
      pathWithStub(
        scene.root,
        found,
        name,
        `cat /proc/$$/environ /proc/$$/cmdline >> ${join(recorded, name)}`,
      ),
    path,
  );
}

async function boxreeve(args: readonly string[], more: Record<string, string> = {}) {
  const ended = await scene.host.start(args, { ...env, ...more }).ended;
  printed.push([args.join(' '), `${ended.stdout}\n${ended.stderr}`]);
  return ended;
}

type Change = {
  readonly init?: string;
  readonly expect?: string;
  readonly agent?: Readonly<Record<string, unknown>>;
};

async function merge(
  message: string,
  { init = '', expect: expected, agent = { system: 'none' } }: Change,
): Promise<void> {
  const probe = {
    name: 'tells',
    run: 'cat /run/told',
    ...(expected === undefined ? {} : { expect: expected }),
  };
  writeGuest(scene.repo, {
    version: '2022.2.17',
    init: `${TELL}${init}\n`,
    secrets: ['TOKEN', 'KEY', 'LONG'],
    probes: [probe],
    agent: { ...agent, log: '/run/told' },
  });
  scene.repo.write(`desired-state/guests/${GUEST}/Vagrantfile`, VAGRANTFILE);
  await scene.repo.merge(message);
}

/** As they stand on the remote, from the first record on. */
async function outcomes(): Promise<string[]> {
  const format = '--format=%(trailers:key=Boxreeve-Outcome,valueonly,separator=)';
  const log = await scene.repo.remoteGit('log', '--reverse', format, 'audit/canary1').catch(() => '');
  return log.split('\n');
}

const untilOutcomes = (...wanted: string[]) =>
  waitFor(wanted.join(), async () => (await outcomes()).join() === wanted.join());

describe('a host lives through', () => {
  it('a new guest that tells all it was given, and a probe that fails with that in what it printed', async () => {
    await merge('Declare a guest', { expect: 'no such thing' });
    daemon = scene.host.daemon({ ...env, BOXREEVE_LOG: 'trace' });
    await untilOutcomes('failed');
  });

  it('a probe that is right, and tells it again', async () => {
    await merge('Expect less', { init: '# right' });
    await untilOutcomes('failed', 'applied');
  });

  it('a change whose init fails, and the way back', async () => {
    await merge('Break init', { init: 'echo "died of $TOKEN, $KEY" >&2; exit 1' });
    await untilOutcomes('failed', 'applied', 'rolled-back');
  });

  it('a refused commit, and a pause', async () => {
    await merge('Ask for what is no pattern', { expect: '(' });
    await untilOutcomes('failed', 'applied', 'rolled-back', 'refused');
    expect(await boxreeve(['pause', '--reason', 'looking'])).toMatchObject({ exitCode: 0 });
    expect(await boxreeve(['status'])).toMatchObject({ stdout: expect.stringContaining('looking') });
    expect(await boxreeve(['resume'])).toMatchObject({ exitCode: 0 });
  });

  it('an end by kill -9 in the middle of a build, and the recovery', async () => {
    const before = await lab.containers();
    await merge('Take long, and have an agent', { init: 'sleep 4', agent: agentOn(ci) });
    await waitFor('the build', async () => (await lab.containers()).some((one) => !before.includes(one)));
    daemon.kill('SIGKILL');
    expect(await boxreeve(['sync', '--json'], { VAGRANT_LOG: 'info' })).toMatchObject({ exitCode: 0 });
    expect((await outcomes()).slice(-2)).toEqual(['interrupted', 'applied']);
  });

  it('a CI server that sends back the token it was sent', async () => {
    await merge('Change the guest of an agent', { init: '# another', agent: agentOn(ci) });
    const held = await boxreeve(['sync', '--json']);
    expect(held).toMatchObject({ exitCode: 5, stdout: expect.stringContaining('answered 403') });
    expect(ci.calls.length).toBeGreaterThan(0);
  });

  it('every command that shows something', async () => {
    expect(await boxreeve(['plan'])).toMatchObject({ exitCode: 0 });
    expect(await boxreeve(['status', '--json'])).toMatchObject({
      stdout: expect.stringContaining('canary1'),
    });
    const logs = await boxreeve(['logs', GUEST, '--lines', '1000']);
    expect(logs).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('[redacted]') });
    const { stdout } = await boxreeve(['audit', 'log', '--json']);
    const { records }: { records: { id: string }[] } = JSON.parse(stdout);
    for (const { id } of records)
      expect(await boxreeve(['audit', 'show', id])).toMatchObject({ exitCode: 0 });
  });
});

function agentOn({ url }: CiServer): Readonly<Record<string, unknown>> {
  const settings = { organization: 'o', pool: 'p', name: '{host}', token: 'PAT' };
  return { system: 'azure-pipelines', url, ...settings };
}

/** Files below some folders in which a canary left a trace. */
function filesWithTraces(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
      .flatMap((path) => search(readFileSync(path)).map((name) => `${name} in ${path}`)),
  );
}

describe('and no secret is left', () => {
  it('in what the commands and the daemon printed and logged', async () => {
    daemon.kill('SIGKILL');
    const { stdout, stderr } = await daemon.ended;
    expect(stderr).toContain('[redacted]');
    printed.push(['run', `${stdout}\n${stderr}`]);
    expect(printed.flatMap(([command, text]) => search(text).map((name) => `${name}: ${command}`))).toEqual(
      [],
    );
  });

  it('in any file: memory, journal, status, snapshots, project folder, temporary files, VAGRANT_HOME', () => {
    expect(filesWithTraces([scene.host.stateDir, temp, lab.vagrantHome])).toEqual([]);
  });

  it.each(['the mirror', 'the remote'])('in any Git object of %s', async (which) => {
    const cwd = which === 'the remote' ? scene.repo.url : join(scene.host.stateDir, 'mirror.git');
    const all = await execa('git', ['cat-file', '--batch-all-objects', '--batch'], {
      cwd,
      encoding: 'buffer',
    });
    const bytes = Buffer.from(all.stdout);
    expect(bytes.includes('[redacted]')).toBe(true);
    expect(search(bytes)).toEqual([]);
  });

  it('in the command line or the environment of any call of git, ssh-keygen or ssh', () => {
    const calls = readdirSync(recorded).toSorted();
    expect(calls).toEqual(['git', 'ssh-keygen', 'vagrant']);
    // the recorders do see what is there
    expect(search(readFileSync(join(recorded, 'vagrant')))).toEqual(['TOKEN', 'KEY', 'LONG']);
    for (const name of ['git', 'ssh-keygen']) expect(search(readFileSync(join(recorded, name)))).toEqual([]);
  });

  it('in any process of this machine but in the environment of Vagrant and what it started', async () => {
    const { sightings, processes, files } = await watch.end();
    expect(processes).toBeGreaterThan(100);
    expect(files).toBeGreaterThan(10);
    // the watch is awake: there it does see them
    expect(sightings.some((one) => one.where === 'environ' && isVagrants(one))).toBe(true);
    expect(sightings.filter((one) => !isVagrants(one) && !cameFromOutside(one))).toEqual([]);
  });
});

/** Vagrant, what it started, and the monitor of a container, which it leaves behind. */
function isVagrants({ where, lineage }: Sighting): boolean {
  return (
    where === 'environ' &&
    lineage.some((line) => /\/vagrant( |$)/.test(line) || line.startsWith('[lxc monitor]'))
  );
}

/** The reconciler itself was started with it by the test, as a service would be. */
function cameFromOutside({ canary, where, lineage }: Sighting): boolean {
  return canary === LONG.name && where === 'environ' && /cli\/main\.ts /.test(lineage[0] ?? '');
}
