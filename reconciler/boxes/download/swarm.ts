/**
 * Fetches what is missing of a box from several sources at once. The catalogue's sources begin in their order, each when those
 * before it have not all that is missing; what has begun goes on beside the others.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { BoxSpec } from '../../desired/spec.ts';
import { BoxreeveError } from '../../errors.ts';
import { boxTitle } from '../../plan/subject.ts';
import type { PeerSource } from '../peers/peer-source.ts';
import { reasonOf, type Source, SourceMissed } from '../sources/source.ts';
import { soon } from '../stall-limit.ts';
import { bytesFor } from './bitmap.ts';
import { type FetchDeps, PEERS, type Peers, shunMark } from './fetch-deps.ts';
import { Giver, WrongChunk } from './giver.ts';
import { type LaneParts, readRun, stallOf } from './lane.ts';

/** Reads under way at a time from one source: while one waits for its first byte, the other gives. */
const LANES = 2;
/** Time after which is looked for something to take over, or for a source to begin with, in milliseconds. */
const LOOK_AGAIN = 250;
/** So long peers may take to say what they have before the next source begins. */
const FIRST_LOOK = 10_000;
/** So long nothing came: the next source begins too. */
const IDLE = 15_000;

export type SwarmParts = Omit<LaneParts, 'arrived'> & {
  readonly box: BoxSpec;
  readonly peers: () => Promise<Peers>;
};

export type SwarmEnd = { readonly givers: readonly Giver[]; readonly misses: readonly string[] };

export class Swarm {
  readonly #parts: SwarmParts;
  readonly #deps: FetchDeps;
  readonly #givers: Giver[] = [];
  readonly #misses: string[] = [];
  readonly #tasks: Promise<void>[] = [];
  /** Peers in reserve. */
  #later: PeerSource[] = [];
  #wake = Promise.withResolvers<void>();
  #lastChunkAt = Date.now();
  /** What this host itself cannot do: nothing else helps. */
  #failure: unknown = null;
  /** Whether someone's holding changed since it was last asked if all is covered. */
  #isNews = true;
  #lacks = true;

  constructor(parts: SwarmParts) {
    this.#parts = parts;
    this.#deps = parts.deps;
  }

  /** Ends when all is here, or nobody is left to ask. Throws what is the matter with this host, or why it was told to stop. */
  async run(): Promise<SwarmEnd> {
    const stop = () => this.#fail(this.#deps.signal.reason);
    this.#deps.signal.addEventListener('abort', stop, { once: true });
    try {
      for (const address of this.#parts.box.sources) {
        if (this.#isOver()) break;
        await this.#begin(address);
        while (!this.#isOver() && !this.#needsMore()) await this.#change();
      }
      while (!this.#isOver() && this.#hasHope()) await this.#change();
      if (this.#failure !== null) throw this.#failure;
    } finally {
      this.#deps.signal.removeEventListener('abort', stop);
      for (const giver of this.#givers) giver.leave();
      await Promise.all(this.#tasks);
      for (const { source } of this.#givers) await source.close();
      for (const source of this.#later) await source.close();
    }
    return { givers: this.#givers, misses: this.#misses };
  }

  #isOver(): boolean {
    return this.#failure !== null || this.#parts.schedule.missing === 0;
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#changed();
  }

  async #begin(address: string): Promise<void> {
    try {
      if (address !== PEERS) return this.#add(this.#deps.source(address), null);
      const { now, later } = await this.#parts.peers();
      if (now.length === 0) throw new SourceMissed('no other host offers its boxes to this one');
      this.#later = [...later];
      for (const peer of now) this.#add(peer, peer);
      const since = Date.now();
      const isOpen = ({ isKnown, isGone }: Giver) => !isKnown && !isGone;
      while (!this.#isOver() && this.#givers.some(isOpen) && Date.now() - since < FIRST_LOOK)
        await this.#change();
      if (this.#givers.some(({ peer, isGone }) => peer !== null && !isGone) && this.#needsMore())
        this.#misses.push(`${PEERS}: no other host has all of it now`);
    } catch (error) {
      if (error instanceof BoxreeveError) throw error;
      this.#miss(address, error);
    }
  }

  #add(source: Source, peer: PeerSource | null): void {
    if (this.#deps.shunned?.has(shunMark(this.#parts.box, source.address))) {
      this.#misses.push(`${source.address}: gave another file before, and is not asked again`);
      this.#tasks.push(Promise.resolve(source.close()));
      return;
    }
    const giver = new Giver(source, peer, this.#parts.schedule.addSource());
    this.#givers.push(giver);
    if (peer === null) this.#has(giver, 'all');
    else this.#task(this.#watch(giver, peer));
    const from = `fetching ${boxTitle(this.#parts.box)} from ${source.address}`;
    this.#deps.log.info({ event: 'fetching', box: boxTitle(this.#parts.box), source: source.address }, from);
    for (let lane = 0; lane < LANES; lane++) this.#task(this.#work(giver));
  }

  #task(task: Promise<void>): void {
    this.#tasks.push(task.catch((error: unknown) => this.#fail(error)));
  }

  /** A lane: one run after the other, until all is here or the source is given up. */
  async #work(giver: Giver): Promise<void> {
    const { schedule } = this.#parts;
    while (!this.#isOver() && !giver.isGone) {
      const run = schedule.pick(giver.number, Date.now());
      if (run === null) {
        await this.#change();
        continue;
      }
      try {
        const end = await readRun(run, giver, { ...this.#parts, arrived: () => this.#arrived() });
        if (end === 'left') return;
        if (end === 'whole') this.#has(giver, null);
      } catch (error) {
        this.#failed(giver, error, run.given);
        schedule.end(run, Date.now());
        await pause(giver.pause, giver.signal);
      } finally {
        schedule.end(run, Date.now());
        this.#isNews = true;
        this.#changed();
      }
    }
  }

  /** Asks a peer again and again what it has. */
  async #watch(giver: Giver, peer: PeerSource): Promise<void> {
    const { count } = this.#parts.list;
    while (!this.#isOver() && !giver.isGone) {
      try {
        const holding = await soon(peer.have(count, giver.signal), stallOf(this.#deps), giver.signal);
        if (holding instanceof Uint8Array && holding.length !== bytesFor(count))
          throw new SourceMissed(
            `says of ${holding.length * 8} chunks whether it has them, and there are ${count}`,
          );
        if (holding === null && !giver.isKnown) this.#replace();
        this.#has(giver, holding);
      } catch (error) {
        if (!giver.isKnown) this.#replace();
        this.#failed(giver, error, 0);
      }
      giver.isKnown = true;
      this.#changed();
      await pause(untilNextLook(count), giver.signal);
    }
  }

  #has(giver: Giver, holding: 'all' | Uint8Array | null): void {
    giver.hasNothing = holding === null;
    this.#parts.schedule.has(giver.number, giver.isGone ? null : holding);
    this.#isNews = true;
    this.#changed();
  }

  #failed(giver: Giver, error: unknown, given: number): void {
    // what this host cannot do is no source's fault
    if (error instanceof BoxreeveError) this.#fail(error);
    if (this.#isOver() || giver.isGone) return;
    if (!giver.isGivenUpFor(error, given)) {
      // until it says again what it has
      if (giver.peer !== null) this.#has(giver, null);
      return;
    }
    if (error instanceof WrongChunk) this.#deps.shunned?.add(shunMark(this.#parts.box, giver.address));
    giver.leave();
    this.#has(giver, null);
    this.#miss(giver.address, error);
    if (giver.peer !== null) this.#replace();
  }

  #replace(): void {
    const next = this.#later.shift();
    if (next !== undefined) this.#add(next, next);
  }

  #miss(address: string, error: unknown): void {
    const title = boxTitle(this.#parts.box);
    const why = reasonOf(error);
    this.#misses.push(`${address}: ${why}`);
    this.#deps.log.warn(
      { event: 'source-missed', box: title, source: address },
      `${title} not from ${address}: ${why}`,
    );
  }

  #arrived(): void {
    this.#lastChunkAt = Date.now();
    if (this.#parts.schedule.missing === 0) this.#changed();
  }

  /** Whether those that have begun cannot give all that is missing, or give nothing. */
  #needsMore(): boolean {
    if (this.#isNews) this.#lacks = this.#parts.schedule.lacksSource();
    this.#isNews = false;
    return this.#lacks || Date.now() - this.#lastChunkAt > IDLE;
  }

  /** Whether something may still come, when no further source is left to begin with. */
  #hasHope(): boolean {
    if (this.#givers.every(({ isGone }) => isGone)) return false;
    if (!this.#needsMore()) return true;
    if (this.#givers.every(({ isGone, isKnown, hasNothing }) => isGone || (isKnown && hasNothing)))
      return false;
    // hosts that are still fetching it themselves may get what is missing
    return Date.now() - this.#lastChunkAt < stallOf(this.#deps);
  }

  /** Something has changed, or some time is over. */
  async #change(): Promise<void> {
    const timer = setTimeout(() => this.#changed(), LOOK_AGAIN);
    await this.#wake.promise;
    clearTimeout(timer);
  }

  #changed(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    resolve();
  }
}

/** A bitmap of 600 000 chunks has 75 kB: asked for every half second it would be a part of the traffic worth saving. Milliseconds. */
function untilNextLook(count: number): number {
  return 500 + bytesFor(count) / 20;
}

/** Is over early when the signal is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
