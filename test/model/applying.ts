/**
 * A host on which actions are carried out for real, on modelled Vagrant: memory, boxes, project folders and Vagrant's own files are
 * on disk. Its process can die at any call of a port, before or after the call took effect.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { applyActions } from '../../reconciler/apply/apply.ts';
import type { ActionOutcome } from '../../reconciler/apply/outcome.ts';
import type { ApplyDeps } from '../../reconciler/apply/step.ts';
import { fetchBox } from '../../reconciler/boxes/fetch.ts';
import { systemClock } from '../../reconciler/clock.ts';
import { fingerprintOf } from '../../reconciler/desired/fingerprint.ts';
import type { BoxSpec, GuestSpec } from '../../reconciler/desired/spec.ts';
import type { Finding } from '../../reconciler/exposure/exposure.ts';
import type { GuestMemory } from '../../reconciler/observed/memory.ts';
import { openMemory, peekMemory } from '../../reconciler/observed/memory-store.ts';
import type { HostObservation } from '../../reconciler/observed/observation.ts';
import { observe } from '../../reconciler/observed/observe.ts';
import type { Action, Plan } from '../../reconciler/plan/plan.ts';
import { planNow } from '../../reconciler/plan/plan-now.ts';
import { createRedactor } from '../../reconciler/secrets/redactor.ts';
import { stateDirLayout } from '../../reconciler/state-dir.ts';
import { anySource } from '../unit/boxes/any-source.ts';
import { host } from '../unit/plan/builders.ts';
import { modelVagrant } from './vagrant-model.ts';

export const NAME = 'azure-agent';
export const COMMIT = '9ab3e51c0000000000000000000000000000beef';

const VAGRANTFILE = `Vagrant.configure("2") do |config|
  config.vm.provision "shell", path: "init.sh"
end
`;

export type GuestOptions = {
  readonly box?: BoxSpec;
  readonly init?: string;
  readonly vagrantfile?: string;
} & Partial<Pick<GuestSpec, 'env' | 'secrets' | 'probes' | 'timeouts' | 'provider' | 'refuses'>>;

export class Died extends Error {}

/** How one process of the reconciler ends: `at` the so-manyth call, counted from 1 and twice a call; 0: by itself. */
export type Life = { readonly at: number; calls: number; dead: boolean };

export type ModelHost = Awaited<ReturnType<typeof openModelHost>>;

export async function openModelHost() {
  const root = await mkdtemp(join(tmpdir(), 'boxreeve-applying-'));
  const dirs = stateDirLayout(join(root, 'state'));
  const vagrantHome = join(root, 'home');
  for (const folder of [dirs.root, dirs.guests, dirs.boxes]) mkdirSync(folder, { recursive: true });
  const vagrant = modelVagrant(vagrantHome);
  const blobs = new Map<string, Buffer>();
  /** Ways into whichever guest is looked into next. */
  const found: Finding[] = [];
  const secrets = new Map<string, string>();
  const logged: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });

  function file(path: string, text: string) {
    const content = Buffer.from(text);
    const sha256 = createHash('sha256').update(content).digest('hex');
    blobs.set(sha256, content);
    return { path, executable: path.endsWith('.sh'), oid: sha256, sha256, size: content.length };
  }

  /** A box that can be fetched; its content tells guests apart. */
  function box(version: string): BoxSpec {
    const path = join(root, `${version}.box`);
    const content = `box ${version}`;
    writeFileSync(path, content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const { length: size } = content;
    return { name: 'ci-node', version, provider: 'lxc', sha256, size, sources: [`file://${path}`] };
  }

  function guest({
    init = 'echo ready',
    vagrantfile = VAGRANTFILE,
    ...change
  }: GuestOptions = {}): GuestSpec {
    const built = { box: box('1.0.0'), env: {}, secrets: [], provider: 'lxc', ...change };
    const files = [file('Vagrantfile', vagrantfile), file('init.sh', `${init}\n`)];
    return {
      ...{ name: NAME, agent: { system: 'none' }, log: 'run.log', window: null, recycleEvery: null },
      ...{ probes: [], timeouts: { up: 5000, drain: 1000, probe: 3000 } },
      ...built,
      files,
      fingerprint: fingerprintOf({ ...built, files }),
    };
  }

  async function depsOf(life: Life): Promise<ApplyDeps> {
    const call = async <T>(work: () => T | Promise<T>): Promise<T> => {
      tick(life);
      const result = await work();
      tick(life);
      return result;
    };
    const memory = await openMemory(dirs.memory, 'builder1');
    const model = vagrant.vagrant;
    return {
      ...{ config: { vagrantHome }, dirs, log, clock: systemClock, newId: () => crypto.randomUUID() },
      redactor: createRedactor(secrets.values()),
      memory: {
        read: memory.read,
        update: (change) => call(() => memory.update(change)),
        updateGuest: (name, change) => call(() => memory.updateGuest(name, change)),
      },
      vagrant: {
        up: (...args) => call(() => model.up(...args)),
        halt: (...args) => call(() => model.halt(...args)),
        destroy: (...args) => call(() => model.destroy(...args)),
        addBox: (...args) => call(() => model.addBox(...args)),
        removeBox: (...args) => call(() => model.removeBox(...args)),
        sshConfig: (...args) => call(() => model.sshConfig(...args)),
        version: model.version,
      },
      secret: async (name) => {
        const value = secrets.get(name);
        if (value === undefined) throw new Error(`secret ${name} cannot be had`);
        return value;
      },
      blob: async (oid) => blobs.get(oid) ?? Promise.reject(new Error(`no blob ${oid}`)),
      askMachine: (machine) => call(() => vagrant.askMachine(machine)),
      examine: async () => ({ violations: [...found], unknown: [] }),
      fetch: (wanted, signal) =>
        call(() => fetchBox(wanted, { file: dirs.boxFile(wanted.sha256), log, signal, source: anySource })),
    };
  }

  /** One process carries these actions out. Rejects with Died if it died. */
  async function apply(
    actions: readonly Action[],
    life: Life = immortal(),
    signal = new AbortController().signal,
  ): Promise<readonly ActionOutcome[]> {
    const journal = async () => tick(life);
    const attempt = { id: 'attempt', begin: journal, note: journal, end: journal };
    return applyActions(actions, attempt, signal, await depsOf(life));
  }

  function memoryOf(name = NAME): GuestMemory | undefined {
    return peekMemory(dirs.memory, 'builder1')?.guests[name];
  }

  async function look(guests: readonly GuestSpec[]): Promise<HostObservation> {
    const memory = peekMemory(dirs.memory, 'builder1');
    if (memory === null) throw new Error('memory cannot be read');
    const deps = { config: { vagrantHome }, dirs, memory, lineChanges: async () => ({}), ask: vagrant.ask };
    return observe(deps, host(guests, { catalogue: ['ci-node'] }));
  }

  async function plan(guests: readonly GuestSpec[]): Promise<Plan> {
    const spec = host(guests, { catalogue: ['ci-node'] });
    return planNow({ commit: COMMIT, spec }, await look(guests), Date.now());
  }

  /** Plans and applies until there is nothing left to do, as the runs of a day would. Returns what was done, in order. */
  async function converge(guests: readonly GuestSpec[]): Promise<string[]> {
    const done: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const { actions } = await plan(guests);
      if (actions.length === 0) return done;
      for (const { action, result } of await apply(actions)) done.push(`${action.id}: ${result}`);
    }
    throw new Error(`this host does not converge: ${done.join(', ')}`);
  }

  return {
    ...{ root, dirs, vagrantHome, vagrant, secrets, logged, found },
    ...{ box, guest, apply, memoryOf, look, plan, converge },
    dispose: async () => {
      vagrant.dispose();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export function immortal(): Life {
  return { at: 0, calls: 0, dead: false };
}

export function dyingAt(at: number): Life {
  return { at, calls: 0, dead: false };
}

function tick(life: Life): void {
  life.calls += 1;
  if (life.dead || life.calls === life.at) {
    life.dead = true;
    throw new Died(`at call ${life.at}`);
  }
}
