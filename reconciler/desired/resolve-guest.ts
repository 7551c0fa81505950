/** One guest, for one host: references followed, defaults filled in, placeholders replaced. */
import { HOUR, MINUTE } from '../clock.ts';
import { parseDuration } from '../duration.ts';
import type { DesiredFiles, Loaded } from './desired-files.ts';
import { placeExposure } from './exposure.ts';
import { findBox } from './find-box.ts';
import { type BuiltOf, fingerprintOf } from './fingerprint.ts';
import { type FleetRules, recycleEvery, unknownWindow } from './fleet-rules.ts';
import type { Agent, Guest } from './generated/guest.ts';
import { pointer } from './json-pointer.ts';
import { KIND_IN_WORDS } from './kind-in-words.ts';
import { checkOverride, placeOverride } from './override.ts';
import type { AgentSpec, BoxSpec, GuestFile, GuestSpec, WindowSpec } from './spec.ts';

/** A guest as its own files say, whichever host it is for. */
export type CheckedGuest = {
  readonly guest: Loaded<Guest>;
  readonly box: BoxSpec;
  readonly files: readonly GuestFile[];
};

/** What of a guest depends on the host. */
export type GuestContext = {
  readonly host: string;
  readonly rules: FleetRules;
  /** Name of the window of the host's guests that name none. */
  readonly window: string | null;
};

const DEFAULTS = { up: 30 * MINUTE, drain: 6 * HOUR, probe: MINUTE };
const DEFAULT_LOG = 'run.log';

/** undefined if the guest has mistakes; all of them go to the complaints. */
export async function checkGuest(
  files: DesiredFiles,
  name: string,
  rules: FleetRules | undefined,
): Promise<CheckedGuest | undefined> {
  const folder = await files.entry(`guests/${name}`);
  if (folder !== undefined && folder.kind !== 'directory') {
    files.complaints.add({ file: folder.path }, `must be a folder, not ${KIND_IN_WORDS[folder.kind]}`);
    return undefined;
  }
  const [guest, content] = await Promise.all([files.guest(name), files.guestFolder(name)]);
  if (guest === undefined) return undefined;
  checkAgent(files, guest);
  checkProbes(files, guest);
  checkSecrets(files, guest);
  checkOverride(files, guest);
  if (rules !== undefined) checkWindow(files, guest, rules);
  const box = await findBox(files, guest);
  return box && { guest, box, files: content };
}

/** Pure: a checked guest, in its place on a host. */
export function placeGuest({ guest, box, files }: CheckedGuest, context: GuestContext): GuestSpec {
  const { name, provider, agent, probes, timeouts, window, recycle } = guest.data;
  const fill = fillerFor(context.host, provider);
  const built = placeBuild({ guest, box, files }, context.host);
  const own = recycleEvery(recycle);
  return {
    name,
    provider,
    ...built,
    agent: placeAgent(agent ?? { system: 'none' }, fill),
    log: agent?.log ?? DEFAULT_LOG,
    probes: (probes ?? []).map((probe) => ({
      name: probe.name,
      run: probe.run,
      expect: probe.expect ?? null,
    })),
    timeouts: {
      up: parseDuration(timeouts?.up ?? '') || DEFAULTS.up,
      drain: parseDuration(timeouts?.drain ?? '') || DEFAULTS.drain,
      probe: parseDuration(timeouts?.probe ?? '') || DEFAULTS.probe,
    },
    window: windowOf(window ?? context.window ?? context.rules.defaultWindow, context.rules),
    recycleEvery: own === undefined ? context.rules.recycleEvery : own,
    ...placeOverride(guest.data),
    ...placeExposure(guest.data.exposure, context.rules.exposure),
    fingerprint: fingerprintOf(built),
  };
}

/** What it is built from on a host: all that its fingerprint covers. Pure. */
export function placeBuild({ guest, box, files }: CheckedGuest, host: string): BuiltOf {
  const { provider, env = {}, secrets = [] } = guest.data;
  const fill = fillerFor(host, provider);
  const filled = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, fill(value)]));
  return { box, env: filled, secrets, files };
}

function fillerFor(host: string, provider: string): (text: string) => string {
  return (text) => text.replaceAll('{host}', host).replaceAll('{provider}', provider);
}

/** By its name; null: none, or one that does not exist, of which there is a complaint. */
export function windowOf(name: string | null, rules: FleetRules): WindowSpec | null {
  return name === null ? null : (rules.windows.get(name) ?? null);
}

function placeAgent(agent: Agent, fill: (text: string) => string): AgentSpec {
  if (agent.system === 'none') return { system: 'none' };
  if (agent.system === 'command') {
    return {
      system: 'command',
      drain: (agent.drain ?? []).map(fill),
      idle: agent.idle.map(fill),
      undrain: (agent.undrain ?? []).map(fill),
    };
  }
  const { system, log: _log, token, ...settings } = agent;
  const filled = Object.entries(settings).map(([key, value]) => [key, fill(value)]);
  return { system, settings: { ...Object.fromEntries(filled), token } };
}

/** What the schema cannot say of an agent's settings. */
function checkAgent(files: DesiredFiles, { data: { agent }, yaml }: Loaded<Guest>): void {
  if (agent === undefined || agent.system === 'none' || agent.system === 'command') return;
  if (looksLikeAToken(agent.token)) {
    const message =
      'agent.token must be the name of a secret, and this looks like a value: take it back at its issuer, it is in Git now';
    files.complaints.add(yaml.place(pointer('agent', 'token')), message);
  }
  const owners = ['enterprise', 'organization', 'repository'].filter((key) => key in agent);
  if (agent.system === 'github-actions' && owners.length !== 1) {
    const message = 'agent must have one of enterprise, organization and repository';
    files.complaints.add(yaml.place(pointer('agent')), message);
  }
  if (agent.system === 'gitlab-runner' && !('id' in agent || 'name' in agent)) {
    files.complaints.add(yaml.place(pointer('agent')), 'agent must have id or name');
  }
}

/** Tokens of CI systems are long, and mix letters and digits as no name does. */
function looksLikeAToken(name: string): boolean {
  return name.length >= 20 && /\d/.test(name) && /[a-z]/.test(name);
}

function checkProbes(files: DesiredFiles, { data: { probes }, yaml }: Loaded<Guest>): void {
  const seen = new Set<string>();
  for (const [index, { name, expect }] of (probes ?? []).entries()) {
    if (seen.has(name)) {
      files.complaints.add(
        yaml.place(pointer('probes', index, 'name')),
        `probes[${index}].name "${name}" is here twice`,
      );
    }
    seen.add(name);
    const problem = expect === undefined ? undefined : regexProblem(expect);
    if (problem === undefined) continue;
    files.complaints.add(
      yaml.place(pointer('probes', index, 'expect')),
      `probes[${index}].expect is no regular expression: ${problem}`,
    );
  }
}

function regexProblem(source: string): string | undefined {
  try {
    new RegExp(source);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.slice(message.lastIndexOf('/: ') + 1).replace(/^: /, '');
  }
}

function checkSecrets(files: DesiredFiles, { data: { secrets, env }, yaml }: Loaded<Guest>): void {
  for (const [index, name] of (secrets ?? []).entries()) {
    if (!Object.hasOwn(env ?? {}, name)) continue;
    files.complaints.add(
      yaml.place(pointer('secrets', index)),
      `secrets[${index}] "${name}" is in env too: only one can hold`,
    );
  }
}

function checkWindow(
  files: DesiredFiles,
  { data: { window }, yaml }: Loaded<Guest>,
  rules: FleetRules,
): void {
  if (window === undefined || rules.windows.has(window)) return;
  files.complaints.add(yaml.place(pointer('window')), `window ${unknownWindow(window, rules.windows)}`);
}
