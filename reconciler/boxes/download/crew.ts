/** The sources that are at work on a box, each with its lanes; other hosts are asked again and again what they have. */
import { setTimeout as wait } from 'node:timers/promises';
import type { BoxSpec } from '../../desired/spec.ts';
import { BoxreeveError } from '../../errors.ts';
import { boxTitle } from '../../plan/subject.ts';
import type { PeerSource } from '../peers/peer-source.ts';
import { reasonOf, type Source, SourceMissed } from '../sources/source.ts';
import { soon } from '../stall-limit.ts';
import { Bell } from './bell.ts';
import { bytesFor, type Holding } from './bitmap.ts';
import { type FetchDeps, shunMark } from './fetch-deps.ts';
import { Giver, WrongChunk } from './giver.ts';
import { type LaneParts, readRun, stallOf } from './lane.ts';

/** Reads under way at a time from one source: while one waits for its first byte, the other gives. */
const LANES = 2;
/** Time after which an idle lane looks for a slow run to take over, in milliseconds. */
const LOOK_AGAIN = 250;

export type CrewParts = Omit<LaneParts, 'arrived'> & { readonly box: BoxSpec };

export class Crew {
  readonly givers: Giver[] = [];
  /** What is to be told of sources that did not give it. */
  readonly misses: string[] = [];
  readonly #parts: CrewParts;
  readonly #deps: FetchDeps;
  readonly #tasks: Promise<void>[] = [];
  readonly #bell = new Bell();
  /** Peers that take the place of those that fail. */
  #later: PeerSource[] = [];
  #failure: { readonly error: unknown } | null = null;
  #lastChunkAt = Date.now();
  /** What `lacks` said, until someone has something else. */
  #lacks: boolean | null = null;

  constructor(parts: CrewParts) {
    this.#parts = parts;
    this.#deps = parts.deps;
  }

  /** All is here, or this host cannot go on. */
  get isOver(): boolean {
    return this.#failure !== null || this.#parts.schedule.missing === 0;
  }

  /** Milliseconds since something came. */
  get idleMs(): number {
    return Date.now() - this.#lastChunkAt;
  }

  /** Whether something is missing that none of them has. */
  get lacks(): boolean {
    this.#lacks ??= this.#parts.schedule.lacksSource();
    return this.#lacks;
  }

  addSource(address: string): void {
    const source = this.#opened(address);
    if (source !== null) this.#add(source, null);
  }

  #opened(address: string): Source | null {
    try {
      return this.#deps.source(address, this.#parts.box.sha256);
    } catch (error) {
      this.miss(address, error);
      return null;
    }
  }

  addPeers(now: readonly PeerSource[], later: readonly PeerSource[]): void {
    this.#later = [...later];
    for (const peer of now) this.#add(peer, peer);
  }

  miss(address: string, error: unknown): void {
    const title = boxTitle(this.#parts.box);
    const why = reasonOf(error);
    this.misses.push(`${address}: ${why}`);
    const said = `${title} not from ${address}: ${why}`;
    this.#deps.log.warn({ event: 'source-missed', box: title, source: address }, said);
  }

  /** Nothing else helps, and all stop. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#bell.ring();
  }

  /** Until something has changed, or some time is over. */
  change(): Promise<void> {
    return this.#bell.wait(LOOK_AGAIN);
  }

  /** Sends all home. Throws why this host could not go on. */
  async end(): Promise<void> {
    for (const giver of this.givers) giver.leave();
    await Promise.all(this.#tasks);
    for (const { source } of this.givers) await source.close();
    for (const source of this.#later) await source.close();
    if (this.#failure !== null) throw this.#failure.error;
  }

  #add(source: Source, peer: PeerSource | null): void {
    const { box, schedule } = this.#parts;
    const { address } = source;
    if (this.#deps.shunned?.has(shunMark(box, address))) {
      this.misses.push(`${address}: gave another file before, and is not asked again`);
      this.#task(Promise.resolve(source.close()));
      return;
    }
    const giver = new Giver(source, peer, schedule.addSource());
    this.givers.push(giver);
    const said = `fetching ${boxTitle(box)} from ${address}`;
    this.#deps.log.info({ event: 'fetching', box: boxTitle(box), source: address }, said);
    if (peer === null) this.#has(giver, 'all');
    else this.#task(this.#watch(giver, peer));
    for (let lane = 0; lane < LANES; lane++) this.#task(this.#work(giver));
  }

  #task(task: Promise<void>): void {
    this.#tasks.push(task.catch((error: unknown) => this.fail(error)));
  }

  /** A lane: one run after the other, until all is here or the source is given up. */
  async #work(giver: Giver): Promise<void> {
    const { schedule } = this.#parts;
    while (!this.isOver && !giver.isGone) {
      const run = schedule.pick(giver.number, Date.now());
      if (run === null) {
        await this.change();
        continue;
      }
      giver.reads += 1;
      try {
        const end = await readRun(run, giver, { ...this.#parts, arrived: () => this.#arrived() });
        if (end === 'left') return;
        if (end === 'whole') this.#has(giver, null);
      } catch (error) {
        this.#failed(giver, error, run.given);
      } finally {
        giver.reads -= 1;
        this.#ended(run);
      }
      if (giver.pause > 0) await pause(giver.pause, giver.signal);
    }
  }

  #ended(run: Parameters<LaneParts['schedule']['end']>[0]): void {
    this.#parts.schedule.end(run, Date.now());
    this.#lacks = null;
    this.#bell.ring();
  }

  async #watch(giver: Giver, peer: PeerSource): Promise<void> {
    const { count } = this.#parts.list;
    while (!this.isOver && !giver.isGone) {
      try {
        const holding = await soon(peer.have(count, giver.signal), stallOf(this.#deps), giver.signal);
        assertLength(holding, count);
        if (holding === null && !giver.isKnown) this.#replace();
        this.#has(giver, holding);
      } catch (error) {
        if (!giver.isKnown) this.#replace();
        this.#failed(giver, error, 0);
      }
      giver.isKnown = true;
      this.#bell.ring();
      await pause(untilNextLook(count), giver.signal);
    }
  }

  #has(giver: Giver, holding: Holding): void {
    giver.hasNothing = holding === null;
    this.#parts.schedule.has(giver.number, giver.isGone ? null : holding);
    this.#lacks = null;
    this.#bell.ring();
  }

  #failed(giver: Giver, error: unknown, given: number): void {
    // what this host cannot do is no source's fault
    if (error instanceof BoxreeveError) this.fail(error);
    if (this.isOver || giver.isGone) return;
    if (!giver.isGivenUpFor(error, given)) {
      // until it says again what it has
      if (giver.peer !== null) this.#has(giver, null);
      return;
    }
    if (error instanceof WrongChunk) this.#deps.shunned?.add(shunMark(this.#parts.box, giver.address));
    giver.leave();
    this.#has(giver, null);
    this.miss(giver.address, error);
    if (giver.peer !== null) this.#replace();
  }

  #replace(): void {
    const next = this.#later.shift();
    if (next !== undefined) this.#add(next, next);
  }

  #arrived(): void {
    this.#lastChunkAt = Date.now();
    if (this.#parts.schedule.missing === 0) this.#bell.ring();
  }
}

function assertLength(holding: Holding, count: number): void {
  if (holding === null || holding === 'all' || holding.length === bytesFor(count)) return;
  const said = `says of ${holding.length * 8} chunks whether it has them, and there are ${count}`;
  throw new SourceMissed(said);
}

/** A bitmap of 600 000 chunks has 75 kB: asked for every half second it would be a part of the traffic worth saving. Milliseconds. */
function untilNextLook(count: number): number {
  return 500 + bytesFor(count) / 20;
}

/** Is over early when the signal is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
