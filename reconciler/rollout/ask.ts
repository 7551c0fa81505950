/**
 * What the fleet says of changes that this host has to decide about: gathers, and lets decide.ts decide.
 *
 * 1. Asked are this host's own record first, then the hosts of the waves before its own, then all others that have the guest; no
 *    further than it takes to know that the change is halted or must wait.
 * 2. `go` needs a remote that has answered in this very reconcile. What was read before is good enough to wait by.
 * 3. What approvers forgave and cannot be read is not forgiven.
 */
import type { Desired } from '../desired/accept.ts';
import type { RolloutSpec } from '../desired/spec.ts';
import { GitFailed, RemoteUnreachable, RolloutBlocked } from '../errors.ts';
import type { Host } from '../host-ports.ts';
import { NO_ROLLOUT } from '../observed/memory.ts';
import { decideRollout, membersWith, type RolloutDecision, type RolloutInput, whyNotDone } from './decide.ts';
import { worthQuoting } from './halted.ts';
import type { FleetFacts, GuestProgress, Halt, HostWord, Resume } from './progress.ts';
import { type Wave, waveOf, wavesOf } from './waves.ts';

export type Question = {
  readonly desired: Desired;
  readonly rollout: RolloutSpec;
  /** Guests to decide about. */
  readonly guests: readonly string[];
  /** Of those, whose roll-out may be over on all hosts. */
  readonly ending: ReadonlySet<string>;
  /** How far this host is, by guest. */
  readonly progress: ReadonlyMap<string, GuestProgress>;
  /** Why the remote did not answer in this reconcile; null: it did. */
  readonly offline: string | null;
  readonly signal: AbortSignal;
};

export type GuestAnswer =
  | RolloutDecision
  /** Nobody knows. `wave`: the own one; null: not even that is known. */
  | { readonly may: 'unknown'; readonly wave: number | null; readonly detail: string };

export type FleetAnswer = {
  readonly decisions: ReadonlyMap<string, GuestAnswer>;
  /** Those in force, of the guests asked about; null: that cannot be told. */
  readonly halts: readonly Halt[] | null;
  /** Guests whose failure on this host an approver forgave. */
  readonly forgiven: ReadonlySet<string>;
  /** Guests that are what the commit asks for on all hosts, and have soaked there. */
  readonly over: ReadonlySet<string>;
};

export async function askFleet(host: Host, question: Question): Promise<FleetAnswer> {
  const { desired, guests } = question;
  try {
    const facts = await host.words.facts(
      desired.commit,
      desired.spec.guests.map(({ name }) => name),
    );
    return await new Inquiry(host, question, facts).answer();
  } catch (error) {
    if (!(error instanceof RolloutBlocked || error instanceof GitFailed)) throw error;
    const unknown = { may: 'unknown', wave: null, detail: error.message } as const;
    return {
      decisions: new Map(guests.map((guest) => [guest, unknown])),
      halts: null,
      forgiven: new Set(),
      over: new Set(),
    };
  }
}

/** One question to the fleet, and what was learnt so far. */
class Inquiry {
  private readonly words: Map<string, HostWord>;
  private readonly waves: readonly Wave[];
  private resumes: readonly Resume[] = [];
  private readonly decided = new Map<string, RolloutDecision>();
  /** Why the remote cannot be asked; null: it answers. */
  private offline: string | null;
  private readonly host: Host;
  private readonly question: Question;
  private readonly facts: FleetFacts;
  private readonly now: number;

  constructor(host: Host, question: Question, facts: FleetFacts) {
    this.host = host;
    this.question = question;
    this.facts = facts;
    this.offline = question.offline;
    this.now = host.clock.now();
    this.waves = wavesOf(question.rollout.waves, facts.members);
    const { halts } = host.memory.read().rollout ?? NO_ROLLOUT;
    const progress = Object.fromEntries(question.progress);
    this.words = new Map([[host.name, { state: 'told', at: this.now, progress, halts }]]);
  }

  async answer(): Promise<FleetAnswer> {
    await this.listBranches();
    await this.hearApprovers();
    const asked = this.question.guests.filter((guest) => this.facts.changes.has(guest));
    const own = waveOf(this.waves, this.host.name);
    let open = asked.filter(
      (guest) => this.question.ending.has(guest) || this.decide(guest).may !== 'halted',
    );
    await this.hear(open, this.waves.slice(0, own));
    open = open.filter((guest) => this.question.ending.has(guest) || this.decide(guest).may === 'go');
    await this.hear(open, this.waves);
    const decisions = new Map(asked.map((guest) => [guest, this.answerOf(guest)]));
    return {
      decisions,
      halts: [...decisions].flatMap(([guest, decision]) => this.haltOf(guest, decision)),
      forgiven: new Set(asked.filter((guest) => this.isForgiven(guest))),
      over: new Set(asked.filter((guest) => this.question.ending.has(guest) && this.isOver(guest))),
    };
  }

  private async listBranches(): Promise<void> {
    if (this.offline !== null) return;
    try {
      await this.host.mirror.listBranches(this.question.signal);
    } catch (error) {
      this.lost(error);
    }
  }

  /** Rule 3. */
  private async hearApprovers(): Promise<void> {
    try {
      this.resumes = await this.host.resumes.given(this.question.desired.commit, this.facts.changes);
      this.decided.clear();
    } catch (error) {
      this.lost(error);
    }
  }

  /** Rule 2: what cannot be read anew is what it was. */
  private async hear(guests: readonly string[], waves: readonly Wave[]): Promise<void> {
    const unheard: string[] = [];
    for (const { members } of waves)
      for (const { name, guests: has } of members)
        if (!this.words.has(name) && guests.some((guest) => has.has(guest))) unheard.push(name);
    if (unheard.length === 0) return;
    for (const [name, word] of await this.ask(unheard)) this.words.set(name, word);
    this.decided.clear();
  }

  private async ask(hosts: readonly string[]): Promise<ReadonlyMap<string, HostWord>> {
    const { words } = this.host;
    if (this.offline !== null) return words.lastWords(this.facts, hosts);
    try {
      return await words.words(this.facts, hosts, this.question.signal);
    } catch (error) {
      this.lost(error);
      return words.lastWords(this.facts, hosts);
    }
  }

  private lost(error: unknown): void {
    if (!(error instanceof RemoteUnreachable || error instanceof GitFailed)) throw error;
    this.offline = error.message;
  }

  private inputOf(guest: string): RolloutInput {
    const { waves, words, resumes, now } = this;
    const change = this.facts.changes.get(guest) ?? '';
    return {
      rollout: this.question.rollout,
      host: this.host.name,
      guest,
      waves,
      change,
      words,
      resumes,
      now,
    };
  }

  /** By all that is known by now. */
  private decide(guest: string): RolloutDecision {
    const decided = this.decided.get(guest) ?? decideRollout(this.inputOf(guest));
    this.decided.set(guest, decided);
    return decided;
  }

  private answerOf(guest: string): GuestAnswer {
    const decision = this.decide(guest);
    if (decision.may !== 'go' || this.offline === null) return decision;
    const detail = `the other hosts cannot be asked whether they are well: ${this.offline}`;
    return { may: 'unknown', wave: decision.wave, detail };
  }

  private haltOf(guest: string, decision: GuestAnswer): Halt[] {
    const change = this.facts.changes.get(guest);
    if (decision.may !== 'halted' || change === undefined) return [];
    const { failures } = decision;
    return [{ guest, change, failures: worthQuoting(failures, this.question.rollout, this.host.name) }];
  }

  private isForgiven(guest: string): boolean {
    const progress = this.question.progress.get(guest);
    const { change } = this.inputOf(guest);
    return (
      progress?.state === 'failed' &&
      this.resumes.some(
        (resume) =>
          resume.guest === guest &&
          resume.change === change &&
          resume.forgiven.some(({ host, since }) => host === this.host.name && since === progress.since),
      )
    );
  }

  private isOver(guest: string): boolean {
    const input = this.inputOf(guest);
    if (this.offline !== null || this.decide(guest).may === 'halted') return false;
    return this.waves.every((wave) =>
      membersWith(wave, guest).every((member) => whyNotDone(input, wave, member) === null),
    );
  }
}
