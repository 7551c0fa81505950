/**
 * Jenkins, user and API token (no crumb is asked of a token).
 * Source: jenkinsci/jenkins, core/src/main/java/hudson/model/Computer.java (`doToggleOffline`, the exported fields).
 *
 * - `toggleOffline` **toggles**: sent twice it puts the agent back. So it is never repeated blindly: read first, send once,
 *   read back, and only what was read decides what follows, also after a call that got no answer.
 * - An agent taken off by a person (another message than ours) is left alone.
 * - Marked temporarily offline it takes nothing new, and finishes what it runs: `idle`, `executors[].currentExecutable` and
 *   `oneOffExecutors[]` (the part of a Pipeline that does not count as a build) all have to agree.
 * - `quietDown` is for the whole controller, and not used.
 * - 404 may hide a lack of permission: only a list of computers without the name proves that there is none.
 */
import { SECOND } from '../clock.ts';
import type { Activity, CiAgent, DrainResult, Standing } from './ci-agent.ts';
import { CiCallFailed, pathOf } from './ci-http.ts';
import { type Fields, fieldsOf } from './reply.ts';
import { activityOr, drainOr, serverOf, setting, standingOr, type VendorParts } from './vendor.ts';

const SETTLE = 10 * SECOND;
/** Begins our message; a person's does not. */
const MARK = 'boxreeve:';
const MESSAGE = `${MARK} taken off to be rebuilt`;
const TREE =
  'displayName,offline,temporarilyOffline,offlineCauseReason,idle,' +
  'executors[currentExecutable[number,fullDisplayName,url]],oneOffExecutors[currentExecutable[number,fullDisplayName,url]]';

export function jenkinsAgent(parts: VendorParts): CiAgent {
  const [user, name] = [setting(parts, 'user'), setting(parts, 'name')];
  const server = serverOf(parts, setting(parts, 'url'), async () => ({
    authorization: `Basic ${Buffer.from(`${user}:${await parts.secret(setting(parts, 'token'))}`).toString('base64')}`,
  }));
  const path = pathOf('computer', name);

  const read = async (signal?: AbortSignal): Promise<Computer | null> => {
    try {
      const { body } = await server.call({ path: `${path}/api/json`, query: { tree: TREE }, signal });
      return computerOf(fieldsOf(body, 'computer'));
    } catch (error) {
      if (!(error instanceof CiCallFailed) || error.status !== 404) throw error;
      const { body } = await server.call({
        path: '/computer/api/json',
        query: { tree: 'computer[displayName]' },
        signal,
      });
      const names = fieldsOf(body, 'list of computers')
        .list('computer')
        .map((one) => one.text('displayName'));
      if (names.includes(name)) throw error;
      return null;
    }
  };
  /** Sends the toggle once and says what is in force afterwards, whatever became of the call itself. */
  const toggle = async (
    query: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Computer | null> => {
    const sent = server.call({
      method: 'POST',
      path: `${path}/toggleOffline`,
      query,
      expect: [200, 302, 303],
      signal,
    });
    const problem = await sent.then(
      () => null,
      (error: unknown) => error,
    );
    const after = await read(signal);
    if (problem !== null && after !== null && after.off === null && 'offlineMessage' in query) throw problem;
    return after;
  };

  return {
    settleMs: SETTLE,
    describe: () => `jenkins agent ${name}`,
    drain: (signal) =>
      drainOr(async (): Promise<DrainResult> => {
        const before = await read(signal);
        if (before === null) return { state: 'absent', detail: `${server.host} has no agent ${name}` };
        if (before.off !== null)
          return before.off.ours ? { state: 'drained' } : already(name, before.off.reason);
        const after = await toggle({ offlineMessage: MESSAGE }, signal);
        if (after?.off?.ours) return { state: 'drained' };
        if (after?.off) return already(name, after.off.reason);
        return {
          state: 'failed',
          detail: `agent ${name} was marked offline, but ${server.host} shows it online: did someone toggle it too?`,
        };
      }),
    activity: (signal) => activityOr(async () => activityOf(await read(signal), name)),
    standing: (signal) =>
      standingOr(async (): Promise<Standing> => {
        const computer = await read(signal);
        if (computer === null) return { state: 'absent' };
        return {
          state: 'registered',
          online: computer.connected,
          assignable: computer.off === null,
          ours: computer.off?.ours ?? false,
        };
      }),
    undrain: async (signal) => {
      const before = await read(signal);
      if (!before?.off?.ours) return;
      const after = await toggle({}, signal);
      if (after?.off?.ours)
        throw new Error(`agent ${name} was put back, but ${server.host} still shows it offline`);
    },
  };
}

type Computer = {
  readonly connected: boolean | null;
  /** Marked temporarily offline, and by whom. */
  readonly off: { readonly ours: boolean; readonly reason: string } | null;
  readonly idle: boolean;
  /** What its executors run. */
  readonly running: readonly string[];
};

function computerOf(computer: Fields): Computer {
  const reason = computer.has('offlineCauseReason') ? computer.text('offlineCauseReason') : '';
  const temporarily = computer.bool('temporarilyOffline');
  const slots = [...computer.list('executors'), ...computer.list('oneOffExecutors')];
  return {
    // An agent marked offline reads as offline whether or not it is connected.
    connected: temporarily ? null : !computer.bool('offline'),
    off: temporarily ? { ours: reason.startsWith(MARK), reason } : null,
    idle: computer.bool('idle'),
    running: slots
      .filter((slot) => slot.has('currentExecutable'))
      .map((slot) => titleOf(slot.object('currentExecutable'))),
  };
}

function titleOf(executable: Fields): string {
  if (executable.has('fullDisplayName')) return executable.text('fullDisplayName');
  return executable.has('number') ? `build #${executable.number('number')}` : 'a build';
}

function activityOf(computer: Computer | null, name: string): Activity {
  if (computer === null) return { state: 'idle' };
  if (computer.running.length > 0) return { state: 'busy', detail: `${computer.running.join(', ')} running` };
  if (!computer.idle) return { state: 'busy', detail: `agent ${name} is not idle` };
  if (computer.off === null)
    return { state: 'unknown', detail: `agent ${name} was brought back online by someone else` };
  return { state: 'idle' };
}

function already(name: string, reason: string): DrainResult {
  return { state: 'already', detail: `agent ${name} is marked offline: ${reason || 'no reason given'}` };
}
