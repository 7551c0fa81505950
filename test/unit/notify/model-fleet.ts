/** A fleet that has things to tell, targets that take them or not, and hosts that tell them by the real round and may die at any call. */
import { MINUTE } from '../../../reconciler/clock.ts';
import { RemoteUnreachable } from '../../../reconciler/errors.ts';
import { CLAIM, type NotifierSeen } from '../../../reconciler/notify/claim.ts';
import { type Message, NotDelivered, type Target } from '../../../reconciler/notify/message.ts';
import { type RoundEnd, type RoundEvent, type RoundMemory, round } from '../../../reconciler/notify/round.ts';
import type { Standing } from '../../../reconciler/notify/standing.ts';
import type { News, SignedRecord } from '../../../reconciler/notify/tell.ts';
import { SKEW } from '../../../reconciler/rollout/lease/slot.ts';
import { recordOf, standing } from './builders.ts';

/** This is how a process ends in the middle of a call. */
export class Died extends Error {}

export type Effect = <T>(work: () => Promise<T>) => Promise<T>;

export const alive: Effect = (work) => work();

export type ModelTarget = {
  readonly name: string;
  readonly standings: Target['standings'];
  readonly records: boolean;
  /** How it answers now; null: it takes what it is told. */
  fails: (message: Message) => NotDelivered | null;
  /** Each message as often as it took it. */
  readonly took: Message[];
};

export class ModelFleet {
  now = Date.parse('2026-11-25T12:00:00Z');
  /** The branch. */
  seen: NotifierSeen | null = null;
  readonly targets: ModelTarget[];
  readonly standings = new Map<string, Standing>();
  readonly commits: string[] = [];
  readonly records = new Map<string, SignedRecord[]>();
  readonly events: RoundEvent[] = [];
  /** What a process remembers; gone when it dies. */
  readonly memories = new Map<string, RoundMemory>();
  /** Hosts whose records the remote does not give; `all`: not even the newest ones. */
  readonly unreadable = new Set<string>();
  /** Whether the remote takes what is pushed. */
  pushes = true;
  private ids = 0;

  constructor(targets: readonly Pick<ModelTarget, 'name' | 'standings' | 'records'>[]) {
    this.targets = targets.map((target) => ({ ...target, fails: () => null, took: [] }));
    this.commit();
  }

  target(name: string): ModelTarget {
    const found = this.targets.find((target) => target.name === name);
    if (found === undefined) throw new Error(`there is no target ${name}`);
    return found;
  }

  /** A commit is merged that hosts follow. */
  commit(): string {
    const commit = String(this.commits.length + 1).padStart(40, '0');
    for (const [of, was] of this.standings)
      if (was.state === 'under-way')
        this.standings.set(of, { ...was, state: 'overtaken', overtakenBy: commit });
    this.commits.push(commit);
    this.standings.set(commit, standing({ commit, done: 0, hosts: 8 }));
    return commit;
  }

  /** The newest commit is so far now; one that was rolled out stays so. */
  progress(done: number): void {
    const commit = this.commits.at(-1) ?? '';
    if (this.standings.get(commit)?.state === 'done') return;
    const state = done === 8 ? 'done' : 'under-way';
    this.standings.set(commit, standing({ commit, done, hosts: 8, state }));
  }

  record(host: string): void {
    const before = this.records.get(host) ?? [];
    const sequence = before.length + 1;
    const record = recordOf({ host, sequence, id: `${host}-${sequence}` });
    this.records.set(host, [...before, { record, place: { sequence, key: 'k' } }]);
  }

  /** One round of a host. @param skew of its clock, ms */
  async round(host: string, effect: Effect = alive, skew = 0): Promise<RoundEnd | 'died' | 'offline'> {
    const memory = this.memories.get(host) ?? { waits: new Map(), unsaved: null };
    this.memories.set(host, memory);
    try {
      return await round({
        host,
        ref: {
          read: () => effect(async () => this.seen),
          swap: (expected, state) =>
            effect(async () => {
              if (!this.pushes) throw new RemoteUnreachable('no push is taken');
              if ((this.seen?.id ?? null) !== expected) return null;
              this.ids += 1;
              const id = `commit ${this.ids}`;
              // as it would be read again
              this.seen = { id, state: JSON.parse(JSON.stringify(state)) };
              return id;
            }),
        },
        targets: this.targets.map((target) => targetOf(target, effect)),
        news: this.news(effect),
        memory,
        now: () => this.now + skew,
        newId: () => `nonce ${this.ids}`,
        signal: new AbortController().signal,
        log: (event) => this.events.push(event),
      });
    } catch (error) {
      if (error instanceof RemoteUnreachable) return 'offline';
      if (!(error instanceof Died)) throw error;
      this.memories.delete(host);
      return 'died';
    }
  }

  /** Rounds of these hosts, with time going by, until nothing is left to tell. */
  async settle(...hosts: readonly string[]): Promise<void> {
    for (let turn = 0; turn < 8; turn += 1) {
      for (const host of hosts) await this.round(host);
      this.now += 5 * MINUTE;
    }
  }

  /** So long that a claim of a host that died is over. */
  outlastClaim(): void {
    this.now += CLAIM + SKEW + MINUTE;
  }

  private news(effect: Effect): News {
    const followed = this.commits.at(-1) ?? '';
    return {
      happened: (since, withRecords) =>
        effect(async () => {
          if (withRecords) this.assertReadable('all');
          return {
            followed,
            commits: since === null ? [] : this.commits.slice(this.commits.indexOf(since) + 1),
            newest: new Map(
              [...this.records].flatMap(([host, records]) => {
                const place = withRecords ? records.at(-1)?.place : undefined;
                return place === undefined ? [] : [[host, place] as const];
              }),
            ),
          };
        }),
      standing: (commit) => effect(async () => this.standings.get(commit) ?? standing({ commit })),
      output: (failure) => effect(async () => `what ${failure.guest} printed on ${failure.host}`),
      records: (host, after, most) =>
        effect(async () => {
          this.assertReadable(host);
          return (this.records.get(host) ?? []).slice(after, after + most);
        }),
    };
  }

  private assertReadable(what: string): void {
    if (this.unreadable.has(what)) throw new RemoteUnreachable(`the records of ${what} cannot be had`);
  }
}

function targetOf(target: ModelTarget, effect: Effect): Target {
  return {
    name: target.name,
    most: target.name === 'mail' ? 3 : 1,
    standings: target.standings,
    wants: target.records ? () => true : null,
    deliver: (messages) =>
      effect(async () => {
        for (const message of messages) {
          const problem = target.fails(message);
          if (problem !== null) throw problem;
        }
        target.took.push(...messages);
      }),
  };
}

/** Dies at one call, counted from 1 and twice for each: before and after its effect. */
export function dying(dieAt: number): { readonly effect: Effect; calls(): number } {
  let calls = 0;
  const step = () => {
    calls += 1;
    if (dieAt > 0 && calls >= dieAt) throw new Died(`at call ${dieAt}`);
  };
  const effect: Effect = async (work) => {
    step();
    const result = await work();
    step();
    return result;
  };
  return { effect, calls: () => calls };
}

export const AWAY = () => new NotDelivered('it is away', 'later');

/** Ids of records that a target took, in the order of their first coming. */
export function recordsTaken({ took }: ModelTarget): readonly string[] {
  return [...new Set(took.flatMap((message) => (message.kind === 'record' ? message.id : [])))];
}

/** How a commit stands by what a target was told last; null: it was told nothing of it. */
export function lastTold({ took }: ModelTarget, commit: string): Standing | null {
  const told = took.flatMap((message) =>
    message.kind === 'standing' && message.standing.commit === commit ? message.standing : [],
  );
  return told.at(-1) ?? null;
}
