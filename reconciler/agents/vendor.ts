/** What every agent behind an API needs, and how its failures become "cannot tell". */
import type { Clock } from '../clock.ts';
import { showDuration } from '../duration.ts';
import { oneLine } from '../one-line.ts';
import type { Activity, DrainResult, Standing } from './ci-agent.ts';
import { type CiServer, ciServer } from './ci-http.ts';

export type VendorParts = {
  readonly settings: Readonly<Record<string, string>>;
  readonly secret: (name: string) => Promise<string>;
  /** Takes out of a text the secrets that were asked for. */
  readonly redact: (text: string) => string;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly waits: Map<string, number>;
};

/** A setting that the schema of guests demands. Throws if it is missing all the same. */
export function setting(parts: VendorParts, name: string): string {
  const value = parts.settings[name];
  if (value === undefined) throw new Error(`agent.${name} is not set`);
  return value;
}

export function serverOf(
  parts: VendorParts,
  fallback: string,
  headers: () => Promise<Readonly<Record<string, string>>>,
): CiServer {
  const { clock, fetch, waits, settings, redact } = parts;
  return ciServer({ url: settings.url ?? fallback, headers, redact, clock, fetch, waits });
}

export async function activityOr(ask: () => Promise<Activity>): Promise<Activity> {
  return ask().then(inShort, (error: unknown) => inShort({ state: 'unknown', detail: messageOf(error) }));
}

export async function drainOr(drain: () => Promise<DrainResult>): Promise<DrainResult> {
  return drain().then(inShort, (error: unknown) => inShort({ state: 'failed', detail: messageOf(error) }));
}

export async function standingOr(ask: () => Promise<Standing>): Promise<Standing> {
  return ask().then(inShort, (error: unknown) => inShort({ state: 'unknown', detail: messageOf(error) }));
}

/** Longest detail, in characters. */
const LONGEST = 500;

/** What a job or a runner is called is for others to say: in a sentence of ours it is one line, and not a long one. */
function inShort<T extends object>(said: T): T {
  if (!('detail' in said) || typeof said.detail !== 'string') return said;
  return { ...said, detail: oneLine(said.detail).slice(0, LONGEST).toWellFormed() };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Looks again and again until what was asked for is in force: systems answer before they have done it. */
export async function untilTrue(
  parts: VendorParts,
  look: () => Promise<boolean>,
  limits: { readonly withinMs: number; readonly everyMs: number },
  signal?: AbortSignal,
): Promise<boolean> {
  const end = parts.clock.now() + limits.withinMs;
  for (;;) {
    if (await look()) return true;
    if (parts.clock.now() >= end) return false;
    await parts.clock.sleep(limits.everyMs, signal);
  }
}

/** ` running for 23 min`, from a time as the system tells it; empty where it tells none. */
export function runningFor(since: string | null, now: number): string {
  const start = since === null ? Number.NaN : Date.parse(since);
  return Number.isNaN(start) || start > now ? ' running' : ` running for ${showDuration(now - start)}`;
}
