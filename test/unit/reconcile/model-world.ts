/**
 * A host in memory behind the ports of the real reconcile, whose process can die at any call of any port, before or after the
 * call took effect. What is durable stays; what was in the process is gone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { ActionOutcome } from '../../../reconciler/apply/outcome.ts';
import { fileJournal } from '../../../reconciler/audit/journal-file.ts';
import { type Journal, outboxOver } from '../../../reconciler/audit/outbox.ts';
import type { AuditRecord } from '../../../reconciler/audit/record.ts';
import { iso } from '../../../reconciler/clock.ts';
import type { HostSpec } from '../../../reconciler/desired/spec.ts';
import { endsGuest } from '../../../reconciler/gate/gate.ts';
import type { CommitInfo } from '../../../reconciler/git/ports.ts';
import type { Host } from '../../../reconciler/host-ports.ts';
import { emptyMemory, type Memory, newGuestMemory, withReboot } from '../../../reconciler/observed/memory.ts';
import type { HostObservation } from '../../../reconciler/observed/observation.ts';
import type { Action } from '../../../reconciler/plan/plan.ts';
import { gitLeases, type LeaseRefs } from '../../../reconciler/rollout/lease/git-leases.ts';
import { modelPool, type Pool } from '../gate/model-pool.ts';
import { NOW, observation, observed } from '../plan/builders.ts';
import { carryOut } from '../plan/model-host.ts';
import { type ModelRefs, modelRefs } from '../rollout/lease/model-refs.ts';

export class Died extends Error {}

/** What outlives the process. */
export type World = {
  /** Of the attempt under way. */
  readonly journal: Journal;
  now: number;
  tip: string;
  /** Of every commit, ms since the epoch. */
  committedAt: number;
  readonly specs: Map<string, HostSpec>;
  seen: HostObservation;
  memory: Memory;
  readonly chain: AuditRecord[];
  readonly attempts: string[];
  readonly pool: Pool;
  bootId: string;
  /** The leases of the whole fleet, as they stand at the remote. */
  readonly leases: ModelRefs;
  /** Jobs that ran in a guest when it was ended. */
  killed: number;
  dispose(): void;
};

/** Its journal is a real one, on disk. */
export function newWorld(): World {
  const folder = mkdtempSync(join(tmpdir(), 'boxreeve-world-'));
  const journal = fileJournal(join(folder, 'outbox'), { use: (work) => work() });
  return { ...worldOver(journal), dispose: () => rmSync(folder, { recursive: true, force: true }) };
}

export function worldOver(journal: Journal): World {
  return {
    journal,
    now: NOW,
    tip: '',
    committedAt: NOW,
    specs: new Map(),
    seen: observation({ guests: [observed()] }),
    memory: emptyMemory('builder1'),
    chain: [],
    attempts: [],
    pool: modelPool(),
    bootId: 'boot',
    leases: modelRefs(),
    killed: 0,
    dispose: () => undefined,
  };
}

/**
 * One process. @param dieAt number of the call, counted from 1 and twice for each (before and after its effect), at which it
 * dies; 0: never. `calls` tells how many there were.
 */
export function newProcess(world: World, dieAt: number): { host: Host; calls(): number } {
  let calls = 0;
  let dead = false;
  const step = () => {
    calls += 1;
    if (dead || calls === dieAt) {
      dead = true;
      throw new Died(`at call ${dieAt}`);
    }
  };
  async function effect<T>(work: () => T | Promise<T>): Promise<T> {
    step();
    const result = await work();
    step();
    return result;
  }
  return { host: portsOf(world, effect), calls: () => calls };
}

export type Effect = <T>(work: () => T | Promise<T>) => Promise<T>;

/** @param effect wraps each call whose effect lasts */
export function portsOf(world: World, effect: Effect): Host {
  const outbox = outboxOver(world.journal, () => iso(world.now));
  const update = (change: (memory: Memory) => Memory) =>
    effect(() => {
      world.memory = change(world.memory);
      return world.memory;
    });
  return {
    name: 'builder1',
    clock: {
      now: () => {
        world.now += 1;
        return world.now;
      },
      sleep: async (ms) => {
        world.now += ms;
      },
    },
    log: silent,
    mirror: mirrorOf(world, effect),
    trust: { check: async () => undefined },
    resumes: { given: async () => [] },
    proposeRevert: async ({ guest }) => `a branch takes the change of ${guest} back`,
    memory: {
      read: () => world.memory,
      update,
      updateGuest: (guest, change) =>
        update((memory) => ({
          ...memory,
          guests: { ...memory.guests, [guest]: { ...(memory.guests[guest] ?? newGuestMemory), ...change } },
        })),
    },
    audit: auditOf(world, effect),
    outbox: {
      open: (header) =>
        effect(async () => {
          const attempt = await outbox.open(header);
          world.attempts.push(header.id);
          return {
            ...attempt,
            begin: (action) => effect(() => attempt.begin(action)),
            end: (outcome) => effect(() => attempt.end(outcome)),
            complete: (draft) => effect(() => attempt.complete(draft)),
            close: () => effect(() => attempt.close()),
          };
        }),
      interrupted: async () => {
        const left = await effect(() => outbox.interrupted());
        return left && { ...left, close: () => effect(() => left.close()) };
      },
    },
    words: {
      // a fleet of no other hosts: nobody is waited for
      facts: async (_commit, guests) => ({
        members: [],
        changes: new Map(guests.map((guest) => [guest, guest])),
        guestCount: guests.length,
        keys: new Map(),
      }),
      words: async () => new Map(),
      lastWords: () => new Map(),
    },
    leases: () =>
      gitLeases({
        refs: leaseRefs(world, effect),
        host: 'builder1',
        now: () => world.now,
        newId: () => crypto.randomUUID(),
        remembered: () => Boolean(world.memory.lease),
        remember: async (held) => {
          await update((memory) => ({ ...memory, lease: held ? { fleetLock: null } : null }));
        },
      }),
    notifier: () => Promise.reject(new Error('nobody is told anything in this world')),
    contact: {
      due: () => true,
      succeeded: () => undefined,
      failed: () => undefined,
      rest: () => undefined,
      problem: null,
    },
    resolve: async (commit) => specOf(world, commit),
    admitPeers: async () => undefined,
    catalogued: async () => Promise.reject(new Error('this world has no catalogue')),
    observe: async () => world.seen,
    apply: async (actions, attempt) => {
      const outcomes: ActionOutcome[] = [];
      for (const action of actions) {
        await attempt.begin(action);
        await effect(() => perform(world, action));
        const outcome = done(action, world.now);
        await attempt.end(outcome);
        outcomes.push(outcome);
      }
      return outcomes;
    },
    probe: async () => [],
    examine: async () => new Map(),
    agent: () => ({
      ...world.pool.agent,
      drain: (signal) => effect(() => world.pool.agent.drain(signal)),
      undrain: (signal) => effect(() => world.pool.agent.undrain(signal)),
    }),
    witness: async () => ({ state: 'idle' }),
    versions: async () => ({ boxreeve: '0', vagrant: null, providers: {} }),
    endSurvivors: async () => undefined,
    gaveUp: new Map(),
    takeRepairs: () => [],
    maintain: async () => undefined,
    newId: () => crypto.randomUUID(),
    bootId: async () => world.bootId,
    reboot: async () => {
      world.bootId = `${world.bootId}+`;
      throw new Died('the host went down');
    },
    assertSigner: () => undefined,
    assertCanRecord: async () => undefined,
  };
}

function leaseRefs(world: World, effect: Effect): LeaseRefs {
  const refs = world.leases.refs();
  return { ...refs, swap: (slot, expected, next) => effect(() => refs.swap(slot, expected, next)) };
}

const silent = pino({ level: 'silent' });

function specOf(world: World, commit: string): HostSpec {
  const spec = world.specs.get(commit);
  if (spec === undefined) throw new Error(`no commit ${commit}`);
  return spec;
}

function perform(world: World, action: Action): void {
  if (action.kind === 'reboot-host') {
    const { bootId, named, reason } = action;
    const asked = { record: crypto.randomUUID(), at: iso(world.now), bootId, after: named, reason };
    world.memory = withReboot(world.memory, { asked });
    return;
  }
  if (endsGuest(action, 'azure-agent') && world.pool.job !== null) world.killed += 1;
  const plan = { host: 'builder1', commit: world.tip, actions: [action], held: [], notes: [], spare: [] };
  world.now += 1;
  world.seen = carryOut(plan, world.seen, world.now);
}

function done(action: Action, now: number): ActionOutcome {
  return {
    action,
    result: action.kind === 'reboot-host' ? 'begun' : 'done',
    startedAt: iso(now),
    durationMs: 1,
    exitStatus: 0,
    output: '',
    error: null,
    guestAtFault: false,
    probes: [],
  };
}

function mirrorOf(world: World, effect: Effect): Host['mirror'] {
  const nothing = () => Promise.reject(new Error('not of this model'));
  return {
    fetch: () => effect(() => world.tip),
    listBranches: async () => undefined,
    lastTip: async () => world.tip,
    desiredTreeId: async (commit) => commit,
    tree: () => {
      throw new Error('not of this model');
    },
    blob: nothing,
    describe: async (commit): Promise<CommitInfo> => ({
      commit,
      subject: 's',
      author: 'a',
      authoredAt: iso(NOW),
      signedBy: null,
      pullRequest: null,
    }),
    committedAt: async () => world.committedAt,
    isAncestor: async () => true,
    lineChanges: async () => ({}),
    keep: () => effect(() => undefined),
  };
}

function auditOf(world: World, effect: Effect): Host['audit'] {
  return {
    append: (draft) =>
      effect(() => {
        const last = world.chain.at(-1);
        if (last?.id === draft.id) return last;
        const record: AuditRecord = {
          apiVersion: 'boxreeve/v1',
          host: 'builder1',
          sequence: world.chain.length + 1,
          previous: null,
          witness: {},
          ...draft,
        };
        world.chain.push(record);
        return record;
      }),
    push: async () => ({ pushed: 0 }),
    last: async () => world.chain.at(-1) ?? null,
    lastFollowed: async () =>
      world.chain.findLast(({ kind, desired }) => kind !== 'refused' && desired !== null)?.desired?.commit ??
      null,
    unpushed: async () => 0,
  };
}
